//! One layer of BERT's encoder: self-attention and feed-forward, each added to its input and then normalised.

use burn::module::Module;
use burn::tensor::{Bool, Device, Tensor};
use tuwen_ops::{Dropout, LayerNorm, Linear, linear_gelu, residual_norm, self_attention};

/// The shape of a [`Block`].
#[derive(Clone, Copy, Debug)]
pub struct BlockConfig {
    /// H.
    pub hidden_size: usize,
    /// Heads; they divide H.
    pub num_attention_heads: usize,
    /// Width of the feed-forward part.
    pub intermediate_size: usize,
    /// ε of both norms.
    pub layer_norm_eps: f64,
    /// Dropout on both branches before they are added.
    pub hidden_dropout_prob: f64,
    /// Dropout on the attention weights.
    pub attention_probs_dropout_prob: f64,
}

/// Post-norm transformer layer (arXiv:1810.04805): `x ← norm(x + attend(x))`, `x ← norm(x + feed_forward(x))`.
#[derive(Module, Debug)]
pub struct Block {
    query_key_value: Linear,
    attention_output: Linear,
    attention_norm: LayerNorm,
    intermediate: Linear,
    output: Linear,
    output_norm: LayerNorm,
    #[module(skip)]
    config: BlockConfig,
}

impl BlockConfig {
    /// A fresh layer.
    pub fn init(&self, device: &Device) -> Block {
        let (hidden, inner) = (self.hidden_size, self.intermediate_size);
        Block {
            query_key_value: Linear::init(hidden, 3 * hidden, device),
            attention_output: Linear::init(hidden, hidden, device),
            attention_norm: LayerNorm::init(hidden, self.layer_norm_eps, device),
            intermediate: Linear::init(hidden, inner, device),
            output: Linear::init(inner, hidden, device),
            output_norm: LayerNorm::init(hidden, self.layer_norm_eps, device),
            config: *self,
        }
    }
}

impl Block {
    /// `[B, S, H]` to `[B, S, H]`; padded positions are computed too but nobody attends to them.
    pub fn forward(
        &self,
        states: Tensor<3>,                // [B, S, H]
        attention_mask: &Tensor<2, Bool>, // [B, S]
        dropout: &Dropout,
    ) -> Tensor<3> {
        let BlockConfig { num_attention_heads, hidden_dropout_prob, attention_probs_dropout_prob, .. } = self.config;
        let packed = self.query_key_value.forward(states.clone());
        let weights_dropout = (&dropout.at(0), attention_probs_dropout_prob);
        let mixed = self_attention(packed, attention_mask, num_attention_heads, weights_dropout);
        let branch = self.attention_output.forward(mixed);
        let branch_dropout = (&dropout.at(1), hidden_dropout_prob);
        let states = residual_norm(&self.attention_norm, states, branch, branch_dropout);
        let branch = self.output.forward(linear_gelu(&self.intermediate, states.clone()));
        residual_norm(&self.output_norm, states, branch, (&dropout.at(2), hidden_dropout_prob))
    }
}
