//! Texts on a device.

use burn::tensor::{Bool, Device, Int, Tensor};
use tuwen_text::TextInput;

use crate::albef::batch::text_tensors;

/// Ids and which of them are real.
#[derive(Clone, Debug)]
pub struct Texts {
    /// `[B, L]`.
    pub input_ids: Tensor<2, Int>,
    /// `[B, L]`, true = real.
    pub attention_mask: Tensor<2, Bool>,
}

impl Texts {
    /// Of `texts`, at least one; shorter ones are filled up to the longest with `pad`.
    pub fn new(texts: &[&TextInput], pad: u32, device: &Device) -> Self {
        let (input_ids, attention_mask) = text_tensors(texts, pad, device);
        Self { input_ids, attention_mask }
    }
}
