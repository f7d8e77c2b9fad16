//! The answer decoder: layers of BERT that look back at their own words and across at a question's states (ALBEF,
//! arXiv:2107.07651, section 4; `models/model_vqa.py` and `xbert.py` of salesforce/ALBEF).

use burn::module::Module;
use burn::tensor::{Bool, Device, Int, Tensor};
use tuwen_ops::Dropout;

use super::TextConfig;
use crate::{FusionBlock, KeyValue, Sequence, TextEmbeddings};

/// Words to states from which the next word is named. Every layer is a fusion layer; ALBEF has six.
#[derive(Module, Debug)]
pub struct AnswerDecoder {
    text_embeddings: TextEmbeddings,
    fusion_layers: Vec<FusionBlock>,
    #[module(skip)]
    config: TextConfig,
}

/// Questions as the decoder reads them: keys and values for each layer, padding left out.
#[derive(Clone, Debug)]
pub struct QuestionMemory(Vec<KeyValue>);

impl QuestionMemory {
    /// The questions in another order, or some of them several times: once for each of their answers.
    pub fn select(&self, rows: &Tensor<1, Int>) -> Self {
        Self(self.0.iter().map(|layer| layer.select(rows.clone())).collect())
    }
}

impl TextConfig {
    /// A fresh decoder of `layers` layers, at least one, of the widths of this text encoder, whose fused states it reads.
    pub fn init_decoder(&self, layers: usize, device: &Device) -> AnswerDecoder {
        let tables = (self.vocab_size, self.max_position_embeddings, self.type_vocab_size);
        let block = self.block();
        AnswerDecoder {
            text_embeddings: TextEmbeddings::init(tables, self.hidden_size, self.layer_norm_eps, device),
            fusion_layers: (0..layers).map(|_| block.init_fusion(self.hidden_size, device)).collect(),
            config: self.clone(),
        }
    }
}

impl AnswerDecoder {
    /// Fused states of questions `[B, L, H]` and which of them are real `[B, L]`, for every layer.
    pub fn memory(&self, states: &Tensor<3>, mask: &Tensor<2, Bool>) -> QuestionMemory {
        let layers = self.fusion_layers.iter();
        QuestionMemory(layers.map(|layer| layer.project(states.clone()).masked(mask)).collect())
    }

    /// Ids of beginnings of answers `[N, L]` to states `[N, L, H]`: that of a position knows the words up to it.
    pub fn forward(
        &self,
        ids: Tensor<2, Int>,
        sequence: impl Into<Sequence>,
        memory: &QuestionMemory, // of N questions
        dropout: &Dropout,
    ) -> Tensor<3> {
        let embedding_dropout = (&dropout.at(0), self.config.hidden_dropout_prob);
        let sequence = sequence.into().causal();
        let mut states = sequence.pack(self.text_embeddings.forward(ids, self.config.frozen_word, embedding_dropout));
        for (index, (layer, memory)) in self.fusion_layers.iter().zip(&memory.0).enumerate() {
            states = layer.forward(states, &sequence, memory, &dropout.at(1 + index as u64));
        }
        sequence.unpack(states)
    }

    /// The word table `[V, H]`, which its head shares.
    pub fn word_table(&self) -> Tensor<2> {
        self.text_embeddings.word_table()
    }
}
