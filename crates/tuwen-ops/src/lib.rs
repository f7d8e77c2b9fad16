//! The operations that cost time, one function each: attention, normalisation, linear, dropout, losses over logits.
//!
//! Everything above calls these and nothing else. On the embedded CPU backend GELU, layer normalisation, self-attention
//! and the optimizer step are kernels of our own with their own backward (`cpu/`); the composition of Burn's operations
//! stands beside each as `…_naive`, is what other devices compute, and is what the kernels are held to. [`Linear`],
//! [`LayerNorm`] and [`Embedding`] are the parameters with their operation; they start from BERT's N(0, 0.02) and know no
//! recipe.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use tuwen_ops::{Dropout, attention};
//! let device = Device::flex();
//! let states = Tensor::<3>::ones([2, 5, 8], &device); // [B, S, H]
//! let mask = Tensor::from_data([[true, true, true, false, false], [true; 5]], &device); // [B, S], true = real
//! let mixed = attention(states.clone(), states.clone(), states, &mask, 2, (&Dropout::off(), 0.0));
//! assert_eq!(mixed.dims(), [2, 5, 8]);
//! ```

mod adamw;
mod attention;
mod cpu;
mod dropout;
mod embedding;
mod gelu;
mod layer_norm;
mod linear;
mod losses;
#[cfg(test)]
mod oracle_tests;

pub use adamw::{AdamW, AdamWForm, Moments, adamw_step, adamw_step_naive};
pub use attention::{attention, self_attention, self_attention_naive};
pub use burn::tensor::activation::relu;
pub use dropout::Dropout;
pub use embedding::{Embedding, embed};
pub use gelu::{gelu, gelu_naive};
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use losses::{binary_cross_entropy_with_logits, cross_entropy};

/// Standard deviation of a fresh weight: BERT's `initializer_range` (arXiv:1810.04805, released code).
pub const INITIALIZER_RANGE: f64 = 0.02;
