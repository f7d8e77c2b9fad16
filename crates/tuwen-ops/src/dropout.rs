//! Dropout whose mask is a function of a key and a position, not of a generator's state.

use burn::tensor::Tensor;
use tuwen_random::Stream;

use crate::flex::{Operand, record};
use crate::kernels::dropout::{self as kernel, Mask};
use crate::naive;

pub(crate) const DROPOUT: Stream = Stream::named("ops.dropout");

/// Whether to drop, how much, and where the mask comes from. A forward pass gets one and hands a child of it to every
/// place that drops ([`Dropout::at`]), so that two places never share a mask and a repeated step repeats its masks.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    state: Option<State>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    seed: u64,
    step: u64,
    site: u64,
}

impl Dropout {
    /// No dropout: evaluation.
    pub const fn off() -> Self {
        Self { state: None }
    }

    /// The masks of training step `step` under `seed`.
    pub const fn training(seed: u64, step: u64) -> Self {
        Self { state: Some(State { seed, step, site: 0 }) }
    }

    /// The child at place `index` of the caller: a layer of the stack, or one of a layer's own places. Children of
    /// different parents or indices differ (up to 4095 places to a parent, five levels deep).
    #[must_use]
    pub const fn at(&self, index: u64) -> Self {
        match self.state {
            Some(State { seed, step, site }) => {
                Self { state: Some(State { seed, step, site: site << 12 | (index + 1) }) }
            }
            None => Self { state: None },
        }
    }

    /// Sets each element to 0 with probability `rate` and divides the others by `1 − rate`.
    pub fn apply<const D: usize>(&self, input: Tensor<D>, rate: f64) -> Tensor<D> {
        let Some(mask) = self.mask(rate) else { return input };
        let Some(x) = Operand::of(&input) else { return naive::dropout(input, self, rate) };
        let output = kernel::apply(&x.values, &mask);
        record([&x], output, input.dims(), move |gradient, _| [Some(kernel::apply(gradient, &mask).into())])
    }

    /// Seed, step and site; nothing if nothing is dropped.
    pub(crate) fn place(&self) -> Option<[u64; 3]> {
        self.state.map(|State { seed, step, site }| [seed, step, site])
    }

    /// The mask as the kernels know it; nothing if nothing is dropped.
    pub(crate) fn mask(&self, rate: f64) -> Option<Mask> {
        let [seed, step, site] = self.place()?;
        (rate > 0.0).then(|| Mask::new(seed, DROPOUT.id(), step, site, rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_agreement};
    use burn::tensor::Device;

    fn dropped(dropout: &Dropout) -> Vec<f32> {
        dropout.apply(Tensor::<1>::ones([40_000], &Device::flex()), 0.1).try_into_vec_as().unwrap()
    }

    #[test]
    fn a_tenth_is_dropped_and_the_rest_is_scaled() {
        let values = dropped(&Dropout::training(1, 2));
        let zeros = values.iter().filter(|&&v| v == 0.0).count() as f64;
        // Binomial: mean 4000, standard deviation 60.
        assert!((zeros - 4000.0).abs() < 5.0 * 60.0, "{zeros} of 40000");
        assert!(values.iter().all(|&v| v == 0.0 || v == 1.0 / 0.9));
    }

    #[test]
    fn same_place_same_mask() {
        let step = Dropout::training(1, 2);
        assert_eq!(dropped(&step.at(3).at(0)), dropped(&step.at(3).at(0)));
        assert_ne!(dropped(&step.at(3).at(0)), dropped(&step.at(3).at(1)));
        assert_ne!(dropped(&step.at(3).at(0)), dropped(&step.at(0).at(3)));
        assert_ne!(dropped(&step), dropped(&Dropout::training(1, 3)));
    }

    #[test]
    fn off_is_the_identity() {
        assert!(dropped(&Dropout::off().at(1)).iter().all(|&v| v == 1.0));
    }

    #[test]
    fn agrees_with_the_composition() {
        let dropout = Dropout::training(5, 6).at(7).at(8);
        for (dims, rate) in [(vec![1, 1], 0.5), (vec![3, 7], 0.1), (vec![130, 257], 0.9)] {
            assert_agreement(
                &[Input::normal(&dims, 1.0)],
                |x| dropout.apply(x[0].of::<2>(), rate),
                |x| naive::dropout(x[0].of::<2>(), &dropout, rate),
            );
        }
    }
}
