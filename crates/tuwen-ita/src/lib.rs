//! Image–text alignment: an image's feature is to be nearer its caption's than any other's, and the other way round.
//!
//! `L = ½ Σ_{i2t, t2i} −(1/B) Σᵦ yᵦ · log softmax(sᵦ)`, `s = f · [g ; queue]ᵀ / τ`, `y = α·softmax(s̃) + (1−α)·hard`
//! ALBEF, arXiv:2107.07651 §3.2; many other papers call it ITC.
//!
//! f the student's unit-length features `[B, E]` · g the other side's momentum features of the batch `[B, E]` · queue
//! those of earlier batches `[Q, E]` · s `[B, B+Q]` · s̃ the same from momentum features, without gradient · hard which
//! columns are right answers `[B, B+Q]`, rows summing to 1. After the loss the batch's momentum features enter the
//! queue. Without twin and queue it is [`contrastive_loss`] or [`sigmoid_loss`].
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use tuwen_ita::{FeatureQueue, PairKeys, Positives, alignment_loss, hard_targets, positive_mask};
//! use tuwen_ita::{similarities, soft_targets};
//! let device = Device::flex();
//! let mut queue = FeatureQueue::empty(8, 2, &device); // Q, E
//! let images = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device); // [B, E] of any encoder
//! let texts = Tensor::<2>::from_floats([[0.8, 0.6], [0.0, 1.0]], &device);
//! let keys = [PairKeys { image: 1, caption: 1 }, PairKeys { image: 2, caption: 2 }];
//!
//! // With an encoder and its momentum twin, the second argument is the twin's.
//! let all_texts = Tensor::cat(vec![texts.clone(), queue.text()], 0); // [B + Q, E]
//! let all_images = Tensor::cat(vec![images.clone(), queue.image()], 0);
//! let temperature = Tensor::from_floats([0.07], &device);
//! let sim_i2t = similarities(images.clone(), all_texts, temperature.clone());
//! let sim_t2i = similarities(texts.clone(), all_images, temperature);
//! let hard = hard_targets(positive_mask(Positives::default(), &keys, queue.keys(), &device));
//! let targets_i2t = soft_targets(sim_i2t.clone(), hard.clone(), 0.4);
//! let targets_t2i = soft_targets(sim_t2i.clone(), hard, 0.4);
//! let loss = alignment_loss(sim_i2t, sim_t2i, targets_i2t, targets_t2i).into_scalar::<f32>();
//! assert!(loss < 2.0_f32.ln()); // nearer to the right answers than a guess among B
//!
//! queue.enqueue(images, texts, &keys);
//! assert_eq!(queue.len(), 2);
//! ```

mod accuracy;
mod alpha;
#[cfg(test)]
mod differences;
mod loss;
mod monitor;
mod positives;
mod queue;
mod similarity;
mod targets;
mod temperature;

pub use accuracy::{InBatchHits, in_batch_hits, top1_hits};
pub use alpha::AlphaRamp;
pub use loss::{alignment_loss, contrastive_loss, sigmoid_loss};
pub use monitor::{KeyCosines, Seen, mean_cosine};
pub use positives::{PairKeys, Positives, hard_targets, positive_mask};
pub use queue::{FeatureQueue, QUEUE_START, QueueError, QueueParts};
pub use similarity::similarities;
pub use targets::soft_targets;
pub use temperature::{TEMPERATURE_RANGE, clamp_temperature};
pub use tuwen_ops::soft_cross_entropy;
