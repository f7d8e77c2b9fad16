//! Losses over logits, each the mean over its rows.

use burn::tensor::activation::{log_sigmoid, softmax};
use burn::tensor::{Bool, IndexingUpdateOp, Int, Tensor};

use crate::flex::{Operand, flags, indices, record};
use crate::kernels::cross_entropy::Targets::{Labels, Shares};
use crate::kernels::cross_entropy::{self as kernel, Logits};
use crate::naive;

/// `−(1/M) Σₘ log softmax(logitsₘ)[labelsₘ]`.
pub fn cross_entropy(
    logits: Tensor<2>,      // [M, V]
    labels: Tensor<1, Int>, // [M]
) -> Tensor<1> {
    let Some((x, places)) = labelled(&logits, &labels) else { return naive::cross_entropy(logits, labels) };
    hard(&x, logits.dims()[1], places, None)
}

/// [`cross_entropy`] among the columns of each row that aren't `excluded` (true): entries that are no negatives, such as
/// equals of the right answer; the label itself is to be none of them. An excluded logit is not looked at.
pub fn cross_entropy_excluding(
    logits: Tensor<2>,          // [M, V]
    labels: Tensor<1, Int>,     // [M]
    excluded: &Tensor<2, Bool>, // [M, V]
) -> Tensor<1> {
    let same = excluded.dims() == logits.dims();
    let Some((x, places)) = labelled(&logits, &labels).filter(|_| same) else {
        return naive::cross_entropy_excluding(logits, labels, excluded);
    };
    hard(&x, logits.dims()[1], places, Some(flags(excluded)))
}

/// `−(1/M) Σₘ targetsₘ · log softmax(logitsₘ)`. No gradient reaches the targets.
pub fn soft_cross_entropy(
    logits: Tensor<2>,  // [M, V]
    targets: Tensor<2>, // [M, V]
) -> Tensor<1> {
    let targets = targets.inner();
    let same = targets.dims() == logits.dims();
    let (Some(x), Some(t)) = (Operand::of(&logits).filter(|_| same), Operand::of(&targets)) else {
        return naive::soft_cross_entropy(logits, targets);
    };
    let (columns, x_values, t_values) = (logits.dims()[1], x.values.clone(), t.values);
    let (loss, peaks) = kernel::forward(Logits { values: &x.values, columns, excluded: None }, Shares(&t_values));
    record([&x], vec![loss], [1], move |gradient, _| {
        let logits = Logits { values: &x_values, columns, excluded: None };
        [Some(kernel::backward(logits, Shares(&t_values), &peaks, gradient[0]).into())]
    })
}

/// `(1−α)·one-hot(labels) + α·softmax(teacher)`, the targets of a momentum encoder's student (ALBEF, arXiv:2107.07651 §3.3):
/// the two cross-entropies are linear in what they are held against, so one pass over the logits does for both. No gradient
/// reaches the teacher.
pub fn distilled_targets(
    labels: Tensor<1, Int>,    // [M]
    teacher_logits: Tensor<2>, // [M, V]
    alpha: f64,
) -> Tensor<2> {
    let opinion = softmax(teacher_logits.inner(), 1).mul_scalar(alpha); // [M, V]
    let labels = labels.inner().unsqueeze_dim::<2>(1); // [M, 1]
    let hard = Tensor::full(labels.shape(), 1.0 - alpha, &opinion.device());
    opinion.scatter(1, labels, hard, IndexingUpdateOp::Add)
}

fn labelled(logits: &Tensor<2>, labels: &Tensor<1, Int>) -> Option<(Operand, Vec<usize>)> {
    let [rows, columns] = logits.dims();
    let x = Operand::of(logits)?;
    Some((x, indices(labels, columns).filter(|places| places.len() == rows)?))
}

