//! Grad-CAM of a trained model: where each word looks when picture and text are matched, and where the picture's class
//! token looks when both are compared (ALBEF, arXiv:2107.07651, section 6; `Grounding.py` of salesforce/ALBEF).

use burn::module::Module as _;
use burn::tensor::Tensor;
use tuwen_downstream::grounding::grad_cam;
use tuwen_itm::match_scores;
use tuwen_ops::Dropout;

use super::Texts;
use crate::albef::AlbefPretraining;

/// The maps of all words in fusion layer number `layer` (from 0), `[B, L, P]` over the patches, of the match logit; nothing
/// where there is no such layer or autodiff gives no gradient. ALBEF grounds with the third of six.
pub fn match_maps(
    model: &AlbefPretraining,
    pixel_values: Tensor<4>, // [B, 3, R, R]
    texts: &Texts,
    layer: usize,
) -> Option<Tensor<3>> {
    let model = model.clone().train(); // gradients need autodiff, which a model that is tested has switched off
    let (encoder, mask) = (&model.encoder, &texts.attention_mask);
    let memory = encoder.image_memory(&encoder.image_states(pixel_values));
    let states = encoder.text_states(texts.input_ids.clone(), mask, &Dropout::off());
    let (fused, weights) = encoder.fuse_watched(states, mask, &memory, layer);
    let [batch, _, hidden] = fused.dims();
    let matching = model.itm.forward(fused.narrow(1, 0, 1).reshape([batch, hidden]));
    // Each pair's score depends on its own weights alone, so one sum gives the gradients of all.
    let gradients = match_scores(matching).sum().backward();
    let weights = weights?;
    let slopes = weights.grad(&gradients)?;
    let maps = grad_cam(weights.inner(), slopes); // [B, L, 1 + P]
    let patches = maps.dims()[2] - 1;
    Some(maps.narrow(2, 1, patches))
}

/// The map of the class token in layer number `layer` (from 0) of the image encoder, `[B, P]`, of cosine / τ; nothing where
/// there is no such layer or autodiff gives no gradient.
pub fn similarity_map(
    model: &AlbefPretraining,
    pixel_values: Tensor<4>, // [B, 3, R, R]
    texts: &Texts,
    layer: usize,
) -> Option<Tensor<2>> {
    let model = model.clone().train();
    let encoder = &model.encoder;
    let states = encoder.text_states(texts.input_ids.clone(), &texts.attention_mask, &Dropout::off());
    let (images, weights) = encoder.image_states_watched(pixel_values, layer);
    let texts = encoder.text_features(&states, &texts.attention_mask);
    let cosines = (encoder.image_features(&images) * texts).sum_dim(1); // [B, 1]
    let gradients = (cosines / model.temperature.val().unsqueeze_dim::<2>(0)).sum().backward();
    let weights = weights?;
    let slopes = weights.grad(&gradients)?;
    let maps = grad_cam(weights.inner().narrow(2, 0, 1), slopes.narrow(2, 0, 1)).squeeze_dim::<2>(1); // [B, 1 + P]
    let patches = maps.dims()[1] - 1;
    Some(maps.narrow(1, 1, patches))
}
