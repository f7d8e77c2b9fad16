//! Attention as a branch of a layer: projections around `tuwen_ops`' attention.

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, Int, Tensor};
use tuwen_ops::{Dropout, Linear, attention, linear, linear_onto, select_rows, self_attention};

use crate::Sequence;

/// Attention of a sequence to itself; query, key and value come from one product.
#[derive(Module, Debug)]
pub struct SelfAttention {
    query_key_value: Linear,
    output: Linear,
    #[module(skip)]
    heads: usize,
}

impl SelfAttention {
    /// Over `hidden_size` values in `heads` heads.
    pub fn init(hidden_size: usize, heads: usize, device: &Device) -> Self {
        Self {
            query_key_value: Linear::init(hidden_size, 3 * hidden_size, device),
            output: Linear::init(hidden_size, hidden_size, device),
            heads,
        }
    }

    /// `[B, S, H]` (packed, if the sequence is) to the branch of the same shape, not yet added to anything. `dropout` acts on
    /// the weights.
    pub fn forward(&self, states: Tensor<3>, sequence: &Sequence, dropout: (&Dropout, f64)) -> Tensor<3> {
        let projected = sequence.unpack(self.query_key_value.forward(states));
        self.output.forward(sequence.pack(self_attention(projected, sequence.mask(), self.heads, dropout)))
    }

    /// `residual + branch`, `[B, S, H]`, without dropout.
    pub fn forward_onto(&self, residual: Tensor<3>, states: Tensor<3>, mask: &Tensor<2, Bool>) -> Tensor<3> {
        let projected = self.query_key_value.forward(states);
        let mixed = self_attention(projected, mask, self.heads, (&Dropout::off(), 0.0));
        linear_onto(residual, mixed, self.output.weight.val(), self.output.bias.val())
    }

    /// The branch at the first `positions` positions alone, `[B, positions, H]`: the others are still attended to.
    pub fn forward_first(
        &self,
        states: Tensor<3>,      // [B, S, H]
        mask: &Tensor<2, Bool>, // [B, S]
        positions: usize,
        dropout: (&Dropout, f64),
    ) -> Tensor<3> {
        let hidden = states.dims()[2];
        let (weight, bias) = (self.query_key_value.weight.val(), self.query_key_value.bias.val());
        let part = |states, index: usize| {
            linear(
                states,
                weight.clone().narrow(1, index * hidden, hidden),
                bias.clone().narrow(0, index * hidden, hidden),
            )
        };
        let query = part(states.clone().narrow(1, 0, positions), 0);
        let mixed = attention(query, part(states.clone(), 1), part(states, 2), mask, self.heads, dropout);
        self.output.forward(mixed)
    }
}

/// Attention of a sequence to the tokens of another encoder.
#[derive(Module, Debug)]
pub struct CrossAttention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    #[module(skip)]
    heads: usize,
}

/// Tokens of another encoder as keys and values of one layer: projected once, used by every pass that looks at them.
#[derive(Clone, Debug)]
pub struct KeyValue {
    key: Tensor<3>,   // [B, P, H]
    value: Tensor<3>, // [B, P, H]
}

impl KeyValue {
    /// Of keys and values `[B, P, H]`.
    pub(crate) fn new(key: Tensor<3>, value: Tensor<3>) -> Self {
        Self { key, value }
    }

    pub(crate) fn tensors(&self) -> [Tensor<3>; 2] {
        [self.key.clone(), self.value.clone()]
    }

    /// The rows of the batch in another order, or some of them several times.
    pub fn select(&self, rows: Tensor<1, Int>) -> Self {
        Self { key: select_rows(self.key.clone(), rows.clone()), value: select_rows(self.value.clone(), rows) }
    }

    /// Several batches as one.
    pub fn cat(parts: &[&Self]) -> Self {
        let key = parts.iter().map(|part| part.key.clone()).collect();
        let value = parts.iter().map(|part| part.value.clone()).collect();
        Self { key: Tensor::cat(key, 0), value: Tensor::cat(value, 0) }
    }
}

impl CrossAttention {
    /// From `hidden_size` values to tokens of `memory_size` values, in `heads` heads.
    pub fn init((hidden_size, memory_size): (usize, usize), heads: usize, device: &Device) -> Self {
        Self {
            query: Linear::init(hidden_size, hidden_size, device),
            key: Linear::init(memory_size, hidden_size, device),
            value: Linear::init(memory_size, hidden_size, device),
            output: Linear::init(hidden_size, hidden_size, device),
            heads,
        }
    }

    /// Keys and values of tokens `[B, P, W]`.
    pub fn project(&self, memory: Tensor<3>) -> KeyValue {
        KeyValue { key: self.key.forward(memory.clone()), value: self.value.forward(memory) }
    }

    /// `[B, S, H]` (packed, if the sequence is) to the branch of the same shape; all tokens of the memory are real.
    pub fn forward(
        &self,
        states: Tensor<3>,
        sequence: &Sequence,
        memory: &KeyValue,
        dropout: (&Dropout, f64),
    ) -> Tensor<3> {
        let [batch, tokens, _] = memory.key.dims();
        let mask = all_real(batch, tokens, &memory.key.device());
        let query = sequence.unpack(self.query.forward(states));
        let mixed = attention(query, memory.key.clone(), memory.value.clone(), &mask, self.heads, dropout);
        self.output.forward(sequence.pack(mixed))
    }

    /// As [`Self::forward`] for a sequence that is not packed and without dropout, in single operations. Handed out beside the
    /// branch are the weights `[B, heads, S, P]`, as a leaf: what follows of the branch has a gradient with respect to them.
    pub fn forward_watched(&self, states: Tensor<3>, memory: &KeyValue) -> (Tensor<3>, Tensor<4>) {
        let [batch, length, hidden] = states.dims();
        let width = hidden / self.heads;
        let in_heads = |rows: Tensor<3>| {
            let [batch, length, _] = rows.dims();
            rows.reshape([batch, length, self.heads, width]).swap_dims(1, 2) // [B, heads, S or P, width]
        };
        let scores = in_heads(self.query.forward(states)).matmul(in_heads(memory.key.clone()).transpose());
        let weights = softmax(scores.div_scalar((width as f64).sqrt()), 3).inner().autodiff().require_grad();
        let mixed = weights.clone().matmul(in_heads(memory.value.clone())).swap_dims(1, 2);
        (self.output.forward(mixed.reshape([batch, length, hidden])), weights)
    }
}

/// A mask without padding.
pub(crate) fn all_real(batch: usize, length: usize, device: &Device) -> Tensor<2, Bool> {
    Tensor::full([batch, length], true, &device.clone().inner())
}
