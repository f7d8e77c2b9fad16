//! Table lookup.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Int, Tensor, module};

use crate::INITIALIZER_RANGE;

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
        module::embedding(self.weight.val(), ids)
    }
}

/// As [`Embedding::forward`], but the row of `frozen_id` gets no gradient: what `padding_idx` is in PyTorch.
pub fn embed(table: &Embedding, ids: Tensor<2, Int>, frozen_id: Option<u32>) -> Tensor<3> {
    let rows = table.forward(ids.clone());
    let Some(id) = frozen_id else { return rows };
    let [batch, length, size] = rows.dims();
    let frozen = ids.equal_scalar(i64::from(id)).unsqueeze_dim::<3>(2).expand([batch, length, size]);
    rows.clone().mask_where(frozen, rows.detach())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
