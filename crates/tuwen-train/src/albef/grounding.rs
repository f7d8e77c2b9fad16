//! Grad-CAM of the fusion layers (ALBEF, arXiv:2107.07651, section 6 and figure 4): where each word of a caption looks at its
//! picture when both are matched.
//!
//! `map = meanₕ( A ⊙ max(0, ∂s/∂A) )`: A the weights of a layer's cross-attention, s the logit of a match.

use burn::module::Module as _;
use burn::tensor::{Tensor, activation::relu};
use tuwen_itm::match_scores;
use tuwen_ops::Dropout;

use super::{AlbefPretraining, Batch};

/// The maps of all words, `[B, L, P]` over the picture's patches; nothing where autodiff gives none. The layer is the middle
/// one: the third of six, as in the paper.
pub fn word_maps(model: &AlbefPretraining, batch: &Batch) -> Option<Tensor<3>> {
    let model = model.clone().train(); // gradients need autodiff, which a model that is tested has switched off
    let encoder = &model.encoder;
    let layer = encoder.config().text.fusion_layers.saturating_sub(1) / 2;
    let memory = encoder.image_memory(&encoder.image_states(batch.pixel_values.clone()));
    let texts = encoder.text_states(batch.input_ids.clone(), &batch.attention_mask, &Dropout::off());
    let (fused, weights) = encoder.fuse_watched(texts, &batch.attention_mask, &memory, layer);
    let [size, _, hidden] = fused.dims();
    let matching = model.itm.forward(fused.narrow(1, 0, 1).reshape([size, hidden]));
    // Each pair's score depends on its own weights alone, so one sum gives the gradients of all.
    let gradients = match_scores(matching).sum().backward();
    let weights = weights?;
    let slopes = weights.grad(&gradients)?;
    let maps = (weights.inner() * relu(slopes)).mean_dim(1).squeeze_dim::<3>(1); // [B, L, 1 + P]
    let patches = maps.dims()[2] - 1;
    Some(maps.narrow(2, 1, patches))
}
