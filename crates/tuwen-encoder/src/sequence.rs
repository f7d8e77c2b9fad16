//! Which positions of a padded batch a layer computes: all of them, or the real ones alone.

use burn::tensor::{Bool, Int, Tensor, TensorData};
use tuwen_ops::{scatter_rows, select_rows};

/// Which of its positions a sequence's self-attention looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// All of them.
    BothWays,
    /// Its own and those before it.
    Causal,
}

/// A mask `[B, S]`, and how its padding is treated.
#[derive(Clone, Debug)]
pub struct Sequence {
    mask: Tensor<2, Bool>,
    order: Order,
    /// Where the real positions are among the B·S, if they alone are computed.
    real: Option<Tensor<1, Int>>,
}

impl From<&Tensor<2, Bool>> for Sequence {
    /// Every position is computed, padding too.
    fn from(mask: &Tensor<2, Bool>) -> Self {
        Self { mask: mask.clone(), order: Order::BothWays, real: None }
    }
}

impl Sequence {
    /// Only real positions are computed: their states stand one after the other, `[1, T, H]`. Nobody attends to padding, so
    /// theirs stay the same. The mask is read back for it. A mask without a real position is computed whole.
    pub fn real_only(mask: &Tensor<2, Bool>) -> Self {
        let flags = mask.to_data();
        let places: Vec<i32> =
            (0_i32..).zip(flags.iter::<bool>()).filter_map(|(place, real)| real.then_some(place)).collect();
        let [batch, length] = mask.dims();
        let partly = !places.is_empty() && places.len() < batch * length;
        let count = places.len();
        let real = partly.then(|| Tensor::from_data(TensorData::new(places, [count]), &mask.device()));
        Self { mask: mask.clone(), order: Order::BothWays, real }
    }

    /// The same positions, none of which looks at those behind it.
    #[must_use]
    pub fn causal(self) -> Self {
        Self { order: Order::Causal, ..self }
    }

    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// `[B, S]`, true where real.
    pub fn mask(&self) -> &Tensor<2, Bool> {
        &self.mask
    }

    /// `[B, S, H]` to what the layers compute on: `[1, T, H]`, or the same if every position is computed.
    pub fn pack(&self, states: Tensor<3>) -> Tensor<3> {
        let Some(real) = &self.real else { return states };
        let [batch, length, hidden] = states.dims();
        select_rows(states.reshape([batch * length, hidden]), real.clone()).unsqueeze()
    }

    /// The way back, `[B, S, H]`, with zeros where there is padding.
    pub fn unpack(&self, states: Tensor<3>) -> Tensor<3> {
        let Some(real) = &self.real else { return states };
        let ([batch, length], [_, count, hidden]) = (self.mask.dims(), states.dims());
        scatter_rows(states.reshape([count, hidden]), real.clone(), batch * length).reshape([batch, length, hidden])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn mask(real: [[bool; 3]; 2]) -> Tensor<2, Bool> {
        Tensor::from_data(real, &Device::flex())
    }

    #[test]
    fn padding_is_left_out_and_comes_back_as_zeros() {
        let sequence = Sequence::real_only(&mask([[true, true, false], [true, false, false]]));
        let states = Tensor::<3>::from_floats([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]], &Device::flex());
        let packed = sequence.pack(states);
        assert_eq!(packed.dims(), [1, 3, 1]);
        let back = sequence.unpack(packed).try_into_vec_as::<f32>().unwrap();
        assert_eq!(back, [1.0, 2.0, 0.0, 4.0, 0.0, 0.0]);
    }

    #[test]
    fn without_padding_and_without_anything_real_nothing_moves() {
        for real in [true, false] {
            let sequence = Sequence::real_only(&mask([[real; 3]; 2]));
            let states = Tensor::<3>::ones([2, 3, 4], &Device::flex());
            assert_eq!(sequence.pack(states).dims(), [2, 3, 4]);
        }
    }
}
