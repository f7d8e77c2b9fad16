//! Transformer layers: BERT's, BERT's with cross-attention, and the vision transformer's.

use burn::module::Module;
use burn::tensor::{Bool, Device, Tensor};
use tuwen_ops::{Dropout, LayerNorm, residual_norm};

use crate::{CrossAttention, CrossQuery, FeedForward, KeyValue, Looks, SelfAttention, Sequence};

/// The shape of a layer.
#[derive(Clone, Copy, Debug)]
pub struct BlockConfig {
    /// H.
    pub hidden_size: usize,
    /// Heads; they divide H.
    pub num_attention_heads: usize,
    /// Width of the feed-forward part.
    pub intermediate_size: usize,
    /// ε of its norms.
    pub layer_norm_eps: f64,
    /// Dropout on the branches before they are added.
    pub hidden_dropout_prob: f64,
    /// Dropout on the attention weights.
    pub attention_probs_dropout_prob: f64,
}

/// Post-norm transformer layer (arXiv:1810.04805): `x ← norm(x + attend(x))`, `x ← norm(x + feed_forward(x))`.
#[derive(Module, Debug)]
pub struct Block {
    attention: SelfAttention,
    attention_norm: LayerNorm,
    feed_forward: FeedForward,
    output_norm: LayerNorm,
    #[module(skip)]
    config: BlockConfig,
}

/// [`Block`] that looks at an image between its two halves (arXiv:2107.07651): `x ← norm(x + attend(x, image))`. With a
/// [`CrossQuery`] it reads keys and values that aren't its own.
#[derive(Module, Debug)]
pub struct FusionBlock<C: Module = CrossAttention> {
    attention: SelfAttention,
    attention_norm: LayerNorm,
    cross_attention: C,
    cross_norm: LayerNorm,
    feed_forward: FeedForward,
    output_norm: LayerNorm,
    #[module(skip)]
    config: BlockConfig,
}

/// Pre-norm transformer layer (arXiv:2010.11929): `x ← x + attend(norm(x))`, `x ← x + feed_forward(norm(x))`.
#[derive(Module, Debug)]
pub struct VisionBlock {
    attention_norm: LayerNorm,
    attention: SelfAttention,
    feed_forward_norm: LayerNorm,
    feed_forward: FeedForward,
}

impl BlockConfig {
    fn attention(&self, device: &Device) -> SelfAttention {
        SelfAttention::init(self.hidden_size, self.num_attention_heads, device)
    }

    fn feed_forward(&self, device: &Device) -> FeedForward {
        FeedForward::init(self.hidden_size, self.intermediate_size, device)
    }

    fn norm(&self, device: &Device) -> LayerNorm {
        LayerNorm::init(self.hidden_size, self.layer_norm_eps, device)
    }

    /// A fresh layer.
    pub fn init(&self, device: &Device) -> Block {
        Block {
            attention: self.attention(device),
            attention_norm: self.norm(device),
            feed_forward: self.feed_forward(device),
            output_norm: self.norm(device),
            config: *self,
        }
    }

    /// A fresh layer that looks at tokens of `memory_size` values.
    pub fn init_fusion(&self, memory_size: usize, device: &Device) -> FusionBlock {
        let widths = (self.hidden_size, memory_size);
        self.fusion(CrossAttention::init(widths, self.num_attention_heads, device), device)
    }

    /// A fresh layer that looks at what others have made keys and values of.
    pub fn init_reading(&self, device: &Device) -> FusionBlock<CrossQuery> {
        self.fusion(CrossQuery::init(self.hidden_size, self.num_attention_heads, device), device)
    }

    fn fusion<C: Looks>(&self, cross_attention: C, device: &Device) -> FusionBlock<C> {
        FusionBlock {
            attention: self.attention(device),
            attention_norm: self.norm(device),
            cross_attention,
            cross_norm: self.norm(device),
            feed_forward: self.feed_forward(device),
            output_norm: self.norm(device),
            config: *self,
        }
    }

    /// A fresh pre-norm layer, without dropout.
    pub fn init_vision(&self, device: &Device) -> VisionBlock {
        VisionBlock {
            attention_norm: self.norm(device),
            attention: self.attention(device),
            feed_forward_norm: self.norm(device),
            feed_forward: self.feed_forward(device),
        }
    }
}

