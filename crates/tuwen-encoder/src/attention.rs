//! Attention as a branch of a layer: projections around `tuwen_ops`' attention.

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, Int, Tensor};
use tuwen_ops::{Dropout, Linear, attention, causal_self_attention, linear, linear_onto, select_rows, self_attention};

use crate::sequence::{Order, Sequence};

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
        let mixed = match sequence.order() {
            Order::BothWays => self_attention(projected, sequence.mask(), self.heads, dropout),
            Order::Causal => causal_self_attention(projected, sequence.mask(), self.heads, dropout),
        };
        self.output.forward(sequence.pack(mixed))
    }

    /// `residual + branch`, `[B, S, H]`, without dropout.
    pub fn forward_onto(&self, residual: Tensor<3>, states: Tensor<3>, mask: &Tensor<2, Bool>) -> Tensor<3> {
        let projected = self.query_key_value.forward(states);
        let mixed = self_attention(projected, mask, self.heads, (&Dropout::off(), 0.0));
        linear_onto(residual, mixed, self.output.weight.val(), self.output.bias.val())
    }

    /// `residual + branch` without padding and dropout, in single operations, and the weights `[B, heads, S, S]`, as a leaf:
    /// what follows of the sum has a gradient with respect to them.
    pub fn forward_watched(&self, residual: Tensor<3>, states: Tensor<3>) -> (Tensor<3>, Tensor<4>) {
        let (projected, hidden) = (self.query_key_value.forward(states.clone()), states.dims()[2]);
        let parts = [0, 1, 2].map(|part| projected.clone().narrow(2, part * hidden, hidden));
        let (mixed, weights) = mixed_in_the_open(parts, self.heads);
        (residual + self.output.forward(mixed), weights)
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
    /// `[B, P]`, true = real; absent: all are.
    mask: Option<Tensor<2, Bool>>,
}

impl KeyValue {
    /// Of keys and values `[B, P, H]`, all real.
    pub(crate) fn new(key: Tensor<3>, value: Tensor<3>) -> Self {
        Self { key, value, mask: None }
    }

    pub(crate) fn tensors(&self) -> [Tensor<3>; 2] {
        [self.key.clone(), self.value.clone()]
    }

    /// The same with padding `[B, P]` that nobody looks at.
    #[must_use]
    pub fn masked(self, mask: &Tensor<2, Bool>) -> Self {
        Self { mask: Some(mask.clone()), ..self }
    }

    fn mask(&self) -> Tensor<2, Bool> {
        let [batch, tokens, _] = self.key.dims();
        self.mask.clone().unwrap_or_else(|| all_real(batch, tokens, &self.key.device()))
    }

    /// The rows of the batch in another order, or some of them several times.
    pub fn select(&self, rows: Tensor<1, Int>) -> Self {
        let mask = self.mask.as_ref().map(|mask| mask.clone().int().select(0, rows.clone()).equal_elem(1));
        let key = select_rows(self.key.clone(), rows.clone());
        Self { key, value: select_rows(self.value.clone(), rows), mask }
    }

    /// Several batches as one. Where some have padding, those without have none.
    pub fn cat(parts: &[&Self]) -> Self {
        let key = parts.iter().map(|part| part.key.clone()).collect();
        let value = parts.iter().map(|part| part.value.clone()).collect();
        let masked = parts.iter().any(|part| part.mask.is_some());
        let mask = masked.then(|| Tensor::cat(parts.iter().map(|part| part.mask()).collect(), 0));
        Self { key: Tensor::cat(key, 0), value: Tensor::cat(value, 0), mask }
    }
}

/// Looking at the tokens of another encoder, whoever made keys and values of them.
pub trait Looks: Module {
    /// `[B, S, H]` (packed, if the sequence is) to the branch of the same shape. `dropout` acts on the weights.
    fn look(&self, states: Tensor<3>, sequence: &Sequence, memory: &KeyValue, dropout: (&Dropout, f64)) -> Tensor<3>;
}

/// Attention to tokens that another layer has made keys and values of.
#[derive(Module, Debug)]
pub struct CrossQuery {
    query: Linear,
    output: Linear,
    #[module(skip)]
    heads: usize,
}

impl CrossQuery {
    /// Over `hidden_size` values in `heads` heads.
    pub fn init(hidden_size: usize, heads: usize, device: &Device) -> Self {
        let linear = || Linear::init(hidden_size, hidden_size, device);
        Self { query: linear(), output: linear(), heads }
    }
}

impl Looks for CrossQuery {
    fn look(&self, states: Tensor<3>, sequence: &Sequence, memory: &KeyValue, dropout: (&Dropout, f64)) -> Tensor<3> {
        look((&self.query, &self.output, self.heads), states, sequence, memory, dropout)
    }
}

impl Looks for CrossAttention {
    fn look(&self, states: Tensor<3>, sequence: &Sequence, memory: &KeyValue, dropout: (&Dropout, f64)) -> Tensor<3> {
        look((&self.query, &self.output, self.heads), states, sequence, memory, dropout)
    }
}

fn look(
    (query, output, heads): (&Linear, &Linear, usize),
    states: Tensor<3>,
    sequence: &Sequence,
    memory: &KeyValue,
    dropout: (&Dropout, f64),
) -> Tensor<3> {
    let query = sequence.unpack(query.forward(states));
    let [key, value] = memory.tensors();
    output.forward(sequence.pack(attention(query, key, value, &memory.mask(), heads, dropout)))
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
        KeyValue::new(self.key.forward(memory.clone()), self.value.forward(memory))
    }

    /// As [`Looks::look`] for a sequence that is not packed, tokens without padding and no dropout, in single operations. Handed out beside the
    /// branch are the weights `[B, heads, S, P]`, as a leaf: what follows of the branch has a gradient with respect to them.
    pub fn forward_watched(&self, states: Tensor<3>, memory: &KeyValue) -> (Tensor<3>, Tensor<4>) {
        let [key, value] = memory.tensors();
        let (mixed, weights) = mixed_in_the_open([self.query.forward(states), key, value], self.heads);
        (self.output.forward(mixed), weights)
    }
}

/// Attention without padding in single operations, `[B, S, H]`, and its weights `[B, heads, S, P]` as a leaf.
fn mixed_in_the_open([query, key, value]: [Tensor<3>; 3], heads: usize) -> (Tensor<3>, Tensor<4>) {
    let [batch, length, hidden] = query.dims();
    let width = hidden / heads;
    let in_heads = |rows: Tensor<3>| {
        let [batch, length, _] = rows.dims();
        rows.reshape([batch, length, heads, width]).swap_dims(1, 2) // [B, heads, S or P, width]
    };
    let scores = in_heads(query).matmul(in_heads(key).transpose());
    let weights = softmax(scores.div_scalar((width as f64).sqrt()), 3).inner().autodiff().require_grad();
    let mixed = weights.clone().matmul(in_heads(value)).swap_dims(1, 2);
    (mixed.reshape([batch, length, hidden]), weights)
}

/// A mask without padding.
pub(crate) fn all_real(batch: usize, length: usize, device: &Device) -> Tensor<2, Bool> {
    Tensor::full([batch, length], true, &device.clone().inner())
}
