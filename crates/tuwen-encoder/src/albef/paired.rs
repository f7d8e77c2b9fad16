//! Two pictures and a statement: fusion layers in pairs that look at one picture each (NLVR2; ALBEF, arXiv:2107.07651,
//! section 4 and figure 3; `models/model_nlvr.py` and `xbert.py` of salesforce/ALBEF).

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use tuwen_ops::{Dropout, Linear};

use super::AlbefConfig;
use crate::{Block, CrossQuery, FusionBlock, KeyValue, Sequence, TextEmbeddings, Vit};

/// [`super::Albef`] with twice as many fusion layers: layer `2i` looks at the first picture, `2i + 1` at the second, both
/// with the same map to keys and values.
#[derive(Module, Debug)]
pub struct PairedAlbef {
    vision: Vit,
    text_embeddings: TextEmbeddings,
    text_layers: Vec<Block>,
    fusion_layers: Vec<FusionBlock<CrossQuery>>,
    memory_layers: Vec<MemoryLayer>,
    #[module(skip)]
    config: AlbefConfig,
}

/// The map of a picture's tokens to keys and values that two layers share.
#[derive(Module, Debug)]
struct MemoryLayer {
    key: Linear,
    value: Linear,
}

/// Two pictures as the fusion layers read them, the lowest first.
#[derive(Clone, Debug)]
pub struct PairMemory(Vec<[KeyValue; 2]>);

impl AlbefConfig {
    /// A fresh encoder of pairs of pictures; `fusion_layers` counts pairs of layers.
    pub fn init_paired(&self, device: &Device) -> PairedAlbef {
        let Self { vision, text, .. } = self;
        let (block, tables) = (text.block(), (text.vocab_size, text.max_position_embeddings, text.type_vocab_size));
        let linear = || Linear::init(vision.hidden_size, text.hidden_size, device);
        PairedAlbef {
            vision: vision.init(device),
            text_embeddings: TextEmbeddings::init(tables, text.hidden_size, text.layer_norm_eps, device),
            text_layers: (0..text.text_layers).map(|_| block.init(device)).collect(),
            fusion_layers: (0..2 * text.fusion_layers).map(|_| block.init_reading(device)).collect(),
            memory_layers: (0..text.fusion_layers).map(|_| MemoryLayer { key: linear(), value: linear() }).collect(),
            config: self.clone(),
        }
    }
}

impl PairedAlbef {
    /// Normalised pixels `[B, 3, R, R]` to `[B, 1 + P, W]`.
    pub fn image_states(&self, pixel_values: Tensor<4>) -> Tensor<3> {
        self.vision.forward(pixel_values)
    }

    /// The tokens of the first and the second pictures, `[B, 1 + P, W]` each, for all fusion layers.
    pub fn pair_memory(&self, [first, second]: [&Tensor<3>; 2]) -> PairMemory {
        let read = |layer: &MemoryLayer, states: &Tensor<3>| {
            KeyValue::new(layer.key.forward(states.clone()), layer.value.forward(states.clone()))
        };
        PairMemory(self.memory_layers.iter().map(|layer| [read(layer, first), read(layer, second)]).collect())
    }

    /// Ids of statements `[B, L]` to states `[B, L, H]` that know both pictures. States of padding mean nothing.
    pub fn fused_states(
        &self,
        ids: Tensor<2, Int>,
        sequence: impl Into<Sequence>,
        memory: &PairMemory,
        dropout: &Dropout,
    ) -> Tensor<3> {
        let text = &self.config.text;
        let sequence = sequence.into();
        let embedding_dropout = (&dropout.at(0), text.hidden_dropout_prob);
        let mut states = sequence.pack(self.text_embeddings.forward(ids, text.frozen_word, embedding_dropout));
        let mut places = (1..).map(|place| dropout.at(place));
        for (layer, dropout) in self.text_layers.iter().zip(&mut places) {
            states = layer.forward(states, &sequence, &dropout);
        }
        for ((layer, memory), dropout) in self.fusion_layers.iter().zip(memory.0.iter().flatten()).zip(places) {
            states = layer.forward(states, &sequence, memory, &dropout);
        }
        sequence.unpack(states)
    }

    /// The numbers it was made with.
    pub fn config(&self) -> &AlbefConfig {
        &self.config
    }
}
