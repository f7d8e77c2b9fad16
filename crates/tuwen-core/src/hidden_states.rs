//! Hidden states that know whether the two modalities they were computed from belong together.

use std::marker::PhantomData;

use burn::tensor::{Int, Tensor};

/// Whether clip and text of each row belong together. Sealed: [`Aligned`] and [`Shuffled`] are all there is.
pub trait Pairing: sealed::Sealed + Copy + std::fmt::Debug + Send + 'static {}

/// Every row holds a clip with its own text.
#[derive(Clone, Copy, Debug)]
pub struct Aligned;

/// Some rows hold a clip with the text of another.
#[derive(Clone, Copy, Debug)]
pub struct Shuffled;

impl Pairing for Aligned {}
impl Pairing for Shuffled {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Aligned {}
    impl Sealed for super::Shuffled {}
}

/// An encoder's last hidden states `[B, S, H]` over a pairing `P`.
#[derive(Clone, Debug)]
pub struct HiddenStates<P: Pairing> {
    states: Tensor<3>,
    pairing: PhantomData<P>,
}

impl<P: Pairing> HiddenStates<P> {
    /// Hidden states `[B, S, H]` of anybody's encoder; who calls answers for the pairing.
    pub fn new(states: Tensor<3>) -> Self {
        Self { states, pairing: PhantomData }
    }

    /// `[B, S, H]`.
    pub fn tensor(&self) -> Tensor<3> {
        self.states.clone()
    }

    /// The states at `rows` `[M]` of the `B·S` positions, sequence after sequence: `[M, H]`.
    pub fn rows(&self, rows: Tensor<1, Int>) -> Tensor<2> {
        let [batch, length, hidden] = self.states.dims();
        self.states.clone().reshape([batch * length, hidden]).select(0, rows)
    }

    /// The states at one position of every sequence, `[B, H]`.
    pub fn at(&self, position: usize) -> Tensor<2> {
        let [batch, _, hidden] = self.states.dims();
        self.states.clone().narrow(1, position, 1).reshape([batch, hidden])
    }
}

impl HiddenStates<Shuffled> {
    /// Passes shuffled states off as aligned, which is what the QQ reference does when it shuffles clips in the batch
    /// that its other tasks read too. Only `compat = "seed"` may call this.
    pub fn pretend_aligned_as_seed_does(self) -> HiddenStates<Aligned> {
        HiddenStates::new(self.states)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn rows_count_through_the_sequences() {
        let states = Tensor::<1, Int>::arange(0..12, &Device::flex()).float().reshape([2, 3, 2]);
        let states = HiddenStates::<Aligned>::new(states);
        let rows: Vec<f32> = states.rows(Tensor::from_ints([0, 4], &Device::flex())).try_into_vec_as().unwrap();
        assert_eq!(rows, [0.0, 1.0, 8.0, 9.0]); // sequence 0 position 0, sequence 1 position 1
        assert_eq!(states.at(2).try_into_vec_as::<f32>().unwrap(), [4.0, 5.0, 10.0, 11.0]);
    }
}
