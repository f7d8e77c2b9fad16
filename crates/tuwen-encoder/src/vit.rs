//! The vision transformer (arXiv:2010.11929) as ALBEF uses it: pre-norm, a class token, no dropout.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use tuwen_ops::{INITIALIZER_RANGE, LayerNorm, Linear};

use crate::attention::all_real;
use crate::{BlockConfig, Tape, VisionBlock};

/// The numbers of a vision transformer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VitConfig {
    /// R, the side of a picture in pixels.
    pub image_size: usize,
    /// The side of a patch; it divides R.
    pub patch_size: usize,
    /// W.
    pub hidden_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Heads; they divide W.
    pub num_attention_heads: usize,
    /// Width of the feed-forward part.
    pub intermediate_size: usize,
    /// ε of every norm.
    pub layer_norm_eps: f64,
}

impl VitConfig {
    /// ViT-B/16 at 256 pixels, with ALBEF's pre-training resolution.
    pub fn base() -> Self {
        Self {
            image_size: 256,
            patch_size: 16,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            layer_norm_eps: 1e-6,
        }
    }

    /// Patches of a picture.
    pub fn patches(&self) -> usize {
        (self.image_size / self.patch_size).pow(2)
    }

    /// A fresh encoder.
    pub fn init(&self, device: &Device) -> Vit {
        let Self { patch_size, hidden_size, .. } = *self;
        let normal = burn::tensor::Distribution::Normal(0.0, INITIALIZER_RANGE);
        let block = BlockConfig {
            hidden_size,
            num_attention_heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            layer_norm_eps: self.layer_norm_eps,
            hidden_dropout_prob: 0.0,
            attention_probs_dropout_prob: 0.0,
        };
        Vit {
            patch_projection: Linear::init(3 * patch_size * patch_size, hidden_size, device),
            class_token: Param::from_tensor(Tensor::random([1, hidden_size], normal, device)),
            positions: Param::from_tensor(Tensor::random([1 + self.patches(), hidden_size], normal, device)),
            layers: (0..self.num_hidden_layers).map(|_| block.init_vision(device)).collect(),
            norm: LayerNorm::init(hidden_size, self.layer_norm_eps, device),
            patch_size,
        }
    }
}

/// A picture to one state for the class token and one for each patch.
#[derive(Module, Debug)]
pub struct Vit {
    patch_projection: Linear,
    class_token: Param<Tensor<2>>,
    positions: Param<Tensor<2>>,
    layers: Vec<VisionBlock>,
    norm: LayerNorm,
    #[module(skip)]
    patch_size: usize,
}

impl Vit {
    /// Normalised pixels `[B, 3, R, R]` to `[B, 1 + P, W]`.
    pub fn forward(&self, pixel_values: Tensor<4>) -> Tensor<3> {
        self.forward_on(&Tape::off(), pixel_values)
    }

    /// [`Self::forward`] with its layers on a tape.
    pub fn forward_on<'a>(&'a self, tape: &Tape<'a>, pixel_values: Tensor<4>) -> Tensor<3> {
        let mut states = self.embed(pixel_values);
        let [batch, tokens, _] = states.dims();
        let mask = all_real(batch, tokens, &states.device());
        for layer in &self.layers {
            let mask = mask.clone();
            states = tape.layer(layer, vec![states], move |layer, states| layer.forward(states[0].clone(), &mask));
        }
        self.norm.forward(states)
    }

    /// As [`Self::forward`], and the weights `[B, heads, 1 + P, 1 + P]` of layer number `layer` (from 0), as a leaf of
    /// autodiff: whatever is computed of the states has a gradient with respect to them. Where there is no such layer, the
    /// states alone.
    pub fn forward_watched(&self, pixel_values: Tensor<4>, layer: usize) -> (Tensor<3>, Option<Tensor<4>>) {
        let (mut states, mut watched) = (self.embed(pixel_values), None);
        let [batch, tokens, _] = states.dims();
        let mask = all_real(batch, tokens, &states.device());
        for (number, block) in self.layers.iter().enumerate() {
            if number == layer {
                let (after, weights) = block.forward_watched(states);
                (states, watched) = (after, Some(weights));
            } else {
                states = block.forward(states, &mask);
            }
        }
        (self.norm.forward(states), watched)
    }

    /// What goes into the first layer, `[B, 1 + P, W]`.
    fn embed(&self, pixel_values: Tensor<4>) -> Tensor<3> {
        let projected = self.patch_projection.forward(unfold(pixel_values, self.patch_size)); // [B, P, W]
        let [batch, _, width] = projected.dims();
        let class = self.class_token.val().unsqueeze::<3>().expand([batch, 1, width]);
        Tensor::cat(vec![class, projected], 1) + self.positions.val().unsqueeze::<3>()
    }
}

/// `[B, 3, R, R]` to patches `[B, P, 3·p·p]`, row after row, the values of a patch in the order channel, row, column: a
/// convolution with stride p is then a linear map.
fn unfold(pixels: Tensor<4>, patch: usize) -> Tensor<3> {
    let [batch, channels, height, width] = pixels.dims();
    let (rows, columns) = (height / patch, width / patch);
    pixels.reshape([batch, channels, rows, patch, columns, patch]).permute([0, 2, 4, 1, 3, 5]).reshape([
        batch,
        rows * columns,
        channels * patch * patch,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_cut_in_reading_order() {
        let pixels = Tensor::<1, burn::tensor::Int>::arange(0..48, &Device::flex()).float().reshape([1, 3, 4, 4]);
        let patches: Vec<f32> = unfold(pixels, 2).narrow(1, 1, 1).try_into_vec_as().unwrap();
        // The upper right patch: columns 2 and 3 of rows 0 and 1 of each channel of 16 pixels.
        let expected = [0.0, 16.0, 32.0].map(|c| [2.0, 3.0, 6.0, 7.0].map(|pixel| c + pixel)).concat();
        assert_eq!(patches, expected);
    }

    #[test]
    fn a_state_for_the_class_and_for_each_patch() {
        let config =
            VitConfig { image_size: 8, patch_size: 4, hidden_size: 6, num_hidden_layers: 1, ..VitConfig::base() };
        let config = VitConfig { num_attention_heads: 2, intermediate_size: 12, ..config };
        let states = config.init(&Device::flex()).forward(Tensor::ones([2, 3, 8, 8], &Device::flex()));
        assert_eq!(states.dims(), [2, 1 + 4, 6]);
    }
}
