//! The shape of an ALBEF.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use tuwen_ops::Linear;

use super::Albef;
use crate::{BlockConfig, TextEmbeddings, VitConfig};

/// The numbers of an ALBEF.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlbefConfig {
    /// The image encoder.
    pub vision: VitConfig,
    /// The text encoder and the fusion layers on top of it.
    pub text: TextConfig,
    /// E: the size of the space in which images and texts are aligned.
    pub embedding_size: usize,
    /// What of a text is projected to that space.
    #[serde(default, skip_serializing_if = "TextPooling::is_cls")]
    pub text_pooling: TextPooling,
}

/// What of a text's states stands for the whole of it in alignment. Matching reads the fused `[CLS]` either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextPooling {
    /// The state of `[CLS]`, as in ALBEF.
    #[default]
    Cls,
    /// The mean over the real positions, as sentence encoders are read (Sentence-BERT, arXiv:1908.10084, §3). Their `[CLS]`
    /// is nearly the same for all texts.
    Mean,
}

impl TextPooling {
    /// Whether it is ALBEF's.
    pub fn is_cls(&self) -> bool {
        *self == Self::Cls
    }
}

/// The numbers of the text side, named as in BERT's `config.json` where BERT has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextConfig {
    /// H.
    pub hidden_size: usize,
    /// Layers that see text alone (ALBEF's `fusion_layer`).
    pub text_layers: usize,
    /// Layers on top that look at the image too; at least one.
    pub fusion_layers: usize,
    /// Heads; they divide H.
    pub num_attention_heads: usize,
    /// Width of the feed-forward part.
    pub intermediate_size: usize,
    /// V.
    pub vocab_size: usize,
    /// Longest text.
    pub max_position_embeddings: usize,
    /// Token types; only type 0 is used.
    pub type_vocab_size: usize,
    /// ε of every norm.
    pub layer_norm_eps: f64,
    /// Dropout on embeddings and on the branches of a layer.
    pub hidden_dropout_prob: f64,
    /// Dropout on attention weights.
    pub attention_probs_dropout_prob: f64,
    /// The word whose vector gets no gradient: `[PAD]` in BERT, whose word table has `padding_idx = 0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_word: Option<u32>,
}

impl TextConfig {
    /// The shape of its layers.
    pub(super) fn block(&self) -> BlockConfig {
        BlockConfig {
            hidden_size: self.hidden_size,
            num_attention_heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            layer_norm_eps: self.layer_norm_eps,
            hidden_dropout_prob: self.hidden_dropout_prob,
            attention_probs_dropout_prob: self.attention_probs_dropout_prob,
        }
    }
}

impl AlbefConfig {
    /// ViT-B/16 and BERT-base in two halves of six layers, as `configs/Pretrain.yaml` and `config_bert.json` of
    /// salesforce/ALBEF have it.
    pub fn base() -> Self {
        Self {
            vision: VitConfig::base(),
            text: TextConfig {
                hidden_size: 768,
                text_layers: 6,
                fusion_layers: 6,
                num_attention_heads: 12,
                intermediate_size: 3072,
                vocab_size: 30522,
                max_position_embeddings: 512,
                type_vocab_size: 2,
                layer_norm_eps: 1e-12,
                hidden_dropout_prob: 0.1,
                attention_probs_dropout_prob: 0.1,
                frozen_word: Some(0),
            },
            embedding_size: 256,
            text_pooling: TextPooling::Cls,
        }
    }

    /// A fresh encoder.
    ///
    /// # Panics
    /// Without a fusion layer, or if the heads don't divide the widths.
    pub fn init(&self, device: &Device) -> Albef {
        let Self { vision, text, embedding_size, .. } = self;
        assert!(text.fusion_layers > 0, "at least one fusion layer");
        let block = text.block();
        let tables = (text.vocab_size, text.max_position_embeddings, text.type_vocab_size);
        Albef {
            vision: vision.init(device),
            text_embeddings: TextEmbeddings::init(tables, text.hidden_size, text.layer_norm_eps, device),
            text_layers: (0..text.text_layers).map(|_| block.init(device)).collect(),
            fusion_layers: (0..text.fusion_layers).map(|_| block.init_fusion(vision.hidden_size, device)).collect(),
            vision_projection: Linear::init(vision.hidden_size, *embedding_size, device),
            text_projection: Linear::init(text.hidden_size, *embedding_size, device),
            config: self.clone(),
        }
    }
}

/// A small one for tests, whose pictures and texts have different widths.
#[cfg(test)]
pub(super) fn small([text_layers, fusion_layers]: [usize; 2]) -> AlbefConfig {
    let mut config = AlbefConfig::base();
    (config.vision.hidden_size, config.vision.num_attention_heads, config.vision.num_hidden_layers) = (4, 2, 1);
    (config.vision.image_size, config.vision.patch_size, config.vision.intermediate_size) = (4, 2, 8);
    (config.text.hidden_size, config.text.num_attention_heads, config.text.intermediate_size) = (6, 2, 12);
    (config.text.text_layers, config.text.fusion_layers, config.text.vocab_size) = (text_layers, fusion_layers, 9);
    config
}
