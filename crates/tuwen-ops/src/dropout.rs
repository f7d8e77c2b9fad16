//! Dropout whose mask is a function of a key and a position, not of a generator's state.

use burn::tensor::{Tensor, TensorData};
use tuwen_random::{Draws, Stream};

const DROPOUT: Stream = Stream::named("ops.dropout");

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

    /// Whether [`Dropout::apply`] at this rate would change anything.
    pub fn drops(&self, rate: f64) -> bool {
        self.state.is_some() && rate > 0.0
    }

    /// Sets each element to 0 with probability `rate` and divides the others by `1 − rate`.
    pub fn apply<const D: usize>(&self, input: Tensor<D>, rate: f64) -> Tensor<D> {
        let Some(State { seed, step, site }) = self.state else { return input };
        if rate <= 0.0 {
            return input;
        }
        let draws = Draws::new(seed, DROPOUT, step, site);
        let shape = input.shape();
        let mask = TensorData::new(mask(&draws, rate, shape.num_elements()), shape);
        let device = input.device().inner();
        input * Tensor::from_data(mask, &device)
    }
}

fn mask(draws: &Draws, rate: f64, length: usize) -> Vec<f32> {
    let threshold = (rate * f64::from(u32::MAX)) as u32;
    let kept = (1.0 / (1.0 - rate)) as f32;
    let mut values = Vec::with_capacity(length.next_multiple_of(4));
    for position in 0..length.div_ceil(4) {
        values.extend(draws.block(position as u64).map(|bits| if bits >= threshold { kept } else { 0.0 }));
    }
    values.truncate(length);
    values
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
