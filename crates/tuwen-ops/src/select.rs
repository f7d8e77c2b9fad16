//! Some rows of a tensor, in any order, several times if need be.

use burn::tensor::{Int, Tensor};

use crate::flex::{Operand, indices, record};
use crate::kernels::embedding as kernel;
use crate::naive;

/// `y[i] = x[rows[i]]` along the first axis, `[N, …]` to `[M, …]`; the gradient of a row is the sum over its places.
pub fn select_rows<const D: usize>(
    input: Tensor<D>,
    rows: Tensor<1, Int>, // [M]
) -> Tensor<D> {
    let mut dims = input.dims();
    let entries = dims[0];
    let Some(x) = Operand::of(&input) else { return input.select(0, rows) };
    let Some(places) = indices(&rows, entries).filter(|places| !places.is_empty()) else {
        return input.select(0, rows);
    };
    let width = x.values.len() / entries;
    dims[0] = places.len();
    let output = kernel::forward(&x.values, width, &places);
    record([&x], output, dims, move |gradient, _| {
        [Some(kernel::backward(gradient, width, &places, entries, None).into())]
    })
}

/// `y[rows[i]] = x[i]`, zeros elsewhere: `[M, H]` to `[entries, H]`, the way back from [`select_rows`]. No row may be
/// named twice.
pub fn scatter_rows(
    input: Tensor<2>,     // [M, H]
    rows: Tensor<1, Int>, // [M]
    entries: usize,
) -> Tensor<2> {
    let [_, width] = input.dims();
    let (x, places) = (Operand::of(&input), indices(&rows, entries));
    let (Some(x), Some(places)) = (x, places) else { return naive::scatter_rows(input, rows, entries) };
    let output = kernel::backward(&x.values, width, &places, entries, None);
    record([&x], output, [entries, width], move |gradient, _| [Some(kernel::forward(gradient, width, &places).into())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_agreement};
    use burn::tensor::{Device, TensorData};

    #[test]
    fn rows_come_in_the_order_asked_for() {
        let input = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], &Device::flex());
        let picked = select_rows(input, Tensor::from_ints([2, 0, 2], &Device::flex()));
        assert_eq!(picked.try_into_vec_as::<f32>().unwrap(), [5.0, 6.0, 1.0, 2.0, 5.0, 6.0]);
    }

    #[test]
    fn agrees_with_burns_own() {
        for (entries, length, width, picked) in [(1, 1, 1, 1), (5, 3, 7, 9), (70, 17, 130, 64)] {
            let rows: Vec<i64> = (0..picked).map(|i| (i * i % entries) as i64).collect();
            let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [picked]), &Device::flex());
            assert_agreement(
                &[Input::normal(&[entries, length, width], 1.0)],
                |x| select_rows(x[0].of::<3>(), rows.clone()),
                |x| x[0].of::<3>().select(0, rows.clone()),
            );
        }
    }

    #[test]
    fn scattered_rows_agree_with_the_composition() {
        for (entries, width, rows) in [(1, 1, vec![0]), (9, 7, vec![8, 0, 3]), (70, 130, (0..70).step_by(2).collect())]
        {
            let picked = rows.len();
            let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [picked]), &Device::flex());
            assert_agreement(
                &[Input::normal(&[picked, width], 1.0)],
                |x| scatter_rows(x[0].of(), rows.clone(), entries),
                |x| naive::scatter_rows(x[0].of(), rows.clone(), entries),
            );
        }
    }
}
