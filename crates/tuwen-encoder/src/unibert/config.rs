//! The shape of a UniBERT.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::UniBert;
use crate::{BlockConfig, FrameEmbeddings, TextEmbeddings};

/// In which order `[CLS]`, frames and text stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SequenceLayout {
    /// `[CLS] frames [SEP] title [SEP]` from the text `[CLS][SEP] title [SEP]`: QQ jobs 1, 4, 5, 6.
    ClsFramesText,
    /// `frames [CLS] title [SEP]` from the text `[CLS] title [SEP]`: QQ jobs 2, 3.
    FramesClsText,
}

impl SequenceLayout {
    /// Where `[CLS]` stands among `frames` frames.
    pub fn cls_position(self, frames: usize) -> usize {
        self.text_position(0, frames)
    }

    /// Where token `index` of the text stands.
    pub fn text_position(self, index: usize, frames: usize) -> usize {
        match self {
            Self::ClsFramesText if index == 0 => 0,
            Self::ClsFramesText | Self::FramesClsText => frames + index,
        }
    }

    /// Where frame `index` stands.
    pub fn frame_position(self, index: usize) -> usize {
        match self {
            Self::ClsFramesText => index + 1,
            Self::FramesClsText => index,
        }
    }
}

/// The numbers of a UniBERT, named as in BERT's `config.json` where BERT has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniBertConfig {
    /// H.
    pub hidden_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Heads; they divide H.
    pub num_attention_heads: usize,
    /// Width of the feed-forward part.
    pub intermediate_size: usize,
    /// V.
    pub vocab_size: usize,
    /// Longest text and longest clip.
    pub max_position_embeddings: usize,
    /// Token types; only type 0 is used.
    pub type_vocab_size: usize,
    /// ε of every norm.
    pub layer_norm_eps: f64,
    /// Dropout on embeddings and on both branches of a layer.
    pub hidden_dropout_prob: f64,
    /// Dropout on attention weights.
    pub attention_probs_dropout_prob: f64,
    /// D, the values of one frame.
    pub frame_dim: usize,
    /// The word whose vector gets no gradient. The reference has 1 (its `pad_token_id`), though `[PAD]` is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_word: Option<u32>,
    /// The order of the sequence.
    pub layout: SequenceLayout,
}

impl UniBertConfig {
    /// chinese-roberta-wwm-ext-large as the reference configures it: 24 layers of 1024, frames of 1536 values.
    pub fn large() -> Self {
        Self {
            hidden_size: 1024,
            num_hidden_layers: 24,
            num_attention_heads: 16,
            intermediate_size: 4096,
            vocab_size: 21_128,
            max_position_embeddings: 512,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            frame_dim: 1536,
            frozen_word: Some(1),
            layout: SequenceLayout::ClsFramesText,
        }
    }

    /// Three layers of 128: trains in minutes on two cores.
    pub fn tiny(vocab_size: usize, frame_dim: usize) -> Self {
        Self {
            hidden_size: 128,
            num_hidden_layers: 3,
            num_attention_heads: 4,
            intermediate_size: 512,
            max_position_embeddings: 64,
            vocab_size,
            frame_dim,
            frozen_word: None,
            ..Self::large()
        }
    }

    /// A fresh encoder; its weights are drawn by the device's own generator ([`crate::initialise`] draws them by name).
    pub fn init(&self, device: &Device) -> UniBert {
        let (positions, types, hidden) = (self.max_position_embeddings, self.type_vocab_size, self.hidden_size);
        UniBert {
            text_embeddings: TextEmbeddings::init(
                (self.vocab_size, positions, types),
                hidden,
                self.layer_norm_eps,
                device,
            ),
            frame_embeddings: FrameEmbeddings::init(
                (self.frame_dim, positions, types),
                hidden,
                self.layer_norm_eps,
                device,
            ),
            layers: (0..self.num_hidden_layers).map(|_| self.block().init(device)).collect(),
            config: self.clone(),
        }
    }

    fn block(&self) -> BlockConfig {
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

#[cfg(test)]
mod tests {
    use super::SequenceLayout::{ClsFramesText, FramesClsText};

    #[test]
    fn every_position_is_taken_once() {
        for (layout, text, frames) in [(ClsFramesText, 4, 3), (FramesClsText, 4, 3)] {
            let mut places: Vec<usize> = (0..text).map(|i| layout.text_position(i, frames)).collect();
            places.extend((0..frames).map(|i| layout.frame_position(i)));
            places.sort_unstable();
            assert_eq!(places, (0..text + frames).collect::<Vec<_>>());
        }
        assert_eq!(ClsFramesText.cls_position(3), 0);
        assert_eq!(FramesClsText.cls_position(3), 3);
    }
}
