//! The error-function GELU.

use burn::tensor::{Tensor, activation};

use crate::cpu::{Operands, elementwise, operand};

/// `x · Φ(x)`, Φ the normal distribution (arXiv:1606.08415), for each number.
pub fn gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    let Some(operands) = Operands::of([operand(&input)]) else { return gelu_naive(input) };
    let (output, saved) = (elementwise::gelu(operands.slice(0)), operands.saved(0));
    operands
        .finish(output, input.dims(), move |gradient, _| [Some(elementwise::gelu_backward(saved.slice(), gradient))])
}

/// The composition of Burn's operations: what other devices compute, and what the kernel is held to.
pub fn gelu_naive<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    activation::gelu(input)
}
