//! What goes into the first layer: tokens or frames, plus where they stand.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use tuwen_ops::{Dropout, Embedding, LayerNorm, Linear, embed};

/// BERT's input: word + position + token type 0, normalised, dropped out.
#[derive(Module, Debug)]
pub struct TextEmbeddings {
    word: Embedding,
    position: Embedding,
    token_type: Embedding,
    norm: LayerNorm,
}

impl TextEmbeddings {
    /// Tables for `vocab_size` words, `positions` places and `types` token types, of `hidden_size` values.
    pub fn init(
        (vocab_size, positions, types): (usize, usize, usize),
        hidden_size: usize,
        layer_norm_eps: f64,
        device: &Device,
    ) -> Self {
        Self {
            word: Embedding::init(vocab_size, hidden_size, device),
            position: Embedding::init(positions, hidden_size, device),
            token_type: Embedding::init(types, hidden_size, device),
            norm: LayerNorm::init(hidden_size, layer_norm_eps, device),
        }
    }

    /// Ids `[B, L]` to `[B, L, H]`; `frozen_id` is the row that gets no gradient (PyTorch's `padding_idx`).
    pub fn forward(&self, ids: Tensor<2, Int>, frozen_id: Option<u32>, dropout: (&Dropout, f64)) -> Tensor<3> {
        let words = embed(&self.word, ids, frozen_id);
        place(words, (&self.position, &self.token_type, &self.norm), dropout)
    }

    /// The word table `[V, H]`.
    pub fn word_table(&self) -> Tensor<2> {
        self.word.weight.val()
    }
}

/// UniBERT's second input: frames projected to H, with a position table, a token type and a norm of their own.
#[derive(Module, Debug)]
pub struct FrameEmbeddings {
    projection: Linear,
    position: Embedding,
    token_type: Embedding,
    norm: LayerNorm,
}

impl FrameEmbeddings {
    /// For frames of `frame_dim` values, `positions` places and `types` token types.
    pub fn init(
        (frame_dim, positions, types): (usize, usize, usize),
        hidden_size: usize,
        layer_norm_eps: f64,
        device: &Device,
    ) -> Self {
        Self {
            projection: Linear::init(frame_dim, hidden_size, device),
            position: Embedding::init(positions, hidden_size, device),
            token_type: Embedding::init(types, hidden_size, device),
            norm: LayerNorm::init(hidden_size, layer_norm_eps, device),
        }
    }

    /// Frames `[B, T, D]` to `[B, T, H]`.
    pub fn forward(&self, frames: Tensor<3>, dropout: (&Dropout, f64)) -> Tensor<3> {
        let projected = self.projection.forward(frames);
        place(projected, (&self.position, &self.token_type, &self.norm), dropout)
    }
}

/// Adds positions 0… and token type 0, whose gradients are plain sums, then normalises and drops out.
fn place(
    states: Tensor<3>, // [B, L, H]
    (position, token_type, norm): (&Embedding, &Embedding, &LayerNorm),
    (dropout, rate): (&Dropout, f64),
) -> Tensor<3> {
    let [_, length, _] = states.dims();
    let positions = position.weight.val().narrow(0, 0, length) + token_type.weight.val().narrow(0, 0, 1);
    dropout.apply(norm.forward(states + positions.unsqueeze::<3>()), rate)
}