impl Block {
    /// `[B, S, H]`, packed if the sequence is, to the same shape. Nobody attends to padded positions.
    pub fn forward(
        &self,
        states: Tensor<3>, // [B, S, H]
        sequence: &Sequence,
        dropout: &Dropout,
    ) -> Tensor<3> {
        let BlockConfig { hidden_dropout_prob: rate, attention_probs_dropout_prob, .. } = self.config;
        let weights_dropout = (&dropout.at(0), attention_probs_dropout_prob);
        let branch = self.attention.forward(states.clone(), sequence, weights_dropout);
        let states = residual_norm(&self.attention_norm, states, branch, (&dropout.at(1), rate));
        let branch = self.feed_forward.forward(states.clone());
        residual_norm(&self.output_norm, states, branch, (&dropout.at(2), rate))
    }
}

impl<C: Looks> FusionBlock<C> {
    /// `[B, S, H]`, packed if the sequence is, to the same shape.
    pub fn forward(
        &self,
        states: Tensor<3>, // [B, S, H]
        sequence: &Sequence,
        memory: &KeyValue,
        dropout: &Dropout,
    ) -> Tensor<3> {
        let weights_dropout = (&dropout.at(0), self.config.attention_probs_dropout_prob);
        let branch = self.attention.forward(states.clone(), sequence, weights_dropout);
        self.after_attention((states, branch), sequence, memory, dropout)
    }

    /// The result at the first `positions` positions alone, `[B, positions, H]`.
    pub fn forward_first(
        &self,
        states: Tensor<3>,                // [B, S, H]
        attention_mask: &Tensor<2, Bool>, // [B, S]
        memory: &KeyValue,
        positions: usize,
        dropout: &Dropout,
    ) -> Tensor<3> {
        let weights_dropout = (&dropout.at(0), self.config.attention_probs_dropout_prob);
        let branch = self.attention.forward_first(states.clone(), attention_mask, positions, weights_dropout);
        let first = Sequence::from(&attention_mask.clone().narrow(1, 0, positions));
        self.after_attention((states.narrow(1, 0, positions), branch), &first, memory, dropout)
    }

    fn after_attention(
        &self,
        (states, branch): (Tensor<3>, Tensor<3>),
        sequence: &Sequence,
        memory: &KeyValue,
        dropout: &Dropout,
    ) -> Tensor<3> {
        let BlockConfig { hidden_dropout_prob: rate, attention_probs_dropout_prob, .. } = self.config;
        let states = residual_norm(&self.attention_norm, states, branch, (&dropout.at(1), rate));
        let weights_dropout = (&dropout.at(2), attention_probs_dropout_prob);
        let branch = self.cross_attention.look(states.clone(), sequence, memory, weights_dropout);
        let states = residual_norm(&self.cross_norm, states, branch, (&dropout.at(3), rate));
        let branch = self.feed_forward.forward(states.clone());
        residual_norm(&self.output_norm, states, branch, (&dropout.at(4), rate))
    }
}

impl FusionBlock {
    /// The image's tokens as this layer reads them.
    pub fn project(&self, memory: Tensor<3>) -> KeyValue {
        self.cross_attention.project(memory)
    }

    /// As [`Self::forward`] without dropout, and the weights `[B, heads, S, P]` with which it looks at the image, as a leaf of
    /// autodiff.
    pub fn forward_watched(
        &self,
        states: Tensor<3>,                // [B, S, H]
        attention_mask: &Tensor<2, Bool>, // [B, S]
        memory: &KeyValue,
    ) -> (Tensor<3>, Tensor<4>) {
        let (off, none) = (Dropout::off(), 0.0);
        let branch = self.attention.forward(states.clone(), &Sequence::from(attention_mask), (&off, none));
        let states = residual_norm(&self.attention_norm, states, branch, (&off, none));
        let (branch, weights) = self.cross_attention.forward_watched(states.clone(), memory);
        let states = residual_norm(&self.cross_norm, states, branch, (&off, none));
        let branch = self.feed_forward.forward(states.clone());
        (residual_norm(&self.output_norm, states, branch, (&off, none)), weights)
    }
}

impl VisionBlock {
    /// `[B, S, H]` to `[B, S, H]`.
    pub fn forward(&self, states: Tensor<3>, attention_mask: &Tensor<2, Bool>) -> Tensor<3> {
        let normal = self.attention_norm.forward(states.clone());
        let states = self.attention.forward_onto(states, normal, attention_mask);
        let normal = self.feed_forward_norm.forward(states.clone());
        self.feed_forward.forward_onto(states, normal)
    }

    /// As [`Self::forward`] without padding, and the weights `[B, heads, S, S]` of its attention, as a leaf of autodiff.
    pub fn forward_watched(&self, states: Tensor<3>) -> (Tensor<3>, Tensor<4>) {
        let normal = self.attention_norm.forward(states.clone());
        let (states, weights) = self.attention.forward_watched(states, normal);
        let normal = self.feed_forward_norm.forward(states.clone());
        (self.feed_forward.forward_onto(states, normal), weights)
    }
}
