//! Binary cross-entropy over the tags of the rows that have them.

use burn::tensor::Tensor;
use tuwen_ops::binary_cross_entropy_with_logits;

/// `(1/(R·K)) Σᵣₖ −tᵣₖ·log σ(xᵣₖ) − (1−tᵣₖ)·log(1−σ(xᵣₖ))`: the mean over entries, so of order 1/K once rare tags are
/// known to be rare.
pub fn tag_loss(
    logits: Tensor<2>,  // [R, K]
    targets: Tensor<2>, // [R, K], 1 = has the tag
) -> Tensor<1> {
    binary_cross_entropy_with_logits(logits, targets).mean()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn assert_close(loss: Tensor<1>, expected: f32) {
        let loss = loss.into_scalar::<f32>();
        assert!((loss - expected).abs() < 1e-5, "{loss} is not {expected}");
    }

    #[test]
    fn the_mean_is_over_entries() {
        let device = Device::flex();
        // Undecided on one entry of four, sure and right on three.
        let logits = Tensor::from_floats([[0.0, -50.0], [50.0, -50.0]], &device);
        assert_close(tag_loss(logits, Tensor::from_floats([[1.0, 0.0], [1.0, 0.0]], &device)), 2.0_f32.ln() / 4.0);
    }

    #[test]
    fn one_row_one_tag() {
        let device = Device::flex();
        let logits = Tensor::from_floats([[3.0_f32.ln()]], &device); // σ = 3/4
        assert_close(tag_loss(logits.clone(), Tensor::ones([1, 1], &device)), (4.0_f32 / 3.0).ln());
        assert_close(tag_loss(logits, Tensor::zeros([1, 1], &device)), 4.0_f32.ln());
    }

    #[test]
    fn gradient_equals_central_differences() {
        let (device, at) = (Device::flex(), [[0.3, -1.2, 2.0], [0.1, 0.5, -0.7]]);
        let targets = Tensor::<2>::from_floats([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]], &device);
        let loss = |logits: Tensor<2>| tag_loss(logits, targets.clone());
        let point = Tensor::<2>::from_floats(at, &device.clone().autodiff()).require_grad();
        let gradient = point.grad(&loss(point.clone()).backward()).unwrap();
        for (entry, gradient) in gradient.try_into_vec_as::<f32>().unwrap().into_iter().enumerate() {
            let value = |step: f32| {
                let mut moved = at;
                moved[entry / 3][entry % 3] += step;
                loss(Tensor::from_floats(moved, &device)).into_scalar::<f32>()
            };
            let difference = (value(1e-2) - value(-1e-2)) / 2e-2;
            assert!((gradient - difference).abs() < 1e-4, "entry {entry}: {gradient} is not {difference}");
        }
    }
}
