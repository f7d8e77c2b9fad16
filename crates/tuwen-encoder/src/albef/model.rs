//! The forward passes of ALBEF: each stream alone, their features, and their fusion.

use burn::module::Module;
use burn::tensor::{Bool, Int, Tensor};
use tuwen_ops::{Dropout, Linear};

use super::{AlbefConfig, AlbefOnTape, TextPooling};
use crate::{Block, FusionBlock, KeyValue, Sequence, Tape, TextEmbeddings, Vit, mean_pooling};

/// The two-stream encoder.
#[derive(Module, Debug)]
pub struct Albef {
    pub(super) vision: Vit,
    pub(super) text_embeddings: TextEmbeddings,
    pub(super) text_layers: Vec<Block>,
    pub(super) fusion_layers: Vec<FusionBlock>,
    pub(super) vision_projection: Linear,
    pub(super) text_projection: Linear,
    #[module(skip)]
    pub(super) config: AlbefConfig,
}

/// An image as the fusion layers read it: keys and values for each of them, the lowest first.
#[derive(Clone, Debug)]
pub struct ImageMemory(pub(super) Vec<KeyValue>);

impl ImageMemory {
    /// For all layers but the last.
    pub fn below(&self) -> &[KeyValue] {
        &self.0[..self.0.len() - 1]
    }

    /// For the last layer.
    pub fn last(&self) -> &KeyValue {
        &self.0[self.0.len() - 1]
    }

    /// The images of the batch in another order, or some of them several times.
    pub fn select(&self, rows: &Tensor<1, Int>) -> Self {
        Self(self.0.iter().map(|layer| layer.select(rows.clone())).collect())
    }
}

impl Albef {
    /// Its forward passes with their layers on `tape`.
    pub fn on<'a, 't>(&'a self, tape: &'t Tape<'a>) -> AlbefOnTape<'a, 't> {
        AlbefOnTape { encoder: self, tape }
    }

    /// Normalised pixels `[B, 3, R, R]` to `[B, 1 + P, W]`.
    pub fn image_states(&self, pixel_values: Tensor<4>) -> Tensor<3> {
        self.on(&Tape::off()).image_states(pixel_values)
    }

    /// Ids `[B, L]` to `[B, L, H]`, text alone. States of padding mean nothing.
    pub fn text_states(&self, ids: Tensor<2, Int>, sequence: impl Into<Sequence>, dropout: &Dropout) -> Tensor<3> {
        self.on(&Tape::off()).text_states(ids, sequence, dropout)
    }

    /// `[B, 1 + P, W]` to unit features `[B, E]` of the class token.
    pub fn image_features(&self, states: &Tensor<3>) -> Tensor<2> {
        unit(self.vision_projection.forward(first(states)))
    }

    /// `[B, L, H]` to unit features `[B, E]`, of `[CLS]` or of the mean of the real positions ([`TextPooling`]).
    pub fn text_features(
        &self,
        states: &Tensor<3>,     // [B, L, H]
        mask: &Tensor<2, Bool>, // [B, L]
    ) -> Tensor<2> {
        let pooled = match self.config.text_pooling {
            TextPooling::Cls => first(states),
            TextPooling::Mean => mean_pooling(states.clone(), Some(mask.clone())),
        };
        unit(self.text_projection.forward(pooled))
    }

    /// Image tokens `[B, 1 + P, W]` as keys and values for every fusion layer.
    pub fn image_memory(&self, states: &Tensor<3>) -> ImageMemory {
        self.on(&Tape::off()).image_memory(states)
    }

    /// Text states `[B, L, H]` and images to fused states `[B, L, H]`.
    pub fn fuse(
        &self,
        states: Tensor<3>, // [B, L, H]
        sequence: impl Into<Sequence>,
        memory: &ImageMemory,
        dropout: &Dropout,
    ) -> Tensor<3> {
        self.on(&Tape::off()).fuse(states, sequence, memory, dropout)
    }

    /// The map from an image's class token to the shared space.
    pub fn vision_projection(&self) -> &Linear {
        &self.vision_projection
    }

    /// The word table `[V, H]`, which the MLM decoder shares.
    pub fn word_table(&self) -> Tensor<2> {
        self.text_embeddings.word_table()
    }

    /// The numbers it was made with.
    pub fn config(&self) -> &AlbefConfig {
        &self.config
    }
}

/// The state of the first position, `[B, H]`.
pub(super) fn first(states: &Tensor<3>) -> Tensor<2> {
    let [batch, _, hidden] = states.dims();
    states.clone().narrow(1, 0, 1).reshape([batch, hidden])
}

/// Rows of length 1. The smallest norm is PyTorch's 1e-12, inside the root so that a zero row has a gradient.
fn unit(rows: Tensor<2>) -> Tensor<2> {
    let norm = rows.clone().powi_scalar(2).sum_dim(1).add_scalar(1e-24).sqrt();
    rows / norm
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::albef::config::small;
    use crate::initialise;

    #[test]
    fn a_text_is_read_by_its_first_state_or_by_the_mean_of_the_real_ones() {
        let (mut config, device) = (small([1, 1]), Device::flex());
        config.text.hidden_size = 2;
        let mask = Tensor::<2, Bool>::from_data([[true, true, false]], &device);
        let states = Tensor::<3>::from_floats([[[1.0, 4.0], [3.0, -2.0], [50.0, 60.0]]], &device); // the last is padding
        let mut features = |text_pooling, states: &Tensor<3>, mask: &Tensor<2, Bool>| {
            config.text_pooling = text_pooling;
            initialise(config.init(&device), 0.5, 1).text_features(states, mask).try_into_vec_as::<f32>().unwrap()
        };
        let alone = |state: [f32; 2]| Tensor::<3>::from_floats([[state]], &device);
        let one = Tensor::<2, Bool>::from_data([[true]], &device);
        let of_first = features(TextPooling::Cls, &alone([1.0, 4.0]), &one);
        let of_mean = features(TextPooling::Cls, &alone([2.0, 1.0]), &one);
        assert_ne!(of_first, of_mean);
        assert_eq!(features(TextPooling::Cls, &states, &mask), of_first);
        assert_eq!(features(TextPooling::Mean, &states, &mask), of_mean);
    }
}
