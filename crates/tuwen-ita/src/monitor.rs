//! Whether the model tells pairs apart, or only this batch from the queue.
//!
//! Old keys come from an older twin, so the loss over batch and queue falls far below ln(B+Q) as soon as the model
//! knows new from old, while within the batch it may still guess.

use burn::tensor::{Bool, Tensor};
use tuwen_ops::soft_cross_entropy;

use crate::hard_targets;

/// One direction of a batch, image to text or text to image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlignmentMonitor {
    /// The loss against the batch's own keys, without soft targets.
    pub in_batch_cross_entropy: f64,
    /// ln B, what it would be without any idea.
    pub in_batch_chance: f64,
    /// Mean cosine to the right answers of the batch.
    pub positive_cosine: f64,
    /// Mean cosine to the batch's other keys; nothing where all are right answers.
    pub batch_cosine: Option<f64>,
    /// Mean cosine to the queue's keys; nothing where it is empty.
    pub queue_cosine: Option<f64>,
}

/// Measures one direction; reads back from the device once.
pub fn monitor_alignment(
    student: Tensor<2>,         // [B, E], unit length
    batch_keys: Tensor<2>,      // [B, E], unit length
    queue_keys: Tensor<2>,      // [n, E], unit length, n may be 0
    positives: Tensor<2, Bool>, // [B, B]
    temperature: Tensor<1>,     // [1]
) -> AlignmentMonitor {
    let ([batch, _], [entries, _]) = (student.dims(), queue_keys.dims());
    let (student, positives) = (student.inner(), positives.inner());
    let cosines = student.clone().matmul(batch_keys.inner().transpose()); // [B, B]
    let targets = hard_targets(positives.clone());
    let loss = soft_cross_entropy(cosines.clone() / temperature.inner().unsqueeze(), targets);
    let right = positives.float(); // [B, B]
    let at_positives = (cosines.clone() * right.clone()).sum();
    let mut numbers = vec![loss, right.sum(), at_positives, cosines.sum()];
    if entries > 0 {
        // The mean over all products is the product of the means.
        numbers.push((student.mean_dim(0) * queue_keys.inner().mean_dim(0)).sum());
    }
    let numbers: Vec<f64> = Tensor::cat(numbers, 0).into_data().iter::<f64>().collect();
    let [cross_entropy, rights, at_positives, at_all] = [0, 1, 2, 3].map(|i| numbers[i]);
    let others = (batch * batch) as f64 - rights;
    AlignmentMonitor {
        in_batch_cross_entropy: cross_entropy,
        in_batch_chance: (batch as f64).ln(),
        positive_cosine: at_positives / rights,
        batch_cosine: (others > 0.0).then(|| (at_all - at_positives) / others),
        queue_cosine: numbers.get(4).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FeatureQueue, PairKeys, Positives, positive_mask};
    use burn::tensor::Device;

    fn monitor(keys: [[f32; 2]; 2], captions: [u64; 2], queue: &FeatureQueue) -> AlignmentMonitor {
        let device = Device::flex();
        let pairs = captions.map(|caption| PairKeys { image: caption, caption });
        let positives = positive_mask(Positives::default(), &pairs, &[], &device);
        let student = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device.clone().autodiff()).require_grad();
        let temperature = Tensor::from_floats([0.5], &device);
        monitor_alignment(student, Tensor::from_floats(keys, &device), queue.image(), positives, temperature)
    }

    fn assert_close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
    }

    #[test]
    fn every_mean_by_hand() {
        let mut queue = FeatureQueue::empty(4, 2, &Device::flex());
        let rows = Tensor::from_floats([[-1.0, 0.0], [0.0, -1.0], [0.0, 1.0]], &Device::flex());
        queue.enqueue(rows.clone(), rows, &[PairKeys { image: 9, caption: 9 }; 3]);
        let monitor = monitor([[0.8, 0.6], [0.6, 0.8]], [1, 2], &queue);
        assert_close(monitor.in_batch_cross_entropy, (-0.4_f64).exp().ln_1p()); // (0.8 − 0.6) / 0.5 ahead
        assert_close(monitor.in_batch_chance, 2.0_f64.ln());
        assert_close(monitor.positive_cosine, 0.8);
        assert_close(monitor.batch_cosine.unwrap(), 0.6);
        assert_close(monitor.queue_cosine.unwrap(), (-1.0 + 0.0 + 0.0 + 0.0 - 1.0 + 1.0) / 6.0);
    }

    #[test]
    fn a_batch_that_looks_alike_is_at_chance() {
        let monitor = monitor([[0.6, 0.8]; 2], [1, 2], &FeatureQueue::empty(4, 2, &Device::flex()));
        assert_close(monitor.in_batch_cross_entropy, monitor.in_batch_chance);
        assert_close(monitor.positive_cosine, monitor.batch_cosine.unwrap());
        assert_eq!(monitor.queue_cosine, None);
    }

    #[test]
    fn one_caption_for_all_leaves_no_others() {
        let monitor = monitor([[1.0, 0.0], [0.0, 1.0]], [5, 5], &FeatureQueue::empty(1, 2, &Device::flex()));
        assert_eq!(monitor.batch_cosine, None);
        assert_close(monitor.positive_cosine, (1.0 + 0.0 + 0.0 + 1.0) / 4.0);
    }
}
