//! Exponential moving averages, as a momentum encoder is one of the encoder that learns.

use burn::tensor::Tensor;

use crate::flex::{Operand, Owned};
use crate::kernels::moving_average as kernel;
use crate::naive;

/// `average ← momentum·average + (1 − momentum)·value`, outside of autodiff (He et al., arXiv:1911.05722, eq. 2). Where
/// nobody else holds the average, it is changed in place.
///
/// This is a pass of its own and no part of [`crate::adamw_step`]: a momentum encoder moves before it is asked, at the
/// beginning of a step, also after a step in which no weight moved.
pub fn moving_average<const D: usize>(average: Tensor<D>, value: Tensor<D>, momentum: f64) -> Tensor<D> {
    let value = value.inner();
    let fits = average.dims() == value.dims() && Owned::fits(&average);
    let Some(value) = Operand::of(&value).filter(|_| fits) else {
        return naive::moving_average(average, value, momentum);
    };
    let mut average = Owned::take(average);
    kernel::step(average.values(), &value.values, [momentum, 1.0 - momentum].map(|share| share as f32));
    average.into_tensor()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_same_results};

    #[test]
    fn a_quarter_of_the_way_by_hand() {
        let device = burn::tensor::Device::flex();
        let average = Tensor::<1>::from_floats([6.0, -1.0], &device);
        let value = Tensor::<1>::from_floats([2.0, 3.0], &device).autodiff();
        let moved: Vec<f32> = moving_average(average, value, 0.75).try_into_vec_as().unwrap();
        assert_eq!(moved, [0.75 * 6.0 + 0.25 * 2.0, 0.25 * 3.0 - 0.75]);
    }

    #[test]
    fn agrees_with_the_composition() {
        for length in [1, 17, 40_001] {
            let inputs = [Input::normal(&[length], 1.0), Input::normal(&[length], 2.0)];
            for momentum in [0.0, 0.3, 0.995, 1.0] {
                let values = |tensor: Tensor<1>| vec![tensor.try_into_vec_as().unwrap()];
                assert_same_results(
                    &inputs,
                    |x| values(moving_average(x[0].tensor(), x[1].tensor(), momentum)),
                    |x| values(naive::moving_average(x[0].tensor(), x[1].tensor(), momentum)),
                );
            }
        }
    }

    #[test]
    fn it_moves_in_place_unless_somebody_else_holds_it() {
        let address = |tensor: &Tensor<1>| Operand::of(tensor).map(|operand| operand.values.as_ptr());
        let device = burn::tensor::Device::flex();
        let (average, value) = (Tensor::<1>::zeros([100], &device), Tensor::<1>::ones([100], &device));
        let before = address(&average);
        let average = moving_average(average, value.clone(), 0.5);
        assert_eq!(address(&average), before);
        let held = average.clone();
        let moved = moving_average(average, value, 0.5);
        assert_eq!([held, moved].map(|tensor| tensor.mean().into_scalar::<f32>()), [0.5, 0.75]);
    }
}
