//! ALBEF's head over a fused `[CLS]` state: two logits, mismatch and match.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, activation::log_softmax};
use tuwen_ops::{Linear, cross_entropy};

/// `h · W + b`, H to 2: mismatch first, then match (`itm_head` of ALBEF's checkpoints).
#[derive(Module, Debug)]
pub struct PairHead {
    /// H to 2.
    pub classifier: Linear,
}

impl PairHead {
    /// A fresh head.
    pub fn init(hidden_size: usize, device: &Device) -> Self {
        Self { classifier: Linear::init(hidden_size, 2, device) }
    }

    /// Fused `[CLS]` states `[N, H]` to logits `[N, 2]`.
    pub fn forward(&self, states: Tensor<2>) -> Tensor<2> {
        self.classifier.forward(states)
    }
}

/// `(1/N) Σₙ −log softmax(xₙ)[labelsₙ]`.
pub fn pair_loss(
    logits: Tensor<2>,      // [N, 2]
    labels: Tensor<1, Int>, // [N], 1 = match
) -> Tensor<1> {
    cross_entropy(logits, labels)
}

/// `Σₙ wₙ · (−log softmax(xₙ)[labelsₙ]) / Σₙ wₙ`, for rows without a usable negative: their weight is 0. The weights
/// must sum to more than 0, as those of any batch with a match do.
pub fn weighted_pair_loss(
    logits: Tensor<2>,      // [N, 2]
    labels: Tensor<1, Int>, // [N], 1 = match
    weights: Tensor<1>,     // [N]
) -> Tensor<1> {
    let losses = log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1)).squeeze_dim::<1>(1).neg(); // [N]
    (losses * weights.clone()).sum() / weights.sum()
}

/// The match logit `[N]`, by which ALBEF ranks retrieved pairs again.
pub fn match_scores(logits: Tensor<2>, // [N, 2]
) -> Tensor<1> {
    logits.narrow(1, 1, 1).squeeze_dim(1)
}

/// Match logit minus mismatch logit `[N]`, above 0 where match is likelier: what [`crate::MatchCounts`] counts.
pub fn match_margins(logits: Tensor<2>, // [N, 2]
) -> Tensor<1> {
    (logits.clone().narrow(1, 1, 1) - logits.narrow(1, 0, 1)).squeeze_dim(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Count, MatchCounts};
    use burn::module::Param;

    fn labels(values: [i32; 3]) -> Tensor<1, Int> {
        Tensor::from_ints(values, &Device::flex())
    }

    fn assert_close(loss: Tensor<1>, expected: f32) {
        let loss = loss.into_scalar::<f32>();
        assert!((loss - expected).abs() < 1e-6, "{loss} is not {expected}");
    }

    #[test]
    fn the_second_logit_is_the_matchs() {
        let device = Device::flex();
        let head = PairHead {
            classifier: Linear {
                weight: Param::from_tensor(Tensor::from_floats([[1.0, 0.0], [0.0, 2.0]], &device)),
                bias: Param::from_tensor(Tensor::from_floats([0.5, 0.0], &device)),
            },
        };
        let logits = head.forward(Tensor::from_floats([[1.0, 3.0], [2.0, 0.0], [0.5, 0.5]], &device));
        let read = |values: Tensor<1>| values.try_into_vec_as::<f32>().unwrap();
        assert_eq!(read(match_scores(logits.clone())), [6.0, 0.0, 1.0]);
        assert_eq!(read(match_margins(logits.clone())), [4.5, -2.5, 0.0]);
        let counts = MatchCounts::new(&read(match_margins(logits)), &[true, true, false]);
        assert_eq!(counts.matches, Count { hits: 1, total: 2 });
        assert_eq!(counts.mismatches, Count { hits: 1, total: 1 });
    }

    #[test]
    fn undecided_is_ln_2() {
        let logits = || Tensor::zeros([3, 2], &Device::flex());
        assert_close(pair_loss(logits(), labels([1, 0, 0])), 2.0_f32.ln());
        let weights = Tensor::from_floats([1.0, 0.0, 1.0], &Device::flex());
        assert_close(weighted_pair_loss(logits(), labels([1, 0, 0]), weights), 2.0_f32.ln());
    }

    #[test]
    fn a_row_of_no_weight_is_not_there() {
        let device = Device::flex();
        // Odds for a match 3 : 1, 1 : 3, and a sure mistake.
        let ln3 = 3.0_f32.ln();
        let logits = || Tensor::from_floats([[0.0, ln3], [ln3, 0.0], [0.0, 50.0]], &device);
        let weighted =
            |weights: [f32; 3]| weighted_pair_loss(logits(), labels([1, 1, 0]), Tensor::from_floats(weights, &device));
        assert_close(weighted([1.0, 1.0, 0.0]), ((4.0_f32 / 3.0).ln() + 4.0_f32.ln()) / 2.0);
        let all = weighted([1.0; 3]).into_scalar::<f32>();
        assert_close(pair_loss(logits(), labels([1, 1, 0])), all);
    }

    #[test]
    fn gradients_equal_central_differences() {
        let (device, at) = (Device::flex(), [[0.3, -1.2], [2.0, 0.5], [-0.7, 0.1]]);
        let plain = |logits: Tensor<2>| pair_loss(logits, labels([1, 0, 1]));
        let weighted = |logits: Tensor<2>| {
            weighted_pair_loss(logits, labels([1, 0, 1]), Tensor::from_floats([1.0, 0.0, 1.0], &Device::flex()))
        };
        for loss in [&plain as &dyn Fn(Tensor<2>) -> Tensor<1>, &weighted] {
            let point = Tensor::<2>::from_floats(at, &device.clone().autodiff()).require_grad();
            let gradient = point.grad(&loss(point.clone()).backward()).unwrap();
            for (entry, gradient) in gradient.try_into_vec_as::<f32>().unwrap().into_iter().enumerate() {
                let value = |step: f32| {
                    let mut moved = at;
                    moved[entry / 2][entry % 2] += step;
                    loss(Tensor::from_floats(moved, &device)).into_scalar::<f32>()
                };
                let difference = (value(1e-2) - value(-1e-2)) / 2e-2;
                assert!((gradient - difference).abs() < 1e-3, "entry {entry}: {gradient} is not {difference}");
            }
        }
    }
}