fn hard(x: &Operand, columns: usize, places: Vec<usize>, excluded: Option<Vec<bool>>) -> Tensor<1> {
    let values = x.values.clone();
    let logits = Logits { values: &x.values, columns, excluded: excluded.as_deref() };
    let (loss, peaks) = kernel::forward(logits, Labels(&places));
    record([x], vec![loss], [1], move |gradient, _| {
        let logits = Logits { values: &values, columns, excluded: excluded.as_deref() };
        [Some(kernel::backward(logits, Labels(&places), &peaks, gradient[0]).into())]
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
    fn soft_targets_by_hand() {
        let device = Device::flex();
        // Odds 2 : 1 : 1, so −log p is ln 2, ln 4, ln 4; then no opinion among 3.
        let logits = Tensor::from_floats([[2.0_f32.ln(), 0.0, 0.0], [5.0, 5.0, 5.0]], &device);
        let targets = Tensor::from_floats([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]], &device);
        let expected = (0.5 * 2.0_f32.ln() + 0.5 * 4.0_f32.ln() + 3.0_f32.ln()) / 2.0;
        assert!((soft_cross_entropy(logits, targets).into_scalar::<f32>() - expected).abs() < 1e-6);
    }

    #[test]
    fn an_excluded_column_is_not_there() {
        let device = Device::flex().autodiff();
        let logits = Tensor::<2>::from_floats([[8.0_f32.ln(), 0.0, 100.0]], &device).require_grad();
        let excluded = Tensor::from_data([[false, false, true]], &device);
        let loss = cross_entropy_excluding(logits.clone(), Tensor::from_ints([0], &device), &excluded);
        let gradient: Vec<f32> = logits.grad(&loss.backward()).unwrap().try_into_vec_as().unwrap();
        assert!((loss.into_scalar::<f32>() - (9.0_f32 / 8.0).ln()).abs() < 1e-6);
        assert!((gradient[0] + 1.0 / 9.0).abs() < 1e-6 && (gradient[1] - 1.0 / 9.0).abs() < 1e-6 && gradient[2] == 0.0);
    }

    const SHAPES: [[usize; 2]; 6] = [[1, 1], [1, 5], [7, 16], [13, 1], [70, 515], [3, 20_001]];

    fn labels([rows, columns]: [usize; 2]) -> Tensor<1, Int> {
        let labels: Vec<i64> = (0..rows).map(|row| (row * row % columns) as i64).collect();
        Tensor::from_data(TensorData::new(labels, [rows]), &Device::flex())
    }

    #[test]
    fn cross_entropy_agrees_with_the_composition() {
        for dims in SHAPES {
            let labels = || labels(dims);
            assert_agreement(
                &[Input::normal(&dims, 3.0)],
                |x| cross_entropy(x[0].of(), labels()),
                |x| naive::cross_entropy(x[0].of(), labels()),
            );
        }
    }

    #[test]
    fn with_excluded_columns_it_agrees_with_the_composition() {
        // None of them, every third, all but the label.
        for (dims, kind) in SHAPES.into_iter().flat_map(|dims| [0, 1, 2].map(|kind| (dims, kind))) {
            let flag = |entry: usize| {
                let (row, column) = (entry / dims[1], entry % dims[1]);
                column != row * row % dims[1] && [false, column % 3 == 1, true][kind]
            };
            let flags: Vec<bool> = (0..dims[0] * dims[1]).map(flag).collect();
            let excluded = Tensor::<2, Bool>::from_data(TensorData::new(flags, dims), &Device::flex());
            let labels = || labels(dims);
            assert_agreement(
                &[Input::normal(&dims, 3.0)],
                |x| cross_entropy_excluding(x[0].of(), labels(), &excluded),
                |x| naive::cross_entropy_excluding(x[0].of(), labels(), &excluded),
            );
        }
    }

    #[test]
    fn with_soft_targets_it_agrees_with_the_composition() {
        for dims in SHAPES {
            for targets in
                [Input::magnitudes(&dims, 0.1), Input { values: vec![0.0; dims[0] * dims[1]], dims: dims.to_vec() }]
            {
                assert_agreement(
                    &[Input::normal(&dims, 3.0)],
                    |x| soft_cross_entropy(x[0].of(), targets.tensor()),
                    |x| naive::soft_cross_entropy(x[0].of(), targets.tensor()),
                );
            }
        }
    }

    #[test]
    fn a_target_that_is_not_finite_is_seen_and_learns_nothing() {
        let logits = Input::normal(&[3, 17], 3.0);
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut targets = Input::magnitudes(&[3, 17], 0.1);
            targets.values[20] = number;
            assert_agreement(
                std::slice::from_ref(&logits),
                |x| soft_cross_entropy(x[0].of(), targets.tensor()),
                |x| naive::soft_cross_entropy(x[0].of(), targets.tensor()),
            );
        }
        let tracked = |input: &Input| input.tensor::<2>().autodiff().require_grad();
        let (logits, targets) = (tracked(&logits), tracked(&Input::magnitudes(&[3, 17], 0.1)));
        let gradients = soft_cross_entropy(logits.clone(), targets.clone()).backward();
        assert!(logits.grad(&gradients).is_some() && targets.grad(&gradients).is_none());
    }
}
