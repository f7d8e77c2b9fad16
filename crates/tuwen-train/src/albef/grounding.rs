//! Where each word of a held-out caption looks at its picture when both are matched.

use burn::tensor::Tensor;

use super::downstream::{Texts, match_maps};
use super::{AlbefPretraining, Batch};

/// The maps of all words, `[B, L, P]` over the picture's patches; nothing where autodiff gives none. The layer is the middle
/// one: the third of six, as in the paper.
pub fn word_maps(model: &AlbefPretraining, batch: &Batch) -> Option<Tensor<3>> {
    let layer = model.encoder.config().text.fusion_layers.saturating_sub(1) / 2;
    let texts = Texts { input_ids: batch.input_ids.clone(), attention_mask: batch.attention_mask.clone() };
    match_maps(model, batch.pixel_values.clone(), &texts, layer)
}
