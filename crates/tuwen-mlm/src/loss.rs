//! Cross-entropy over the vocabulary, at masked positions only.

use burn::tensor::{Int, Tensor};
use tuwen_ops::cross_entropy;

/// `−(1/M) Σₘ log softmax(logitsₘ)[labelsₘ]`.
pub fn mlm_loss(
    logits: Tensor<2>,      // [M, V]
    labels: Tensor<1, Int>, // [M]
) -> Tensor<1> {
    cross_entropy(logits, labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn one_masked_token_of_three_words() {
        let device = Device::flex();
        let logits = Tensor::from_floats([[2.0_f32.ln(), 0.0, 0.0]], &device); // odds 2 : 1 : 1
        for (label, expected) in [(0, 2.0_f32), (1, 4.0)] {
            let loss = mlm_loss(logits.clone(), Tensor::from_ints([label], &device)).into_scalar::<f32>();
            assert!((loss - expected.ln()).abs() < 1e-6, "{loss}");
        }
    }

    #[test]
    fn gradient_equals_central_differences() {
        let (device, at) = (Device::flex(), [[0.3, -1.2, 2.0], [0.0, 0.5, -0.7]]);
        let loss = |logits: Tensor<2>| mlm_loss(logits, Tensor::from_ints([1, 2], &device));
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
