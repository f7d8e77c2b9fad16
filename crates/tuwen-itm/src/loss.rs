//! Binary cross-entropy over pairs.

use burn::tensor::Tensor;
use tuwen_ops::binary_cross_entropy_with_logits;

/// `(1/B) Σᵦ −tᵦ·log σ(xᵦ) − (1−tᵦ)·log(1−σ(xᵦ))`.
pub fn match_loss(
    logits: Tensor<1>,  // [B]
    matches: Tensor<1>, // [B], 1 = match
) -> Tensor<1> {
    binary_cross_entropy_with_logits(logits, matches).mean()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn undecided_certain_and_fooled() {
        let device = Device::flex();
        let loss = |logits: [f32; 2]| {
            let matches = Tensor::from_floats([1.0, 0.0], &device);
            match_loss(Tensor::from_floats(logits, &device), matches).into_scalar::<f32>()
        };
        assert!((loss([0.0, 0.0]) - 2.0_f32.ln()).abs() < 1e-6);
        assert!(loss([50.0, -50.0]).abs() < 1e-6);
        assert!((loss([-50.0, 50.0]) - 50.0).abs() < 1e-4);
    }

    #[test]
    fn one_pair() {
        let device = Device::flex();
        let loss = match_loss(Tensor::from_floats([3.0_f32.ln()], &device), Tensor::from_floats([1.0], &device));
        assert!((loss.into_scalar::<f32>() - (4.0_f32 / 3.0).ln()).abs() < 1e-6); // σ(ln 3) = 3/4
    }

    #[test]
    fn gradient_equals_central_differences() {
        let (device, at) = (Device::flex(), [0.3, -1.2, 2.0, -0.4]);
        let loss = |logits: Tensor<1>| match_loss(logits, Tensor::from_floats([1.0, 0.0, 0.0, 1.0], &device));
        let point = Tensor::<1>::from_floats(at, &device.clone().autodiff()).require_grad();
        let gradient = point.grad(&loss(point.clone()).backward()).unwrap();
        for (entry, gradient) in gradient.try_into_vec_as::<f32>().unwrap().into_iter().enumerate() {
            let value = |step: f32| {
                let mut moved = at;
                moved[entry] += step;
                loss(Tensor::from_floats(moved, &device)).into_scalar::<f32>()
            };
            let difference = (value(1e-2) - value(-1e-2)) / 2e-2;
            assert!((gradient - difference).abs() < 1e-4, "entry {entry}: {gradient} is not {difference}");
        }
    }
}
