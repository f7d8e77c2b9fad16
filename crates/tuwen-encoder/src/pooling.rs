//! From the hidden states of a sequence to one vector.

use burn::module::Module;
use burn::tensor::{Bool, Device, Tensor, activation::softmax};
use serde::{Deserialize, Serialize};
use tuwen_ops::Linear;

/// How a sequence becomes one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Mean over the real positions.
    Mean,
    /// Mean over all positions, padding included: QQ jobs 1–3 and 6.
    MeanSeed,
    /// Learned weights over the real positions.
    Attention,
    /// Learned weights over all positions, padding included: QQ jobs 4 and 5.
    AttentionSeed,
}

impl Pooling {
    /// Whether padded positions take part, which only the seed's variants want.
    pub fn ignores_padding(self) -> bool {
        matches!(self, Self::Mean | Self::Attention)
    }

    /// The variant in which padding takes part.
    #[must_use]
    pub fn as_seed(self) -> Self {
        match self {
            Self::Mean | Self::MeanSeed => Self::MeanSeed,
            Self::Attention | Self::AttentionSeed => Self::AttentionSeed,
        }
    }

    /// Whether it has weights of its own.
    pub fn is_attention(self) -> bool {
        matches!(self, Self::Attention | Self::AttentionSeed)
    }
}

/// `Σ mask·h / Σ mask`; a row without a real position gives zeros. Without a mask, the plain mean.
pub fn mean_pooling(
    states: Tensor<3>,                       // [B, S, H]
    attention_mask: Option<Tensor<2, Bool>>, // [B, S]
) -> Tensor<2> {
    let [batch, length, hidden] = states.dims();
    let Some(mask) = attention_mask else { return states.mean_dim(1).reshape([batch, hidden]) };
    let weights = mask.float().reshape([batch, length, 1]);
    let count = weights.clone().sum_dim(1).clamp_min(1.0);
    ((states * weights).sum_dim(1) / count).reshape([batch, hidden])
}

/// `Σ w·h` with `w = softmax(score(tanh(hidden(h))))` over the positions.
#[derive(Module, Debug)]
pub struct AttentionPooling {
    hidden: Linear,
    score: Linear,
}

impl AttentionPooling {
    /// Both maps of width `hidden_size`, the second to one score.
    pub fn init(hidden_size: usize, device: &Device) -> Self {
        Self { hidden: Linear::init(hidden_size, hidden_size, device), score: Linear::init(hidden_size, 1, device) }
    }

    /// The weights `[B, S]`; with a mask, padding gets none.
    pub fn weights(
        &self,
        states: Tensor<3>,                       // [B, S, H]
        attention_mask: Option<Tensor<2, Bool>>, // [B, S]
    ) -> Tensor<2> {
        let [batch, length, _] = states.dims();
        let scores = self.score.forward(self.hidden.forward(states).tanh()).reshape([batch, length]);
        let scores = match attention_mask {
            Some(mask) => scores.mask_fill(mask.bool_not(), -10_000.0),
            None => scores,
        };
        softmax(scores, 1)
    }

    /// The pooled vectors `[B, H]`.
    pub fn forward(&self, states: Tensor<3>, attention_mask: Option<Tensor<2, Bool>>) -> Tensor<2> {
        let [batch, length, hidden] = states.dims();
        let weights = self.weights(states.clone(), attention_mask).reshape([batch, length, 1]);
        (states * weights).sum_dim(1).reshape([batch, hidden])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_counts_only_for_the_seed() {
        let device = Device::flex();
        let states = Tensor::<3>::from_floats([[[2.0], [4.0], [9.0]]], &device);
        let mask = Tensor::from_data([[true, true, false]], &device);
        assert_eq!(mean_pooling(states.clone(), Some(mask.clone())).into_scalar::<f32>(), 3.0);
        assert_eq!(mean_pooling(states.clone(), None).into_scalar::<f32>(), 5.0);
        let pooling = AttentionPooling::init(1, &device);
        let weights: Vec<f32> = pooling.weights(states.clone(), Some(mask)).try_into_vec_as().unwrap();
        assert_eq!(weights[2], 0.0);
        let weights: Vec<f32> = pooling.weights(states, None).try_into_vec_as().unwrap();
        assert!(weights[2] > 0.0);
    }

    #[test]
    fn nothing_real_gives_zeros_not_nan() {
        let device = Device::flex();
        let mask = Tensor::from_data([[false, false]], &device);
        let pooled = mean_pooling(Tensor::<3>::ones([1, 2, 1], &device), Some(mask));
        assert_eq!(pooled.into_scalar::<f32>(), 0.0);
    }
}
