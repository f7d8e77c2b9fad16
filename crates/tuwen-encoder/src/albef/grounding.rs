//! Where a text's words and a picture's class token look: the layers with one layer's attention in the open.

use burn::tensor::{Bool, Tensor};
use tuwen_ops::Dropout;

use super::{Albef, ImageMemory};
use crate::Sequence;

impl Albef {
    /// Fused states `[B, L, H]`, and the weights `[B, heads, L, 1 + P]` with which fusion layer number `layer` (from 0) looks
    /// at the images. The weights are a leaf of autodiff: whatever is computed of the states has a gradient with respect to
    /// them. Where there is no such layer, the states alone.
    pub fn fuse_watched(
        &self,
        states: Tensor<3>,      // [B, L, H]
        mask: &Tensor<2, Bool>, // [B, L]
        memory: &ImageMemory,
        layer: usize,
    ) -> (Tensor<3>, Option<Tensor<4>>) {
        let (mut states, mut watched) = (states, None);
        for (number, (block, memory)) in self.fusion_layers.iter().zip(&memory.0).enumerate() {
            if number == layer {
                let (after, weights) = block.forward_watched(states, mask, memory);
                (states, watched) = (after, Some(weights));
            } else {
                states = block.forward(states, &Sequence::from(mask), memory, &Dropout::off());
            }
        }
        (states, watched)
    }

    /// Image states `[B, 1 + P, W]`, and the weights `[B, heads, 1 + P, 1 + P]` of layer number `layer` (from 0) of the image
    /// encoder, as a leaf of autodiff; see [`Vit::forward_watched`](crate::Vit::forward_watched).
    pub fn image_states_watched(&self, pixel_values: Tensor<4>, layer: usize) -> (Tensor<3>, Option<Tensor<4>>) {
        self.vision.forward_watched(pixel_values, layer)
    }
}
