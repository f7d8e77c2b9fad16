//! What the similarities are to become: right answers, softened by what the momentum twin thinks.

use burn::tensor::{Tensor, activation::softmax};

/// `α · softmax(momentum similarities) + (1−α) · hard`, outside of autodiff. α 0 is `hard` itself, and 1 the twin's
/// opinion alone.
pub fn soft_targets(
    momentum_similarities: Tensor<2>, // [B, K], divided by τ
    hard: Tensor<2>,                  // [B, K], rows that sum to 1
    alpha: f64,
) -> Tensor<2> {
    let hard = hard.inner();
    if alpha == 0.0 {
        return hard;
    }
    softmax(momentum_similarities.inner(), 1).mul_scalar(alpha) + hard.mul_scalar(1.0 - alpha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn targets(similarities: [[f32; 3]; 1], alpha: f64) -> Vec<f32> {
        let device = Device::flex();
        let hard = Tensor::from_floats([[0.5, 0.5, 0.0]], &device);
        soft_targets(Tensor::from_floats(similarities, &device), hard, alpha).try_into_vec_as().unwrap()
    }

    #[test]
    fn a_share_of_the_twins_opinion() {
        // softmax(ln 2, 0, 0) = (1/2, 1/4, 1/4).
        let values = targets([[2.0_f32.ln(), 0.0, 0.0]], 0.4);
        for (value, expected) in
            values.iter().zip([0.4 * 0.5 + 0.6 * 0.5, 0.4 * 0.25 + 0.6 * 0.5, 0.4 * 0.25 + 0.6 * 0.0])
        {
            assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
        }
    }

    #[test]
    fn without_alpha_nothing_of_the_twin_comes_through() {
        assert_eq!(targets([[f32::NAN; 3]], 0.0), [0.5, 0.5, 0.0]);
    }

    #[test]
    fn targets_are_constants() {
        let device = Device::flex().autodiff();
        let similarities = || Tensor::<2>::ones([1, 3], &device).require_grad();
        for alpha in [0.0, 0.4] {
            assert!(!soft_targets(similarities(), similarities(), alpha).is_autodiff());
        }
    }
}
