//! The loss over the words of weighted answers.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};
use tuwen_ops::{distilled_targets, soft_cross_entropy};

/// The words of a batch of answers that are to be named. There is at least one.
#[derive(Clone, Debug)]
pub struct AnswerWords {
    /// `[M]`: the place before each word among the N·L of the padded answers.
    pub rows: Tensor<1, Int>,
    /// `[M]`: the words.
    pub ids: Tensor<1, Int>,
    /// `[M]`: the weight of the answer each belongs to, divided by the number of questions.
    pub weights: Tensor<1>,
    /// `[N]`: how many words each answer has.
    pub counts: Vec<usize>,
}

impl AnswerWords {
    /// Of `answers` with their beginning and end, padded to `length`, each with its weight; nothing where no answer has a
    /// second word.
    ///
    /// # Panics
    /// If there are more answers than weights, or an answer is longer than `length`.
    pub fn new(
        answers: &[&[u32]],
        weights: &[f32],
        (length, questions): (usize, usize),
        device: &Device,
    ) -> Option<Self> {
        let (mut rows, mut ids, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        for (number, answer) in answers.iter().enumerate() {
            assert!(answer.len() <= length, "{} words in {length} places", answer.len());
            for (place, word) in answer.iter().enumerate().skip(1) {
                rows.push((number * length + place - 1) as i32);
                ids.push(*word as i32);
                shares.push(weights[number] / questions.max(1) as f32);
            }
        }
        let counts = answers.iter().map(|answer| answer.len().saturating_sub(1)).collect();
        let places = |values: Vec<i32>| {
            let count = values.len();
            Tensor::<1, Int>::from_data(TensorData::new(values, [count]), device)
        };
        (!rows.is_empty()).then(|| Self {
            rows: places(rows),
            ids: places(ids),
            weights: Tensor::from_floats(shares.as_slice(), device),
            counts,
        })
    }
}

/// `Σₘ wₘ · (−log softmax(xₘ)[idₘ])`.
pub fn answer_loss(
    logits: Tensor<2>,   // [M, V]
    ids: Tensor<1, Int>, // [M]
    weights: Tensor<1>,  // [M]
) -> Tensor<1> {
    let ids = ids.inner().unsqueeze_dim::<2>(1); // [M, 1]
    let targets = Tensor::zeros(logits.dims(), &logits.device().inner());
    let targets = targets.scatter(1, ids, weights.inner().unsqueeze_dim(1), IndexingUpdateOp::Add);
    sum_over(logits, targets)
}

/// `Σₘ wₘ · ((1−α)·(−log softmax(xₘ)[idₘ]) + α·(−softmax(teacherₘ) · log softmax(xₘ)))`. No gradient reaches the teacher.
pub fn soft_answer_loss(
    logits: Tensor<2>,         // [M, V]
    ids: Tensor<1, Int>,       // [M]
    weights: Tensor<1>,        // [M]
    teacher_logits: Tensor<2>, // [M, V]
    alpha: f64,
) -> Tensor<1> {
    let targets = distilled_targets(ids, teacher_logits, alpha) * weights.inner().unsqueeze_dim(1);
    sum_over(logits, targets)
}

fn sum_over(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let [words, _] = logits.dims();
    soft_cross_entropy(logits, targets).mul_scalar(words as f64)
}

/// `log softmax(xₘ)[idₘ]`, `[M]`.
pub fn word_log_likelihoods(
    logits: Tensor<2>,   // [M, V]
    ids: Tensor<1, Int>, // [M]
) -> Tensor<1> {
    log_softmax(logits, 1).gather(1, ids.unsqueeze_dim(1)).squeeze_dim(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(loss: Tensor<1>, expected: f32) {
        let loss = loss.into_scalar::<f32>();
        assert!((loss - expected).abs() < 1e-5, "{loss} is not {expected}");
    }

    #[test]
    fn words_stand_behind_their_places() {
        let words = AnswerWords::new(&[&[2, 7, 3], &[2, 3]], &[0.5, 1.0], (4, 2), &Device::flex()).unwrap();
        assert_eq!(words.rows.try_into_vec_as::<i32>().unwrap(), [0, 1, 4]);
        assert_eq!(words.ids.try_into_vec_as::<i32>().unwrap(), [7, 3, 3]);
        assert_eq!(words.weights.try_into_vec_as::<f32>().unwrap(), [0.25, 0.25, 0.5]);
        assert_eq!(words.counts, [2, 1]);
        assert!(AnswerWords::new(&[&[2]], &[1.0], (1, 1), &Device::flex()).is_none());
    }

    #[test]
    fn a_weighted_sum_of_surprises() {
        let device = Device::flex();
        let logits = || Tensor::<2>::from_floats([[2.0_f32.ln(), 0.0, 0.0], [0.0; 3]], &device); // 2 : 1 : 1, 1 : 1 : 1
        let (ids, weights) = (|| Tensor::from_ints([0, 2], &device), || Tensor::from_floats([0.5, 2.0], &device));
        let hard = 0.5 * 2.0_f32.ln() + 2.0 * 3.0_f32.ln();
        assert_close(answer_loss(logits(), ids(), weights()), hard);
        let teacher = || Tensor::from_floats([[0.0, 0.0, 2.0_f32.ln()], [9.0, 0.0, 0.0]], &device); // 1 : 1 : 2, sure
        assert_close(soft_answer_loss(logits(), ids(), weights(), teacher(), 0.0), hard);
        let soft = 0.5 * (0.25 * 2.0_f32.ln() + 0.75 * 4.0_f32.ln()) + 2.0 * 3.0_f32.ln();
        assert_close(soft_answer_loss(logits(), ids(), weights(), teacher(), 0.4), 0.6 * hard + 0.4 * soft);
        let likelihoods: Vec<f32> = word_log_likelihoods(logits(), ids()).try_into_vec_as().unwrap();
        assert!((likelihoods[0] + 2.0_f32.ln()).abs() < 1e-6 && (likelihoods[1] + 3.0_f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn gradients_equal_central_differences() {
        let (device, at) = (Device::flex(), [[0.3, -1.2, 2.0], [0.0, 0.5, -0.7]]);
        let loss = |logits: Tensor<2>| {
            let teacher = Tensor::from_floats([[1.0, 0.0, -1.0], [0.2, 0.3, 0.4]], &device);
            let weights = Tensor::from_floats([0.5, 2.0], &device);
            soft_answer_loss(logits, Tensor::from_ints([1, 2], &device), weights, teacher, 0.4)
        };
        let point = Tensor::<2>::from_floats(at, &device.clone().autodiff()).require_grad();
        let gradient = point.grad(&loss(point.clone()).backward()).unwrap();
        for (entry, gradient) in gradient.try_into_vec_as::<f32>().unwrap().into_iter().enumerate() {
            let value = |step: f32| {
                let mut moved = at;
                moved[entry / 3][entry % 3] += step;
                loss(Tensor::from_floats(moved, &device)).into_scalar::<f32>()
            };
            let difference = (value(1e-2) - value(-1e-2)) / 2e-2;
            assert!((gradient - difference).abs() < 1e-3, "entry {entry}: {gradient} is not {difference}");
        }
    }
}
