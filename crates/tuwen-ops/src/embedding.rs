//! Table lookup.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Int, Tensor};

use crate::flex::{Operand, indices, record};
use crate::kernels::embedding as kernel;
use crate::{INITIALIZER_RANGE, naive};

/// A table of vectors, one for each id.
#[derive(Module, Debug)]
pub struct Embedding {
    /// `[V, H]`.
    pub weight: Param<Tensor<2>>,
}

impl Embedding {
    /// `entries` rows of `size` values from N(0, 0.02).
    pub fn init(entries: usize, size: usize, device: &Device) -> Self {
        let normal = Distribution::Normal(0.0, INITIALIZER_RANGE);
        Self { weight: Param::from_tensor(Tensor::random([entries, size], normal, device)) }
    }

    /// Ids `[B, L]` to rows `[B, L, H]`.
    pub fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        rows(self.weight.val(), ids, None)
    }
}

/// As [`Embedding::forward`], but the row of `frozen_id` gets no gradient: what `padding_idx` is in PyTorch.
pub fn embed(table: &Embedding, ids: Tensor<2, Int>, frozen_id: Option<u32>) -> Tensor<3> {
    rows(table.weight.val(), ids, frozen_id)
}

fn rows(table: Tensor<2>, ids: Tensor<2, Int>, frozen_id: Option<u32>) -> Tensor<3> {
    let ([entries, width], [batch, length]) = (table.dims(), ids.dims());
    let Some(t) = Operand::of(&table) else { return naive::embed(table, ids, frozen_id) };
    let Some(places) = indices(&ids, entries) else { return naive::embed(table, ids, frozen_id) };
    let output = kernel::forward(&t.values, width, &places);
    let frozen = frozen_id.map(|id| id as usize);
    record([&t], output, [batch, length, width], move |gradient, _| {
        [Some(kernel::backward(gradient, width, &places, entries, frozen).into())]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_agreement};
    use burn::tensor::TensorData;

    #[test]
    fn the_frozen_row_gets_no_gradient() {
        let device = Device::flex().autodiff();
        let table = Embedding { weight: Param::from_tensor(Tensor::from_floats([[1.0], [2.0], [3.0]], &device)) };
        let ids = Tensor::<2, Int>::from_ints([[0, 1, 1, 2]], &device);
        for (frozen, expected) in [(None, [1.0, 2.0, 1.0]), (Some(1), [1.0, 0.0, 1.0])] {
            let rows = embed(&table, ids.clone(), frozen);
            let gradients = rows.clone().sum().backward();
            let gradient: Vec<f32> = table.weight.val().grad(&gradients).unwrap().try_into_vec_as().unwrap();
            assert_eq!(gradient, expected);
            assert_eq!(rows.try_into_vec_as::<f32>().unwrap(), [1.0, 2.0, 2.0, 3.0]);
        }
    }

    #[test]
    fn agrees_with_the_composition() {
        for (entries, width, [batch, length]) in [(1, 1, [1, 1]), (9, 5, [3, 7]), (3000, 37, [20, 50])] {
            let ids: Vec<i64> = (0..batch * length).map(|i| (i * i % entries) as i64).collect();
            let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [batch, length]), &Device::flex());
            for frozen in [None, Some(0)] {
                assert_agreement(
                    &[Input::normal(&[entries, width], 1.0)],
                    |x| rows(x[0].of(), ids.clone(), frozen),
                    |x| naive::embed(x[0].of(), ids.clone(), frozen),
                );
            }
        }
    }
}
