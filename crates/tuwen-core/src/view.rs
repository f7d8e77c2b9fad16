//! What an encoder is given: clips and texts, masked or clean, aligned or shuffled.

use std::marker::PhantomData;
use std::ops::Range;

use burn::tensor::{Bool, Int, Tensor};

use crate::Pairing;

/// A batch of clips with texts as one forward pass sees them. Masks: true = real, false = padding. The frames and
/// their mask come in together and can't be replaced one without the other.
#[derive(Clone, Debug)]
pub struct ClipTextView<P: Pairing> {
    frame_features: Tensor<3>,
    frame_mask: Tensor<2, Bool>,
    input_ids: Tensor<2, Int>,
    attention_mask: Tensor<2, Bool>,
    pairing: PhantomData<P>,
}

impl<P: Pairing> ClipTextView<P> {
    /// Puts clips and texts together; who calls answers for the pairing.
    ///
    /// # Panics
    /// If the batch, frame or token counts of the four tensors disagree.
    pub fn new(
        (frame_features, frame_mask): (Tensor<3>, Tensor<2, Bool>), // [B, T, D], [B, T]
        (input_ids, attention_mask): (Tensor<2, Int>, Tensor<2, Bool>), // [B, L], [B, L]
    ) -> Self {
        let [batch, frames, _] = frame_features.dims();
        assert_eq!(frame_mask.dims(), [batch, frames], "frame mask and frame features must agree");
        let [texts, length] = input_ids.dims();
        assert_eq!(attention_mask.dims(), [texts, length], "attention mask and input ids must agree");
        assert_eq!(batch, texts, "as many clips as texts");
        Self { frame_features, frame_mask, input_ids, attention_mask, pairing: PhantomData }
    }

    /// Some of the rows, in their order.
    #[must_use]
    pub fn rows(&self, rows: Range<usize>) -> Self {
        let (start, count) = (rows.start, rows.len());
        Self {
            frame_features: self.frame_features.clone().narrow(0, start, count),
            frame_mask: self.frame_mask.clone().narrow(0, start, count),
            input_ids: self.input_ids.clone().narrow(0, start, count),
            attention_mask: self.attention_mask.clone().narrow(0, start, count),
            pairing: PhantomData,
        }
    }

    /// `[B, T, D]`, zero where padded or masked.
    pub fn frame_features(&self) -> Tensor<3> {
        self.frame_features.clone()
    }

    /// `[B, T]`, true = a real frame (masked ones included).
    pub fn frame_mask(&self) -> Tensor<2, Bool> {
        self.frame_mask.clone()
    }

    /// `[B, L]`.
    pub fn input_ids(&self) -> Tensor<2, Int> {
        self.input_ids.clone()
    }

    /// `[B, L]`, true = a real token.
    pub fn attention_mask(&self) -> Tensor<2, Bool> {
        self.attention_mask.clone()
    }
}
