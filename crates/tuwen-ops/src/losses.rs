//! Losses over logits, each the mean over its rows.

use burn::tensor::activation::log_sigmoid;
use burn::tensor::{Int, Tensor};

use crate::flex::{Operand, indices, record};
use crate::kernels::cross_entropy as kernel;
use crate::naive;

/// `−(1/M) Σₘ log softmax(logitsₘ)[labelsₘ]`.
pub fn cross_entropy(
    logits: Tensor<2>,      // [M, V]
    labels: Tensor<1, Int>, // [M]
) -> Tensor<1> {
    let [rows, columns] = logits.dims();
    let Some(x) = Operand::of(&logits) else { return naive::cross_entropy(logits, labels) };
    let Some(places) = indices(&labels, columns).filter(|places| places.len() == rows) else {
        return naive::cross_entropy(logits, labels);
    };
    let (loss, probabilities) = kernel::forward(&x.values, &places);
    record([&x], vec![loss], [1], move |gradient, _| {
        [Some(kernel::backward(&probabilities, &places, gradient[0]).into())]
    })
}

/// `−t·log σ(x) − (1−t)·log σ(−x)` for each entry, which neither overflows nor loses the small end. No mean is taken: who
/// calls knows which entries count.
pub fn binary_cross_entropy_with_logits<const D: usize>(logits: Tensor<D>, targets: Tensor<D>) -> Tensor<D> {
    // Not by way of |x| and max(x, 0): their gradients at 0 don't add up to σ(0) − t.
    let (matches, others) = (log_sigmoid(logits.clone()), log_sigmoid(logits.neg()));
    (matches * targets.clone() + others * (targets.neg() + 1.0)).neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_agreement};
    use burn::tensor::{Device, TensorData};

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

    #[test]
    fn an_undecided_logit_has_half_a_gradient() {
        let device = Device::flex().autodiff();
        let logits = Tensor::<1>::zeros([2], &device).require_grad();
        let targets = Tensor::from_floats([1.0, 0.0], &device);
        let gradients = binary_cross_entropy_with_logits(logits.clone(), targets).sum().backward();
        let gradient: Vec<f32> = logits.grad(&gradients).unwrap().try_into_vec_as().unwrap();
        assert_eq!(gradient, [-0.5, 0.5]); // σ(0) − t
    }

    #[test]
    fn cross_entropy_agrees_with_the_composition() {
        for (rows, columns) in [(1, 1), (1, 5), (7, 16), (70, 515)] {
            let labels: Vec<i64> = (0..rows).map(|row| (row * row % columns) as i64).collect();
            let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [rows]), &Device::flex());
            assert_agreement(
                &[Input::normal(&[rows, columns], 3.0)],
                |x| cross_entropy(x[0].of(), labels.clone()),
                |x| naive::cross_entropy(x[0].of(), labels.clone()),
            );
        }
    }

    #[test]
    fn a_logit_that_is_not_finite_is_seen_in_the_loss() {
        let device = Device::flex();
        for (number, label) in [(f32::NAN, 0), (f32::INFINITY, 0), (f32::NEG_INFINITY, 0), (f32::NEG_INFINITY, 1)] {
            let logits = || Tensor::<2>::from_floats([[number, 1.0, 2.0], [0.0, 1.0, 2.0]], &device);
            let labels = || Tensor::from_ints([label, 1], &device);
            let losses = [cross_entropy(logits(), labels()), naive::cross_entropy(logits(), labels())];
            let [fused, composed] = losses.map(|loss| loss.into_scalar::<f32>());
            assert!(
                fused == composed || (fused - composed).abs() < 1e-6 || fused.is_nan() && composed.is_nan(),
                "{number} {label}: {fused} is not {composed}"
            );
        }
    }
}
