//! Tags: which of K labels a clip and its title carry, any number of them at once.
//!
//! `L = (1/(R·K)) Σᵣₖ −tᵣₖ·log σ(xᵣₖ) − (1−tᵣₖ)·log(1−σ(xᵣₖ))`, `x = relu(h)·W + b`   QQ UniBERT, job 1
//!
//! h pooled states of the R rows whose tags are known `[R, H]` · x logits `[R, K]` · t multi-hot `[R, K]`. A row whose
//! tags are missing counts nowhere; all missing: no [`TagLabels`], so no loss.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use tuwen_tag::{Aligned, HiddenStates, TagHead, TagLabels};
//! let device = Device::flex();
//! let states = HiddenStates::<Aligned>::new(Tensor::ones([3, 5, 8], &device)); // [B, S, H] of any encoder
//! let labels = TagLabels::new(&[Some(vec![0, 4]), None, Some(vec![])], 6, &device).expect("two rows with tags");
//! let head = TagHead::init(8, 6, &device); // H, K
//! let loss = head.loss(states.at(0), &labels).into_scalar::<f32>(); // or of any other pooling, [B, H]
//! assert!((loss - 2.0_f32.ln()).abs() < 0.1); // a fresh head is undecided
//! ```

mod accuracy;
mod head;
mod loss;

pub use accuracy::{TagHits, top_tag_hits};
pub use head::TagHead;
pub use loss::tag_loss;
pub use tuwen_core::{Aligned, HiddenStates, TagLabels};
