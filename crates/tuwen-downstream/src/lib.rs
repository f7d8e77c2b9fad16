//! What a trained model is fine-tuned for: heads and pure losses, a module for each task.
//!
//! [`answers`] to questions about pictures, true and false [`statements`] about two of them, [`classes`] of pairs such as
//! entailment, [`grounding`] of words in pictures, [`pairs`] of similar clips. Each takes states and logits of anybody's
//! encoder; where a reference counts wrong, its way is called `Seed` and the right one is the default.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use tuwen_downstream::classes::ClassHead;
//! let device = Device::flex();
//! let head = ClassHead::init(8, 3, &device); // H, classes: entailment, neutral, contradiction
//! let logits = head.forward(Tensor::ones([2, 8], &device)); // [B, H], the fused [CLS] states of anybody's encoder
//! let loss = tuwen_downstream::classes::class_loss(logits, Tensor::from_ints([2, 0], &device)).into_scalar::<f32>();
//! assert!((loss - 3.0_f32.ln()).abs() < 0.1); // a fresh head is undecided
//! ```

pub mod answers;
pub mod classes;
pub mod grounding;
pub mod pairs;
pub mod statements;
