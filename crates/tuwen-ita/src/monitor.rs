//! Whether the model tells pairs apart, or only this batch from the queue, of what a step has computed already.
//!
//! Old keys come from an older momentum encoder, so the loss over batch and queue falls far below ln(B+Q) as soon as the
//! model knows new from old, while within the batch it may still guess.

use burn::tensor::{Bool, Tensor};

use crate::{alignment_loss, hard_targets};

/// Similarities of a step, both ways, over the keys of the batch and of the queue.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `[B, B+Q]`, divided by τ.
    pub i2t: Tensor<2>,
    /// `[B, B+Q]`, divided by τ.
    pub t2i: Tensor<2>,
    /// `[B, B]`: the batch's own right answers.
    pub positives: Tensor<2, Bool>,
    /// `[1]`: τ.
    pub temperature: Tensor<1>,
}

/// Mean cosines of the features to keys, `[1]` each, of both ways together.
#[derive(Clone, Debug)]
pub struct KeyCosines {
    /// To the right answers of the batch.
    pub own: Tensor<1>,
    /// To the batch's other keys; 0 where all are right answers.
    pub batch: Tensor<1>,
    /// To the queue's keys; nothing where it is empty.
    pub queue: Option<Tensor<1>>,
}

impl Seen {
    fn both(&self) -> [Tensor<2>; 2] {
        [self.i2t.clone().inner(), self.t2i.clone().inner()]
    }

    fn of_batch(&self) -> [Tensor<2>; 2] {
        let [batch, _] = self.i2t.dims();
        self.both().map(|similarities| similarities.narrow(1, 0, batch))
    }

    /// The loss `[1]` against the batch's own keys alone, without soft targets; ln B without any idea.
    pub fn in_batch_cross_entropy(&self) -> Tensor<1> {
        let [i2t, t2i] = self.of_batch();
        let positives = self.positives.clone();
        alignment_loss(i2t, t2i, hard_targets(positives.clone()), hard_targets(positives.transpose()))
    }

    /// How near the keys are.
    pub fn cosines(&self) -> KeyCosines {
        let [batch, keys] = self.i2t.dims();
        let right = self.positives.clone().inner().float(); // [B, B]
        let [i2t, t2i] = self.of_batch();
        let both = i2t + t2i.transpose(); // [B, B]
        let (rights, at_rights) = (right.clone().sum(), (both.clone() * right).sum());
        let others = rights.clone().neg().add_scalar((batch * batch) as f64).clamp_min(1.0);
        // Both ways are added up, so each mean is over two similarities an entry.
        let scale = self.temperature.clone().inner().div_scalar(2.0);
        let queue = (keys > batch).then(|| {
            let [i2t, t2i] = self.both().map(|similarities| similarities.narrow(1, batch, keys - batch).mean());
            (i2t + t2i) * scale.clone()
        });
        KeyCosines {
            own: at_rights.clone() / rights * scale.clone(),
            batch: (both.sum() - at_rights) / others * scale,
            queue,
        }
    }
}

/// The mean cosine `[1]` of each feature to each other one: 1 where all are the same.
/// `(‖Σ f‖² − B) / (B·(B−1))`, B at least 2.
pub fn mean_cosine(features: Tensor<2>, // [B, E], unit length
) -> Tensor<1> {
    let [batch, _] = features.dims();
    let sum: Tensor<2> = features.inner().sum_dim(0); // [1, E]
    let count = batch as f64;
    (sum.clone() * sum).sum().sub_scalar(count).div_scalar(count * (count - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PairKeys, Positives, positive_mask};
    use burn::tensor::Device;

    fn seen(i2t: Tensor<2>, captions: [u64; 2]) -> Seen {
        let device = Device::flex();
        let pairs = captions.map(|caption| PairKeys { image: caption, caption });
        let positives = positive_mask(Positives::default(), &pairs, &[], &device);
        let temperature = Tensor::from_floats([0.5], &device);
        Seen { t2i: i2t.clone(), i2t: i2t.autodiff().require_grad(), positives, temperature }
    }

    fn assert_close(value: Tensor<1>, expected: f64) {
        assert!(!value.is_autodiff());
        let value = f64::from(value.into_scalar::<f32>());
        assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
    }

    #[test]
    fn every_mean_by_hand() {
        // Cosines over τ = 0.5: 0.8 to the own key, 0.6 to the other, −0.5, 0.1 and 0.25 to the queue's.
        let rows = [[1.6, 1.2, -1.0, 0.2, 0.5], [1.2, 1.6, -1.0, 0.2, 0.5]];
        let seen = seen(Tensor::from_floats(rows, &Device::flex()), [1, 2]);
        assert_close(seen.in_batch_cross_entropy(), (-0.4_f64).exp().ln_1p()); // 1.6 − 1.2 ahead
        let cosines = seen.cosines();
        assert_close(cosines.own, 0.8);
        assert_close(cosines.batch, 0.6);
        assert_close(cosines.queue.unwrap(), (-0.5 + 0.1 + 0.25) / 3.0);
    }

    #[test]
    fn a_batch_that_looks_alike_is_at_ln_b_and_has_no_queue() {
        let seen = seen(Tensor::from_floats([[1.0, 1.0], [1.0, 1.0]], &Device::flex()), [1, 2]);
        assert_close(seen.in_batch_cross_entropy(), 2.0_f64.ln());
        let cosines = seen.cosines();
        assert_close(cosines.own, 0.5);
        assert_close(cosines.batch, 0.5);
        assert!(cosines.queue.is_none());
    }

    #[test]
    fn one_caption_for_all_leaves_no_others() {
        let seen = seen(Tensor::from_floats([[2.0, 0.0], [0.0, 2.0]], &Device::flex()), [5, 5]);
        assert_close(seen.cosines().own, (1.0 + 0.0 + 0.0 + 1.0) / 4.0);
        assert_close(seen.cosines().batch, 0.0);
    }

    #[test]
    fn features_that_are_the_same_and_those_that_are_not() {
        let device = Device::flex();
        assert_close(mean_cosine(Tensor::from_floats([[0.6, 0.8]; 3], &device)), 1.0);
        // Cosines 0, −1, 0.
        let apart = Tensor::from_floats([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], &device);
        assert_close(mean_cosine(apart), (0.0 - 1.0 + 0.0) / 3.0);
    }
}
