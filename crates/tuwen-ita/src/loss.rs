//! The losses: similarities against soft targets, and their two relatives that need neither twin nor queue.

use burn::tensor::activation::log_sigmoid;
use burn::tensor::{Bool, Tensor};
use tuwen_ops::soft_cross_entropy;

use crate::hard_targets;

/// The mean of [`soft_cross_entropy`] from image to text and from text to image: ALBEF, arXiv:2107.07651.
pub fn alignment_loss(
    sim_i2t: Tensor<2>,     // [B, K]
    sim_t2i: Tensor<2>,     // [B, K]
    targets_i2t: Tensor<2>, // [B, K]
    targets_t2i: Tensor<2>, // [B, K]
) -> Tensor<1> {
    (soft_cross_entropy(sim_i2t, targets_i2t) + soft_cross_entropy(sim_t2i, targets_t2i)).div_scalar(2.0)
}

/// [`alignment_loss`] within the batch: CLIP, arXiv:2103.00020. Several right answers to a row share its target.
pub fn contrastive_loss(
    similarities_i2t: Tensor<2>, // [B, B], divided by τ; text to image is the transpose
    positives: Tensor<2, Bool>,  // [B, B]
) -> Tensor<1> {
    let targets_i2t = hard_targets(positives.clone());
    let targets_t2i = hard_targets(positives.transpose());
    alignment_loss(similarities_i2t.clone(), similarities_i2t.transpose(), targets_i2t, targets_t2i)
}

