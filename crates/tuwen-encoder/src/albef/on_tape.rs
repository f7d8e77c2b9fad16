//! ALBEF's passes through its layers, each layer on a tape.

use burn::tensor::{Bool, Int, Tensor};
use tuwen_ops::Dropout;

use super::model::first;
use super::{Albef, ImageMemory};
use crate::{FusionBlock, KeyValue, Sequence, Tape};

/// The encoder, and what remembers or recomputes its layers. Its methods are those of [`Albef`].
#[derive(Clone, Copy)]
pub struct AlbefOnTape<'a, 't> {
    /// Whose layers they are.
    pub encoder: &'a Albef,
    /// Where they are recorded.
    pub tape: &'t Tape<'a>,
}

impl<'a> AlbefOnTape<'a, '_> {
    /// Passes that are computed again as a whole where the tape says so; see [`Tape::tower`].
    pub fn tower(
        self,
        inputs: Vec<Tensor<3>>,
        forward: impl for<'m, 't> Fn(AlbefOnTape<'m, 't>, &[Tensor<3>]) -> Vec<Tensor<3>> + 'a,
    ) -> Vec<Tensor<3>> {
        self.tape.tower(self.encoder, inputs, move |encoder, tape, inputs| forward(encoder.on(tape), inputs))
    }

    /// The parts of a batch as one; a leaf where anything is recomputed.
    pub fn joined(self, parts: Vec<Tensor<3>>) -> Tensor<3> {
        self.tape.cut(Tensor::cat(parts, 0))
    }

    /// Normalised pixels `[B, 3, R, R]` to `[B, 1 + P, W]`.
    pub fn image_states(self, pixel_values: Tensor<4>) -> Tensor<3> {
        self.tape.cut(self.encoder.vision.forward_on(self.tape, pixel_values))
    }

    /// Ids `[B, L]` to `[B, L, H]`, text alone. States of padding mean nothing.
    pub fn text_states(self, ids: Tensor<2, Int>, sequence: impl Into<Sequence>, dropout: &Dropout) -> Tensor<3> {
        let Albef { text_embeddings, text_layers, config, .. } = self.encoder;
        let embedding_dropout = (&dropout.at(0), config.text.hidden_dropout_prob);
        let sequence = sequence.into();
        let mut states = sequence.pack(text_embeddings.forward(ids, config.text.frozen_word, embedding_dropout));
        for (index, layer) in text_layers.iter().enumerate() {
            let (sequence, dropout) = (sequence.clone(), dropout.at(1 + index as u64));
            states = self
                .tape
                .layer(layer, vec![states], move |layer, states| layer.forward(states[0].clone(), &sequence, &dropout));
        }
        self.tape.cut(sequence.unpack(states))
    }

    /// Image tokens `[B, 1 + P, W]` as keys and values for every fusion layer.
    pub fn image_memory(self, states: &Tensor<3>) -> ImageMemory {
        let layers = self.encoder.fusion_layers.iter();
        ImageMemory(
            layers
                .map(|layer| {
                    let [key, value] = layer.project(states.clone()).tensors();
                    KeyValue::new(self.tape.cut(key), self.tape.cut(value))
                })
                .collect(),
        )
    }

    /// Text states `[B, L, H]` and images to fused states `[B, L, H]`.
    pub fn fuse(
        self,
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
        self,
        mut states: Tensor<3>, // [B, L, H]
        sequence: impl Into<Sequence>,
        memory: &[KeyValue],
        dropout: &Dropout,
    ) -> Tensor<3> {
        let sequence = sequence.into();
        states = sequence.pack(states);
        for (index, (layer, memory)) in self.encoder.fusion_layers.iter().zip(memory).enumerate() {
            let sequence = sequence.clone();
            states =
                self.layer(layer, (states, memory), dropout.at(index as u64), move |layer, states, memory, dropout| {
                    layer.forward(states, &sequence, memory, dropout)
                });
        }
        self.tape.cut(sequence.unpack(states))
    }

    /// The last fusion layer.
    pub fn fuse_last(
        self,
        states: Tensor<3>, // [B, L, H]
        sequence: impl Into<Sequence>,
        memory: &KeyValue,
        dropout: &Dropout,
    ) -> Tensor<3> {
        let (last, number) = self.last();
        let sequence = sequence.into();
        let (packed, own) = (sequence.pack(states), sequence.clone());
        let states = self.layer(last, (packed, memory), dropout.at(number), move |layer, states, memory, dropout| {
            layer.forward(states, &own, memory, dropout)
        });
        sequence.unpack(states)
    }

    /// The last fusion layer for `[CLS]` alone, `[B, H]`: all that matching reads of it.
    pub fn fuse_last_cls(
        self,
        states: Tensor<3>,      // [B, L, H]
        mask: &Tensor<2, Bool>, // [B, L]
        memory: &KeyValue,
        dropout: &Dropout,
    ) -> Tensor<2> {
        let ((last, number), mask) = (self.last(), mask.clone());
        first(&self.layer(last, (states, memory), dropout.at(number), move |layer, states, memory, dropout| {
            layer.forward_first(states, &mask, memory, 1, dropout)
        }))
    }

    fn last(self) -> (&'a FusionBlock, u64) {
        let last = self.encoder.fusion_layers.len() - 1;
        (&self.encoder.fusion_layers[last], last as u64)
    }

    fn layer(
        self,
        layer: &'a FusionBlock,
        (states, memory): (Tensor<3>, &KeyValue),
        dropout: Dropout,
        forward: impl Fn(&FusionBlock, Tensor<3>, &KeyValue, &Dropout) -> Tensor<3> + 'a,
    ) -> Tensor<3> {
        let [key, value] = memory.tensors();
        self.tape.layer(layer, vec![states, key, value], move |layer, inputs| {
            let memory = KeyValue::new(inputs[1].clone(), inputs[2].clone());
            forward(layer, inputs[0].clone(), &memory, &dropout)
        })
    }
}
