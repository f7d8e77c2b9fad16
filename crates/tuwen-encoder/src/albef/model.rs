//! The forward passes of ALBEF: each stream alone, their features, and their fusion.

use burn::module::Module;
use burn::tensor::{Bool, Int, Tensor};
use tuwen_ops::{Dropout, Linear};

use super::AlbefConfig;
use crate::{Block, FusionBlock, KeyValue, Sequence, TextEmbeddings, Vit};

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
pub struct ImageMemory(Vec<KeyValue>);

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
    /// Normalised pixels `[B, 3, R, R]` to `[B, 1 + P, W]`.
    pub fn image_states(&self, pixel_values: Tensor<4>) -> Tensor<3> {
        self.vision.forward(pixel_values)
    }

    /// Ids `[B, L]` to `[B, L, H]`, text alone. States of padding mean nothing.
    pub fn text_states(&self, ids: Tensor<2, Int>, sequence: impl Into<Sequence>, dropout: &Dropout) -> Tensor<3> {
        let text = &self.config.text;
        let embedding_dropout = (&dropout.at(0), text.hidden_dropout_prob);
        let sequence = sequence.into();
        let mut states = sequence.pack(self.text_embeddings.forward(ids, text.frozen_word, embedding_dropout));
        for (index, layer) in self.text_layers.iter().enumerate() {
            states = layer.forward(states, &sequence, &dropout.at(1 + index as u64));
        }
        sequence.unpack(states)
    }

    /// `[B, 1 + P, W]` to unit features `[B, E]` of the class token.
    pub fn image_features(&self, states: &Tensor<3>) -> Tensor<2> {
        unit(self.vision_projection.forward(first(states)))
    }

    /// `[B, L, H]` to unit features `[B, E]` of `[CLS]`.
    pub fn text_features(&self, states: &Tensor<3>) -> Tensor<2> {
        unit(self.text_projection.forward(first(states)))
    }

    /// Image tokens `[B, 1 + P, W]` as keys and values for every fusion layer.
    pub fn image_memory(&self, states: &Tensor<3>) -> ImageMemory {
        ImageMemory(self.fusion_layers.iter().map(|layer| layer.project(states.clone())).collect())
    }

    /// Text states `[B, L, H]` and images to fused states `[B, L, H]`.
    pub fn fuse(
        &self,
        states: Tensor<3>, // [B, L, H]
        sequence: impl Into<Sequence>,
        memory: &ImageMemory,
        dropout: &Dropout,
    ) -> Tensor<3> {
        let sequence = sequence.into();
        let below = self.fuse_below(states, sequence.clone(), memory.below(), dropout);
        self.fuse_last(below, sequence, memory.last(), dropout)
    }

    /// All fusion layers but the last.
    pub fn fuse_below(
        &self,
        mut states: Tensor<3>, // [B, L, H]
        sequence: impl Into<Sequence>,
        memory: &[KeyValue],
        dropout: &Dropout,
    ) -> Tensor<3> {
        let sequence = sequence.into();
        states = sequence.pack(states);
        for (index, (layer, memory)) in self.fusion_layers.iter().zip(memory).enumerate() {
            states = layer.forward(states, &sequence, memory, &dropout.at(index as u64));
        }
        sequence.unpack(states)
    }

    /// The last fusion layer.
    pub fn fuse_last(
        &self,
        states: Tensor<3>, // [B, L, H]
        sequence: impl Into<Sequence>,
        memory: &KeyValue,
        dropout: &Dropout,
    ) -> Tensor<3> {
        let last = self.fusion_layers.len() - 1;
        let sequence = sequence.into();
        let packed = sequence.pack(states);
        sequence.unpack(self.fusion_layers[last].forward(packed, &sequence, memory, &dropout.at(last as u64)))
    }

    /// The last fusion layer for `[CLS]` alone, `[B, H]`: all that matching reads of it.
    pub fn fuse_last_cls(
        &self,
        states: Tensor<3>,      // [B, L, H]
        mask: &Tensor<2, Bool>, // [B, L]
        memory: &KeyValue,
        dropout: &Dropout,
    ) -> Tensor<2> {
        let last = self.fusion_layers.len() - 1;
        first(&self.fusion_layers[last].forward_first(states, mask, memory, 1, &dropout.at(last as u64)))
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