/// `−(1/B) Σ log σ(z·(t·x·y + b))`, z 1 for a right answer and −1 for another: SigLIP, arXiv:2303.15343, which starts
/// from t = 10 and b = −10.
pub fn sigmoid_loss(
    cosines: Tensor<2>,         // [B, B]
    positives: Tensor<2, Bool>, // [B, B]
    scale: Tensor<1>,           // [1], t
    bias: Tensor<1>,            // [1], b
) -> Tensor<1> {
    let [batch, _] = cosines.dims();
    let logits = cosines * scale.unsqueeze() + bias.unsqueeze(); // [B, B]
    let signs = positives.float().mul_scalar(2.0).sub_scalar(1.0); // [B, B], z
    log_sigmoid(logits * signs).sum().div_scalar(batch as f64).neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FeatureQueue;
    use crate::differences::assert_gradient;
    use crate::{PairKeys, Positives, QUEUE_START, positive_mask, similarities, soft_targets};
    use burn::tensor::{Device, Int};
    use tuwen_random::Draws;

    fn value(loss: Tensor<1>) -> f32 {
        loss.into_scalar::<f32>()
    }

    fn assert_close(loss: Tensor<1>, expected: f32) {
        let loss = value(loss);
        assert!((loss - expected).abs() < 1e-5, "{loss} is not {expected}");
    }

    fn own_pairs(batch: u64) -> Tensor<2, Bool> {
        let keys: Vec<PairKeys> = (0..batch).map(|i| PairKeys { image: i, caption: i }).collect();
        positive_mask(Positives::OwnPairOnly, &keys, &[], &Device::flex())
    }

    /// Normal numbers.
    fn numbers(count: usize, sample: u64) -> Vec<f32> {
        let draws = Draws::new(7, QUEUE_START, 1, sample);
        (0..count as u64).map(|i| draws.normal(i) as f32).collect()
    }

    /// Rows of random directions.
    fn directions(rows: usize, size: usize, sample: u64) -> Tensor<2> {
        FeatureQueue::random(rows, size, &Draws::new(7, QUEUE_START, 2, sample), &Device::flex()).image()
    }

    #[test]
    fn both_directions_count_alike() {
        let device = Device::flex();
        let matrix = |values: [[f32; 2]; 1]| Tensor::<2>::from_floats(values, &device);
        let loss = alignment_loss(
            matrix([[3.0_f32.ln(), 0.0]]), // 3 : 1 for the first
            matrix([[0.0, 0.0]]),
            matrix([[0.0, 1.0]]),
            matrix([[1.0, 0.0]]),
        );
        assert_close(loss, (4.0_f32.ln() + 2.0_f32.ln()) / 2.0);
    }

    #[test]
    fn clip_on_a_matrix_that_is_not_symmetric() {
        let similarities = Tensor::from_floats([[3.0_f32.ln(), 0.0], [0.0, 0.0]], &Device::flex());
        // Rows and columns alike: 3 : 1 for the right one, then 1 : 1.
        assert_close(contrastive_loss(similarities, own_pairs(2)), ((4.0_f32 / 3.0).ln() + 2.0_f32.ln()) / 2.0);
        let similarities = Tensor::from_floats([[0.0, 3.0_f32.ln()], [0.0, 0.0]], &Device::flex());
        // Rows: 1/4, 1/2. Columns: 1/2, 1/4.
        assert_close(contrastive_loss(similarities, own_pairs(2)), (4.0_f32.ln() + 2.0_f32.ln()) / 2.0);
    }

    #[test]
    fn columns_have_their_own_right_answers() {
        let device = Device::flex();
        let similarities = Tensor::from_floats([[0.0, 3.0_f32.ln()], [0.0, 0.0]], &device);
        let positives = Tensor::from_data([[true, true], [false, true]], &device);
        // Row 0 and column 1 share between 1/4 and 3/4; row 1 and column 0 have one right answer at 1/2.
        let shared = 0.5 * 4.0_f32.ln() + 0.5 * (4.0_f32 / 3.0).ln();
        assert_close(contrastive_loss(similarities, positives), (shared + 2.0_f32.ln()) / 2.0);
    }

    #[test]
    fn siglip_by_hand() {
        let device = Device::flex();
        let loss = |cosines: [[f32; 2]; 2], scale: f32, bias: f32, positives| {
            let number = |x: f32| Tensor::from_floats([x], &device);
            sigmoid_loss(Tensor::from_floats(cosines, &device), positives, number(scale), number(bias))
        };
        // Four undecided answers, over B = 2.
        assert_close(loss([[0.0; 2]; 2], 10.0, 0.0, own_pairs(2)), 4.0 * 2.0_f32.ln() / 2.0);
        // Logits ln 3 on the diagonal, −ln 3 off it: each answer right with 3/4.
        let cosines = [[1.0, -1.0], [-1.0, 1.0]];
        assert_close(loss(cosines, 3.0_f32.ln(), 0.0, own_pairs(2)), 4.0 * (4.0_f32 / 3.0).ln() / 2.0);
        // The bias moves all: 2·ln 3 and 0.
        let expected = (2.0 * (10.0_f32 / 9.0).ln() + 2.0 * 2.0_f32.ln()) / 2.0;
        assert_close(loss(cosines, 3.0_f32.ln(), 3.0_f32.ln(), own_pairs(2)), expected);
        // All of them right answers: two sure ones, two wrong by ln 3.
        let all = Tensor::full([2, 2], true, &device);
        assert_close(loss(cosines, 3.0_f32.ln(), 0.0, all), (2.0 * (4.0_f32 / 3.0).ln() + 2.0 * 4.0_f32.ln()) / 2.0);
    }

    #[test]
    fn one_pair_alone_has_nothing_to_tell_apart() {
        let device = Device::flex();
        assert_close(contrastive_loss(Tensor::from_floats([[7.0]], &device), own_pairs(1)), 0.0);
        // … but stands against the queue: 1 : 1.
        let similarities = || Tensor::<2>::from_floats([[7.0, 7.0]], &device);
        let targets = || Tensor::<2>::from_floats([[1.0, 0.0]], &device);
        assert_close(alignment_loss(similarities(), similarities(), targets(), targets()), 2.0_f32.ln());
    }

    #[test]
    fn one_caption_for_all_asks_for_no_preference() {
        let keys: Vec<PairKeys> = (0..4).map(|image| PairKeys { image, caption: 9 }).collect();
        let device = Device::flex();
        let positives = || positive_mask(Positives::default(), &keys, &[], &device);
        let even = value(contrastive_loss(Tensor::zeros([4, 4], &device), positives()));
        assert!((even - 4.0_f32.ln()).abs() < 1e-6); // the entropy of the target: no loss is lower
        let eye = Tensor::<2>::eye(4, &device);
        assert!(value(contrastive_loss(eye.clone(), positives())) > even);
        assert!(value(contrastive_loss(eye, own_pairs(4))) < even); // the seed wants it the other way round
    }

    #[test]
    fn the_first_step_is_a_guess_among_batch_and_queue() {
        let (batch, entries, size) = (64, 448, 64);
        let temperature = 0.5_f32;
        let keys: Vec<PairKeys> = (0..batch as u64).map(|i| PairKeys { image: i, caption: i }).collect();
        let tau = || Tensor::from_floats([temperature], &Device::flex());
        let sims = |sample| {
            similarities(directions(batch, size, sample), directions(batch + entries, size, sample + 1), tau())
        };
        let hard = hard_targets(positive_mask(Positives::default(), &keys, &vec![None; entries], &Device::flex()));
        let targets = soft_targets(sims(4), hard.clone(), 0.4);
        let loss = value(alignment_loss(sims(0), sims(2), hard, targets));
        // Random cosines have variance 1/E, which adds 1/(2·E·τ²) to ln(B+Q).
        let expected = ((batch + entries) as f32).ln() + 1.0 / (2.0 * size as f32 * temperature.powi(2));
        assert!((loss - expected).abs() < 0.05, "{loss} is not {expected}");
    }

    #[test]
    fn the_order_of_the_batch_does_not_matter() {
        let (device, order) = (Device::flex(), [2_usize, 0, 3, 1]);
        let keys = [(1, 1), (1, 2), (3, 3), (4, 3)].map(|(image, caption)| PairKeys { image, caption });
        let (images, texts) = (directions(4, 8, 0), directions(4, 8, 1));
        let loss = |images: Tensor<2>, texts: Tensor<2>, keys: &[PairKeys]| {
            let positives = || positive_mask(Positives::default(), keys, &[], &device);
            let number = |x: f32| Tensor::<1>::from_floats([x], &device);
            let sims = similarities(images, texts, number(0.2));
            let sigmoid = sigmoid_loss(sims.clone(), positives(), number(1.5), number(-1.0));
            [contrastive_loss(sims, positives()), sigmoid].map(value)
        };
        let before = loss(images.clone(), texts.clone(), &keys);
        let rows = Tensor::<1, Int>::from_ints(order.map(|row| row as i32), &device);
        let after = loss(images.select(0, rows.clone()), texts.select(0, rows), &order.map(|row| keys[row]));
        assert!(before.iter().zip(after).all(|(a, b)| (a - b).abs() < 1e-5), "{before:?} {after:?}");
    }

    #[test]
    fn gradients_equal_central_differences() {
        let device = Device::flex();
        let keys = [(1, 1), (1, 2), (3, 3)].map(|(image, caption)| PairKeys { image, caption });
        let positives = || positive_mask(Positives::default(), &keys, &[], &device);
        let targets =
            || soft_targets(Tensor::from_floats([[1.0, 0.0, -1.0]; 3], &device), hard_targets(positives()), 0.4);
        let (at, number) = (numbers(9, 0), |x: f32| Tensor::<1>::from_floats([x], &Device::flex()));
        assert_gradient(&at, |s| soft_cross_entropy(s.reshape([3, 3]), targets()));
        assert_gradient(&at, |s| {
            let sims: Tensor<2> = s.reshape([3, 3]);
            alignment_loss(sims.clone(), sims.mul_scalar(0.5), targets(), hard_targets(positives()))
        });
        assert_gradient(&at, |s| contrastive_loss(s.reshape([3, 3]), positives()));
        assert_gradient(&at, |s| sigmoid_loss(s.reshape([3, 3]), positives(), number(2.0), number(-1.0)));
        // Undecided answers too: half a step's gradient, not all of it or none.
        assert_gradient(&[0.0; 9], |s| sigmoid_loss(s.reshape([3, 3]), positives(), number(2.0), number(0.0)));
        let cosines = || directions(3, 3, 0);
        assert_gradient(&[2.0], |scale| sigmoid_loss(cosines(), positives(), scale, number(-1.0)));
        assert_gradient(&[-1.0], |bias| sigmoid_loss(cosines(), positives(), number(2.0), bias));
    }

    #[test]
    fn far_apart_similarities_stay_finite() {
        let device = Device::flex();
        let far = || Tensor::<2>::from_floats([[-1000.0, 1000.0], [1000.0, -1000.0]], &device);
        assert_close(contrastive_loss(far(), own_pairs(2)), 2000.0);
        let number = |x: f32| Tensor::from_floats([x], &device);
        assert_close(sigmoid_loss(far(), own_pairs(2), number(1.0), number(0.0)), 2000.0);
    }
}
