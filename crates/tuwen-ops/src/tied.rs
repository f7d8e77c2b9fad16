//! `y = x · Eᵀ + b`, a linear map whose weight is a table of words.

use burn::tensor::Tensor;

use crate::flex::{Operand, Values, record};
use crate::kernels::linear as kernel;
use crate::naive;

/// Scores of every row of a table, `[M, H]` to `[M, V]`: the decoder that shares its weight with an embedding (Press &
/// Wolf, arXiv:1608.05859).
pub fn tied_linear(
    input: Tensor<2>, // [M, H]
    table: Tensor<2>, // [V, H]
    bias: Tensor<1>,  // [V]
) -> Tensor<2> {
    let (Some(x), Some(t), Some(b)) =
        (Operand::of_product(&input), Operand::of_product(&table), Operand::of_product(&bias))
    else {
        return naive::tied_linear(input, table, bias);
    };
    let ([rows, width], [entries, table_width]) = (input.dims(), table.dims());
    assert_eq!(width, table_width, "the states and the table have one width");
    let output = kernel::forward_transposed(&x.values, &t.values, &b.values);
    let (x_values, t_values) = (x.values.clone(), t.values.clone());
    record([&x, &t, &b], output, [rows, entries], move |gradient, needed| {
        kernel::gradients_transposed(&x_values, &t_values, entries, gradient, needed)
            .map(|values| values.map(Values::from))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_agreement};
    use burn::tensor::Device;

    #[test]
    fn a_score_is_the_product_with_a_row() {
        let device = Device::flex();
        let scores = tied_linear(
            Tensor::from_floats([[1.0, 10.0]], &device),
            Tensor::from_floats([[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]], &device),
            Tensor::from_floats([0.5, 0.0, -0.5], &device),
        );
        assert_eq!(scores.try_into_vec_as::<f32>().unwrap(), [21.5, 43.0, -0.5]);
    }

    #[test]
    fn agrees_with_the_composition() {
        for (rows, width, entries) in [(1, 1, 1), (5, 3, 7), (80, 130, 1111), (300, 33, 70)] {
            let operands = [
                Input::normal(&[rows, width], 1.0),
                Input::normal(&[entries, width], 1.0),
                Input::normal(&[entries], 1.0),
            ];
            assert_agreement(
                &operands,
                |x| tied_linear(x[0].of(), x[1].of(), x[2].of()),
                |x| naive::tied_linear(x[0].of(), x[1].of(), x[2].of()),
            );
        }
    }
}
