//! The operations that cost time, one function each: attention, normalisation, linear, dropout, losses over logits.
//!
//! Everything above calls these and nothing else, so a faster kernel has one place to go. [`Linear`], [`LayerNorm`] and
//! [`Embedding`] are the parameters with their operation; they start from BERT's N(0, 0.02) and know no recipe.
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
#[cfg(test)]
mod agreement;
mod attention;
mod cubic;
mod dropout;
mod embedding;
mod flex;
mod gelu;
mod kernels;
mod layer_norm;
mod linear;
mod lion;
mod losses;
mod mask_on_device;
mod moving_average;
pub mod naive;
mod precision;
mod select;
mod tied;

pub use adamw::{AdamW, AdamWForm, Moments, adamw_step, sum_of_squares};
pub use attention::{attention, causal_self_attention, self_attention};
pub use burn::tensor::activation::relu;
pub use cubic::cubic_taps;
pub use dropout::Dropout;
pub use embedding::{Embedding, embed};
pub use gelu::{gelu, linear_gelu};
pub use layer_norm::{LayerNorm, residual_norm};
pub use linear::{Linear, linear, linear_onto};
pub use lion::{Lion, lion_step};
pub use losses::{
    binary_cross_entropy_with_logits, cross_entropy, cross_entropy_excluding, distilled_targets, soft_cross_entropy,
};
pub use moving_average::moving_average;
pub use precision::Precision;
pub use select::{scatter_rows, select_rows};
pub use tied::tied_linear;

/// Standard deviation of a fresh weight: BERT's `initializer_range` (arXiv:1810.04805, released code).
pub const INITIALIZER_RANGE: f64 = 0.02;
