//! Noise-contrastive estimation: each masked frame against all valid frames of the batch.

use burn::tensor::{Bool, Int, Tensor};
use tuwen_ops::{cross_entropy, cross_entropy_excluding};

use crate::{FrameSimilarity, similarity};

/// `−(1/M) Σₘ log softmax(pₘ · Fᵀ)[tₘ]`; `targets` are rows of `frames`, `twins` (true) take no part in the softmax.
pub fn frame_nce_loss(
    predicted: Tensor<2>,           // [M, D]
    frames: Tensor<2>,              // [N, D]
    targets: Tensor<1, Int>,        // [M]
    twins: Option<Tensor<2, Bool>>, // [M, N]
) -> Tensor<1> {
    nce_loss(similarity(predicted, frames, &FrameSimilarity::DotProduct), targets, twins)
}

/// `−(1/M) Σₘ log softmax(logitsₘ)[tₘ]`, without the `twins` (true) of each target among its negatives.
pub fn nce_loss(
    logits: Tensor<2>,              // [M, N]
    targets: Tensor<1, Int>,        // [M]
    twins: Option<Tensor<2, Bool>>, // [M, N]
) -> Tensor<1> {
    match twins {
        Some(twins) => cross_entropy_excluding(logits, targets, &twins),
        None => cross_entropy(logits, targets),
    }
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
    fn certain_and_undecided_frame() {
        let device = Device::flex();
        let frames = Tensor::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
        let predicted = Tensor::from_floats([[0.0, 0.0], [0.0, 100.0]], &device);
        let loss = frame_nce_loss(predicted, frames, Tensor::from_ints([0, 1], &device), None);
        assert_close(loss, (2.0_f32.ln() + 0.0) / 2.0); // uniform over 2, then sure
    }

    #[test]
    fn a_twin_is_no_negative() {
        let device = Device::flex();
        // Frames 0 and 2 are equal; the prediction tells them from frame 1 at odds of 8 : 1.
        let frames = Tensor::from_floats([[1.0], [0.0], [1.0]], &device);
        let predicted = || Tensor::from_floats([[8.0_f32.ln()]], &device);
        let target = || Tensor::from_ints([0], &device);
        let twins = Tensor::from_data([[false, false, true]], &device);
        assert_close(frame_nce_loss(predicted(), frames.clone(), target(), Some(twins)), (9.0_f32 / 8.0).ln());
        assert_close(frame_nce_loss(predicted(), frames, target(), None), (17.0_f32 / 8.0).ln());
    }

    #[test]
    fn a_static_clip_alone_has_nothing_to_tell_apart() {
        let device = Device::flex();
        let logits = Tensor::from_floats([[5.0, 5.0, 5.0]], &device);
        let twins = Tensor::from_data([[true, false, true]], &device);
        assert_close(nce_loss(logits, Tensor::from_ints([1], &device), Some(twins)), 0.0);
    }

    #[test]
    fn one_frame_has_no_negatives() {
        let device = Device::flex();
        let predicted = Tensor::<2>::from_floats([[3.0, -1.0]], &device.clone().autodiff()).require_grad();
        let frames = Tensor::from_floats([[2.0, 5.0]], &device);
        let loss = frame_nce_loss(predicted.clone(), frames, Tensor::from_ints([0], &device), None);
        let gradient = predicted.grad(&loss.backward()).unwrap();
        assert_eq!(gradient.try_into_vec_as::<f32>().unwrap(), [0.0, 0.0]);
        assert_close(loss, 0.0);
    }

    #[test]
    fn gradient_equals_central_differences() {
        let (device, at) = (Device::flex(), [[0.3, -1.2, 2.0], [0.1, 0.5, -0.7]]);
        let frames = Tensor::<2>::from_floats([[0.5, 1.0, 0.0], [-1.0, 0.2, 0.3], [0.0, 0.0, 0.9]], &device);
        let twins = Tensor::<2, Bool>::from_data([[false, true, false], [false; 3]], &device);
        for measure in [FrameSimilarity::DotProduct, FrameSimilarity::Cosine { temperature: 0.5 }] {
            let loss = |predicted: Tensor<2>| {
                let logits = similarity(predicted, frames.clone(), &measure);
                nce_loss(logits, Tensor::from_ints([2, 1], &device), Some(twins.clone()))
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
                assert!((gradient - difference).abs() < 1e-3, "{measure:?} {entry}: {gradient} is not {difference}");
            }
        }
    }
}
