//! Layer normalisation over the last axis.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, module};

use crate::cpu::{Operands, norm, operand};

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
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let Some(operands) = Operands::of([operand(&input), operand(&weight), operand(&bias)]) else {
            return self.forward_naive(input);
        };
        let (x, w, b) = (operands.slice(0), operands.slice(1), operands.slice(2));
        let (output, kept) = norm::forward(x, None, w, b, self.epsilon as f32);
        let saved = operands.saved(1);
        operands.finish(output, input.dims(), move |gradient, _| {
            let (input, weight, bias) = norm::backward(gradient, &kept, saved.slice());
            [Some(input), Some(weight), Some(bias)]
        })
    }

    /// The norm of `residual + branch`, both `[…, H]`, without writing the sum down in between.
    pub fn forward_sum<const D: usize>(&self, residual: Tensor<D>, branch: Tensor<D>) -> Tensor<D> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let operands = [operand(&residual), operand(&branch), operand(&weight), operand(&bias)];
        let Some(operands) = Operands::of(operands).filter(|_| residual.dims() == branch.dims()) else {
            return self.forward_naive(residual + branch);
        };
        let (w, b) = (operands.slice(2), operands.slice(3));
        let (output, kept) = norm::forward(operands.slice(0), Some(operands.slice(1)), w, b, self.epsilon as f32);
        let saved = operands.saved(2);
        operands.finish(output, residual.dims(), move |gradient, _| {
            let (sum, weight, bias) = norm::backward(gradient, &kept, saved.slice());
            [Some(sum.clone()), Some(sum), Some(weight), Some(bias)]
        })
    }

    /// The composition of Burn's operations: what other devices compute, and what the kernel is held to.
    pub fn forward_naive<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        module::layer_norm(input, self.weight.val(), Some(self.bias.val()), self.epsilon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Tolerance;

    #[test]
    fn two_values_become_minus_one_and_one() {
        let device = Device::flex();
        let norm = LayerNorm::init(2, 1e-12, &device);
        let output = norm.forward(Tensor::<2>::from_floats([[1.0, 3.0], [5.0, -5.0]], &device));
        let expected = Tensor::<2>::from_floats([[-1.0, 1.0], [1.0, -1.0]], &device);
        output.into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::absolute(1e-6));
    }
}
