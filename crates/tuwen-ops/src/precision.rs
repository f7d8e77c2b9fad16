//! In which format matrix products are computed: the one place that decides it.

use std::cell::Cell;
use std::fmt;

use burn::tensor::{DType, Tensor};
use serde::{Deserialize, Serialize};

/// The format of the factors of matrix products. Everything else is f32 always: weights and their optimizer, sums, norms,
/// softmax, losses (arXiv:1710.03740; PyTorch's autocast).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 24 bits of mantissa; a card that multiplies by way of TF32 keeps 11.
    #[default]
    F32,
    /// bfloat16: the range of f32 with 8 bits of mantissa. Products are rounded to it, too.
    Bf16,
}

thread_local! {
    static CURRENT: Cell<Precision> = const { Cell::new(Precision::F32) };
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        })
    }
}

impl Precision {
    /// What `run` computes on this thread is computed so, gradients included if `run` goes back too.
    pub fn within<R>(self, run: impl FnOnce() -> R) -> R {
        struct Restore(Precision);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _restore = Restore(CURRENT.replace(self));
        run()
    }

    pub(crate) fn is_reduced() -> bool {
        CURRENT.get() != Self::F32
    }
}

/// As a factor of a product.
pub(crate) fn factor<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if Precision::is_reduced() { tensor.cast(DType::BF16) } else { tensor }
}

/// As everything that is no product has it.
pub(crate) fn whole<const D: usize>(product: Tensor<D>) -> Tensor<D> {
    if Precision::is_reduced() { product.cast(DType::F32) } else { product }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dropout, Linear, attention};
    use burn::tensor::Device;

    /// In bf16 it is 1.
    const NEAR_ONE: f32 = 1.0 + 1.0 / 512.0;

    #[test]
    fn factors_are_rounded_and_weights_are_not() {
        let device = Device::flex().autodiff();
        let linear = Linear::init(1, 1, &device);
        let weight = burn::module::Param::from_tensor(Tensor::from_floats([[NEAR_ONE]], &device));
        let linear = Linear { weight, ..linear };
        let input = Tensor::<2>::from_floats([[1.001_953_125]], &device);
        let gradient = |precision: Precision| {
            precision.within(|| {
                let output = linear.forward(input.clone());
                let slope = linear.weight.val().grad(&output.clone().sum().backward()).unwrap();
                [output.into_scalar::<f32>(), slope.into_scalar::<f32>()]
            })
        };
        assert_eq!(gradient(Precision::Bf16), [1.0, 1.0]);
        assert_eq!(gradient(Precision::F32), [NEAR_ONE.powi(2), NEAR_ONE]);
        assert_eq!(linear.weight.val().dtype(), DType::F32);
    }

    #[test]
    fn the_format_ends_with_its_scope() {
        Precision::Bf16.within(|| {
            assert!(Precision::is_reduced());
            Precision::F32.within(|| assert!(!Precision::is_reduced()));
            assert!(Precision::is_reduced());
        });
        assert!(!Precision::is_reduced());
    }

    #[test]
    fn attention_stays_near_and_gives_f32() {
        let device = Device::flex();
        let states = Tensor::<3>::random([2, 5, 8], burn::tensor::Distribution::Normal(0.0, 1.0), &device);
        let mask = Tensor::from_data([[true, true, true, false, false], [true; 5]], &device);
        let mix = || attention(states.clone(), states.clone(), states.clone(), &mask, 2, (&Dropout::off(), 0.0));
        let (exact, rounded) = (mix(), Precision::Bf16.within(mix));
        assert_eq!(rounded.dtype(), DType::F32);
        let apart = (exact.clone() - rounded).abs().max().into_scalar::<f32>();
        let largest = exact.abs().max().into_scalar::<f32>();
        assert!(apart > 0.0 && apart < 0.02 * largest, "{apart} of {largest}");
    }
}
