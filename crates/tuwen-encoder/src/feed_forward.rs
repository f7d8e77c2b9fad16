//! The feed-forward branch of a layer.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use tuwen_ops::{Linear, linear_gelu, linear_onto};

/// `output(gelu(intermediate(x)))`.
#[derive(Module, Debug)]
pub struct FeedForward {
    intermediate: Linear,
    output: Linear,
}

impl FeedForward {
    /// Over `hidden_size` values, `intermediate_size` in between.
    pub fn init(hidden_size: usize, intermediate_size: usize, device: &Device) -> Self {
        Self {
            intermediate: Linear::init(hidden_size, intermediate_size, device),
            output: Linear::init(intermediate_size, hidden_size, device),
        }
    }

    /// `[B, S, H]` to the branch `[B, S, H]`.
    pub fn forward(&self, states: Tensor<3>) -> Tensor<3> {
        self.output.forward(linear_gelu(&self.intermediate, states))
    }
    /// `residual + branch`.
    pub fn forward_onto(&self, residual: Tensor<3>, states: Tensor<3>) -> Tensor<3> {
        let inner = linear_gelu(&self.intermediate, states);
        linear_onto(residual, inner, self.output.weight.val(), self.output.bias.val())
    }
}
