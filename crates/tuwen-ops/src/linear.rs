//! `y = x · W + b`.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor};

use crate::flex::{Operand, Values, record};
use crate::kernels::linear as kernel;
use crate::{INITIALIZER_RANGE, naive};

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
        linear(input, self.weight.val(), self.bias.val())
    }
}

/// `x · W + b` for a weight `[in, out]` that is no parameter of its own, such as a part of one.
pub fn linear<const D: usize>(input: Tensor<D>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<D> {
    let (Some(x), Some(w), Some(b)) =
        (Operand::of_product(&input), Operand::of_product(&weight), Operand::of_product(&bias))
    else {
        return naive::linear(input, weight, bias);
    };
    let (outputs, dims) = (b.values.len(), output_dims(&input, &weight));
    let output = kernel::forward(&x.values, &w.values, &b.values);
    let (x_values, w_values) = (x.values.clone(), w.values.clone());
    record([&x, &w, &b], output, dims, move |gradient, needed| {
        kernel::gradients(&x_values, &w_values, outputs, gradient, needed).map(|values| values.map(Values::from))
    })
}

/// `residual + x · W + b`, the sum made where the product is.
pub fn linear_onto<const D: usize>(
    residual: Tensor<D>, // […, out]
    input: Tensor<D>,    // […, in]
    weight: Tensor<2>,   // [in, out]
    bias: Tensor<1>,     // [out]
) -> Tensor<D> {
    let operands = (
        Operand::of_product(&residual),
        Operand::of_product(&input),
        Operand::of_product(&weight),
        Operand::of_product(&bias),
    );
    let (Some(r), Some(x), Some(w), Some(b)) = operands else {
        return naive::linear_onto(residual, input, weight, bias);
    };
    let (outputs, dims) = (b.values.len(), output_dims(&input, &weight));
    assert_eq!(residual.dims(), dims, "the residual has the shape of the product");
    let output = kernel::forward_onto(&r.values, &x.values, &w.values, &b.values);
    let (x_values, w_values) = (x.values.clone(), w.values.clone());
    record([&r, &x, &w, &b], output, dims, move |gradient, [residual, input, weight, bias]| {
        let needed = [input, weight, bias];
        let [x, w, b] = kernel::gradients(&x_values, &w_values, outputs, gradient, needed);
        let [x, w, b] = [x, w, b].map(|values| values.map(Values::from));
        [residual.then(|| gradient.clone()), x, w, b]
    })
}

/// `[…, in]` and `[in, out]` to `[…, out]`.
pub(crate) fn output_dims<const D: usize>(input: &Tensor<D>, weight: &Tensor<2>) -> [usize; D] {
    let (mut dims, [inputs, outputs]) = (input.dims(), weight.dims());
    assert_eq!(dims[D - 1], inputs, "a linear map over {inputs} values gets {dims:?}");
    dims[D - 1] = outputs;
    dims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_agreement};

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

    #[test]
    fn agrees_with_the_composition() {
        // Few rows and many, and an output wider than high: every way to cut the products.
        for (rows, inputs, outputs) in [(1, 1, 1), (5, 3, 7), (700, 129, 257), (140, 130, 1111)] {
            let operands = [
                Input::normal(&[rows, inputs], 1.0),
                Input::normal(&[inputs, outputs], 1.0),
                Input::normal(&[outputs], 1.0),
            ];
            assert_agreement(
                &operands,
                |x| linear(x[0].of::<2>(), x[1].of(), x[2].of()),
                |x| naive::linear(x[0].of::<2>(), x[1].of(), x[2].of()),
            );
            let residual = Input::normal(&[rows, outputs], 1.0);
            let [input, weight, bias] = operands;
            assert_agreement(
                &[residual, input, weight, bias],
                |x| linear_onto(x[0].of::<2>(), x[1].of(), x[2].of(), x[3].of()),
                |x| naive::linear_onto(x[0].of::<2>(), x[1].of(), x[2].of(), x[3].of()),
            );
        }
    }
}
