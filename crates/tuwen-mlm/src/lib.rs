//! Masked language modelling: name each hidden token from its hidden state.
//!
//! `L = −(1/M) Σₘ log softmax(logitsₘ)[idₘ]`, `logits = norm(gelu(h·W + b))·U + c`   BERT, arXiv:1810.04805
//!
//! h hidden states of the masked positions `[M, H]` · logits `[M, V]` · id what stood there `[M]`. Nothing masked: no
//! [`TokenLabels`], so no loss. Where U is the encoder's word table, it is [`TiedMlmHead`]; a momentum teacher's opinion
//! enters by [`soft_mlm_loss`].
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use tuwen_mlm::{Aligned, HiddenStates, MlmHead, TokenLabels};
//! let device = Device::flex();
//! let states = HiddenStates::<Aligned>::new(Tensor::ones([2, 4, 8], &device)); // [B, S, H] of any encoder
//! let labels = TokenLabels::new(&[1, 6], &[17, 3], &device).expect("two masked tokens"); // rows of B·S, ids
//! let head = MlmHead::init(8, 30, 1e-12, &device); // H, V
//! let loss = head.loss(&states, &labels).into_scalar::<f32>();
//! assert!((loss - 30.0_f32.ln()).abs() < 0.5); // a fresh head guesses among V
//! ```

mod accuracy;
mod head;
mod loss;
mod tied_head;

pub use accuracy::token_hits;
pub use head::{MlmHead, TokenPredictions};
pub use loss::{mlm_loss, soft_mlm_loss};
pub use tied_head::TiedMlmHead;
pub use tuwen_core::{Aligned, HiddenStates, TokenLabels};
