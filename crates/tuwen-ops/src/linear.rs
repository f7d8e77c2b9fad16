//! `y = x · W + b`.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor, module};

use crate::INITIALIZER_RANGE;

/// A linear map with bias. The weight is `[in, out]`, the transpose of PyTorch's.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[in, out]`.
    pub weight: Param<Tensor<2>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
}

impl Linear {
    /// Weights from N(0, 0.02), bias 0.
    pub fn init(inputs: usize, outputs: usize, device: &Device) -> Self {
        let normal = Distribution::Normal(0.0, INITIALIZER_RANGE);
        Self {
            weight: Param::from_tensor(Tensor::random([inputs, outputs], normal, device)),
            bias: Param::from_tensor(Tensor::zeros([outputs], device)),
        }
    }

    /// `[…, in]` to `[…, out]`.
    pub fn forward<const D: usize>(&self, input: Tensor<D>) -> Tensor<D> {
        module::linear(input, self.weight.val(), Some(self.bias.val()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_meet_columns() {
        let device = Device::flex();
        let linear = Linear {
            weight: Param::from_tensor(Tensor::from_floats([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]], &device)),
            bias: Param::from_tensor(Tensor::from_floats([0.5, 0.0, -0.5], &device)),
        };
        let output = linear.forward(Tensor::<2>::from_floats([[1.0, 1.0], [2.0, 0.0]], &device));
        let expected = Tensor::<2>::from_floats([[11.5, 22.0, 32.5], [2.5, 4.0, 5.5]], &device);
        output.into_data().assert_eq(&expected.into_data(), true);
    }
}
