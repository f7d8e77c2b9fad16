//! GELU with the exact normal distribution, alone and right after a linear map.

use burn::tensor::Tensor;

use crate::flex::{Operand, Values, record};
use crate::kernels::{gelu as kernel, linear};
use crate::{Linear, naive};

/// `x·Φ(x)` (arXiv:1606.08415), Φ the area of the standard normal distribution.
pub fn gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    let Some(x) = Operand::of(&input) else { return naive::gelu(input) };
    let (output, saved) = (kernel::forward(&x.values), x.values.clone());
    record([&x], output, input.dims(), move |gradient, _| [Some(kernel::backward(&saved, gradient).into())])
}

/// `gelu(x · W + b)`, `[…, in]` to `[…, out]`, as one step of the gradient graph.
pub fn linear_gelu<const D: usize>(layer: &Linear, input: Tensor<D>) -> Tensor<D> {
    after_linear(input, layer.weight.val(), layer.bias.val())
}

fn after_linear<const D: usize>(input: Tensor<D>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<D> {
    let (Some(x), Some(w), Some(b)) = (Operand::of_product(&input), Operand::of(&weight), Operand::of(&bias)) else {
        return naive::linear_gelu(input, weight, bias);
    };
    let outputs = b.values.len();
    let inner = linear::forward(&x.values, &w.values, &b.values);
    let output = kernel::forward(&inner);
    let dims = crate::linear::output_dims(&input, &weight);
    let (x_values, w_values) = (x.values.clone(), w.values.clone());
    record([&x, &w, &b], output, dims, move |gradient, needed| {
        let gradient = kernel::backward(&inner, gradient);
        linear::gradients(&x_values, &w_values, outputs, &gradient, needed).map(|values| values.map(Values::from))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_agreement};
    use burn::tensor::Device;

    #[test]
    fn values_by_hand() {
        let input = Tensor::<1>::from_floats([0.0, 1.0, -1.0, 100.0], &Device::flex());
        let values: Vec<f32> = gelu(input).try_into_vec_as().unwrap();
        // Φ(1) = 0.841345, so −1·Φ(−1) = −(1 − 0.841345).
        for (value, expected) in values.iter().zip([0.0, 0.841_345, -0.158_655, 100.0]) {
            assert!((value - expected).abs() < 1e-5, "{value} is not {expected}");
        }
    }

    #[test]
    fn agrees_with_the_composition() {
        for dims in [vec![1, 1], vec![3, 7], vec![129, 301]] {
            let inputs = [Input::normal(&dims, 3.0)];
            assert_agreement(&inputs, |x| gelu(x[0].of::<2>()), |x| naive::gelu(x[0].of::<2>()));
        }
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        let input = || Tensor::<1>::from_floats([f32::NAN, f32::INFINITY, f32::NEG_INFINITY], &Device::flex());
        let text = |tensor: Tensor<1>| format!("{:?}", tensor.try_into_vec_as::<f32>().unwrap());
        assert_eq!(text(gelu(input())), text(naive::gelu(input())));
    }

    #[test]
    fn after_a_linear_map_it_agrees_with_the_composition() {
        for (rows, inputs, outputs) in [(1, 1, 1), (5, 3, 7), (300, 33, 70)] {
            let operands = [
                Input::normal(&[1, rows, inputs], 1.0),
                Input::normal(&[inputs, outputs], 0.5),
                Input::normal(&[outputs], 0.5),
            ];
            assert_agreement(
                &operands,
                |x| after_linear(x[0].of::<3>(), x[1].of(), x[2].of()),
                |x| naive::linear_gelu(x[0].of::<3>(), x[1].of(), x[2].of()),
            );
        }
    }
}
