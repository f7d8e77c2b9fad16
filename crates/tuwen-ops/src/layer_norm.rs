//! Layer normalisation over the last axis.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use crate::flex::{Operand, Values, record};
use crate::kernels::layer_norm::{Norm, Summands, backward, forward};
use crate::{Dropout, naive};

/// `(x − mean) / √(variance + ε) · weight + bias`, the variance biased (arXiv:1607.06450).
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// `[H]`, starts at 1.
    pub weight: Param<Tensor<1>>,
    /// `[H]`, starts at 0.
    pub bias: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

impl LayerNorm {
    /// The identity scale over `size` values; BERT's `epsilon` is 1e-12, ViT's 1e-6.
    pub fn init(size: usize, epsilon: f64, device: &Device) -> Self {
        Self {
            weight: Param::from_tensor(Tensor::ones([size], device)),
            bias: Param::from_tensor(Tensor::zeros([size], device)),
            epsilon,
        }
    }

    /// `[…, H]` to `[…, H]`.
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        normalise(input, self.weight.val(), self.bias.val(), self.epsilon)
    }
}

/// `norm(residual + dropout(branch))`, both `[…, H]`: the end of a branch of a post-norm transformer layer.
pub fn residual_norm<const D: usize>(
    norm: &LayerNorm,
    residual: Tensor<D>,
    branch: Tensor<D>,
    dropout: (&Dropout, f64),
) -> Tensor<D> {
    normalise_sum(residual, branch, (norm.weight.val(), norm.bias.val(), norm.epsilon), dropout)
}

fn normalise<const D: usize>(input: Tensor<D>, weight: Tensor<1>, bias: Tensor<1>, epsilon: f64) -> Tensor<D> {
    let (Some(x), Some(w), Some(b)) = (Operand::of(&input), Operand::of(&weight), Operand::of(&bias)) else {
        return naive::layer_norm(input, weight, bias, epsilon);
    };
    let summands = Summands { branch: &x.values, residual: None, mask: None };
    let norm = Norm { weight: &w.values, bias: &b.values, epsilon: epsilon as f32 };
    let ((output, saved), weight) = (forward(summands, norm), w.values.clone());
    record([&x, &w, &b], output, input.dims(), move |gradient, _| {
        let gradients = backward(gradient, &saved, &weight, None);
        let [weight, bias] = halves(&gradients.norm);
        [Some(gradients.sum.into()), Some(weight), Some(bias)]
    })
}

fn normalise_sum<const D: usize>(
    residual: Tensor<D>,
    branch: Tensor<D>,
    (weight, bias, epsilon): (Tensor<1>, Tensor<1>, f64),
    (dropout, rate): (&Dropout, f64),
) -> Tensor<D> {
    let operands = (Operand::of(&residual), Operand::of(&branch), Operand::of(&weight), Operand::of(&bias));
    let (Some(r), Some(x), Some(w), Some(b)) = operands else {
        return naive::residual_norm(residual, branch, (weight, bias, epsilon), (dropout, rate));
    };
    assert_eq!(residual.dims(), branch.dims(), "a residual has the shape of its branch");
    let mask = dropout.mask(rate);
    let summands = Summands { branch: &x.values, residual: Some(&r.values), mask };
    let norm = Norm { weight: &w.values, bias: &b.values, epsilon: epsilon as f32 };
    let ((output, saved), weight) = (forward(summands, norm), w.values.clone());
    record([&r, &x, &w, &b], output, branch.dims(), move |gradient, _| {
        let gradients = backward(gradient, &saved, &weight, mask);
        let [weight, bias] = halves(&gradients.norm);
        let sum = Values::from(gradients.sum);
        let branch = gradients.branch.map_or_else(|| sum.clone(), Values::from);
        [Some(sum), Some(branch), Some(weight), Some(bias)]
    })
}

/// The gradients of weight and bias.
fn halves(both: &[f32]) -> [Values; 2] {
    let (weight, bias) = both.split_at(both.len() / 2);
    [weight, bias].map(|half| half.to_vec().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_agreement};
    use burn::tensor::Tolerance;

    #[test]
    fn two_values_become_minus_one_and_one() {
        let device = Device::flex();
        let norm = LayerNorm::init(2, 1e-12, &device);
        let output = norm.forward(Tensor::<2>::from_floats([[1.0, 3.0], [5.0, -5.0]], &device));
        let expected = Tensor::<2>::from_floats([[-1.0, 1.0], [1.0, -1.0]], &device);
        output.into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::absolute(1e-6));
    }

    #[test]
    fn agrees_with_the_composition() {
        for (rows, size) in [(1, 1), (1, 16), (3, 5), (130, 131)] {
            let inputs = [Input::normal(&[rows, size], 2.0), Input::normal(&[size], 1.0), Input::normal(&[size], 1.0)];
            assert_agreement(
                &inputs,
                |x| normalise(x[0].of::<2>(), x[1].of(), x[2].of(), 1e-3),
                |x| naive::layer_norm(x[0].of::<2>(), x[1].of(), x[2].of(), 1e-3),
            );
        }
    }

    #[test]
    fn with_residual_and_dropout_it_agrees_with_the_composition() {
        for (dims, rate) in [([1, 1, 3], 0.5), ([2, 3, 70], 0.1), ([2, 3, 70], 0.0), ([2, 65, 131], 0.3)] {
            let size = dims[2];
            let inputs = [
                Input::normal(&dims, 1.0),
                Input::normal(&[dims[0], dims[1], size], 2.0),
                Input::normal(&[size], 1.0),
                Input::normal(&[size], 1.0),
            ];
            for dropout in [Dropout::training(1, 2).at(3), Dropout::off()] {
                assert_agreement(
                    &inputs,
                    |x| normalise_sum(x[0].of::<3>(), x[1].of(), (x[2].of(), x[3].of(), 1e-3), (&dropout, rate)),
                    |x| naive::residual_norm(x[0].of::<3>(), x[1].of(), (x[2].of(), x[3].of(), 1e-3), (&dropout, rate)),
                );
            }
        }
    }

    #[test]
    fn one_number_that_is_not_finite_spoils_its_row_alone() {
        let device = Device::flex();
        let input = Tensor::<2>::from_floats([[1.0, f32::NAN], [f32::INFINITY, 0.0], [1.0, 2.0]], &device);
        let output: Vec<f32> = LayerNorm::init(2, 1e-12, &device).forward(input).try_into_vec_as().unwrap();
        assert_eq!(
            output.iter().map(|value| value.is_nan()).collect::<Vec<_>>(),
            [true, true, true, true, false, false]
        );
    }
}
