//! Masked frame modelling: recognise each hidden frame among all valid frames of the batch.
//!
//! `L = −(1/M) Σₘ log softmax(pₘ · Fᵀ)[tₘ]`   HERO, arXiv:2005.00200; trained by QQ UniBERT (job 1)
//!
//! p predicted `[M, D]` · F clean frames `[N, D]` · t target rows `[M]`. Nothing masked: no [`FrameLabels`], so no loss
//! (seed: NaN). A frame equal to the target, as in a static clip, is no negative (seed: it is).
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use tuwen_mfm::{Aligned, FrameHead, FrameLabels, FrameSimilarity, HiddenStates};
//! let device = Device::flex();
//! let states = HiddenStates::<Aligned>::new(Tensor::ones([2, 5, 8], &device)); // [B, S, H] of any encoder
//! let frames = Tensor::from_floats([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 1.0]], &device); // [N, D], clean
//! // Row 7 of B·S was frame 1; frame 2 is the same picture.
//! let labels = FrameLabels::new(&[7], &[1], frames, Some(&[0, 1, 1, 2])).expect("one masked frame");
//! let head = FrameHead::init(8, 2, 1e-12, &device); // H, D
//! let loss = head.loss(&states, &labels, &FrameSimilarity::DotProduct).into_scalar::<f32>();
//! assert!((loss - 3.0_f32.ln()).abs() < 0.5); // a fresh head guesses among the three that differ
//! ```

mod accuracy;
mod head;
mod loss;
mod seed;
mod similarity;

pub use accuracy::frame_hits;
pub use head::FrameHead;
pub use loss::{frame_nce_loss, nce_loss};
pub use seed::frame_nce_loss_seed;
pub use similarity::{FrameSimilarity, similarity};
pub use tuwen_core::{Aligned, FrameLabels, HiddenStates};
