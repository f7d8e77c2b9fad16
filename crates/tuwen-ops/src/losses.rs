//! Losses over logits, each the mean over its rows.

use burn::tensor::{Int, Tensor, activation::log_softmax};

/// `−(1/M) Σₘ log softmax(logitsₘ)[labelsₘ]`.
pub fn cross_entropy(
    logits: Tensor<2>,      // [M, V]
    labels: Tensor<1, Int>, // [M]
) -> Tensor<1> {
    log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1)).mean().neg()
}

/// `−t·log σ(x) − (1−t)·log(1−σ(x))` for each entry, in the form that neither overflows nor loses the small end:
/// `max(x, 0) − x·t + log(1 + e^−|x|)`. No mean is taken: who calls knows which entries count.
pub fn binary_cross_entropy_with_logits<const D: usize>(logits: Tensor<D>, targets: Tensor<D>) -> Tensor<D> {
    let tail = logits.clone().abs().neg().exp().log1p();
    logits.clone().clamp_min(0.0) - logits * targets + tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn undecided_and_certain_rows() {
        let device = Device::flex();
        let logits = Tensor::from_floats([[0.0, 0.0, 0.0, 0.0], [0.0, 100.0, 0.0, 0.0]], &device);
        let loss = cross_entropy(logits, Tensor::from_ints([2, 1], &device)).into_scalar::<f32>();
        assert!((loss - (4.0_f32.ln() + 0.0) / 2.0).abs() < 1e-6);
    }

    #[test]
    fn binary_entries_stay_finite_at_both_ends() {
        let device = Device::flex();
        let logits = Tensor::<1>::from_floats([0.0, 100.0, 100.0, -100.0], &device);
        let targets = Tensor::from_floats([1.0, 1.0, 0.0, 1.0], &device);
        let losses: Vec<f32> = binary_cross_entropy_with_logits(logits, targets).try_into_vec_as().unwrap();
        for (loss, expected) in losses.iter().zip([2.0_f32.ln(), 0.0, 100.0, 100.0]) {
            assert!((loss - expected).abs() < 1e-5, "{loss} is not {expected}");
        }
    }
}
