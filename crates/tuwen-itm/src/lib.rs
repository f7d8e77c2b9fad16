//! Image or video–text matching: tell a true pair from one whose clip was exchanged for another of the batch.
//!
//! `L = (1/B) Σᵦ −tᵦ·log σ(xᵦ) − (1−tᵦ)·log(1−σ(xᵦ))`, `x = w·h + b`   ALBEF, arXiv:2107.07651, as one logit
//!
//! h `[CLS]` state of each pair `[B, H]` · x logit `[B]` · t 1 = match `[B]`. Whose clip stands with which text is
//! decided on the host before the encoder runs ([`balanced_pairing`]); clips and their masks then move together
//! ([`shuffle_clips`]), in a view and a forward of their own.
//!
//! Of an encoder whose fusion comes last, as ALBEF's, mismatches are drawn later, on the device, among the rows that
//! look alike ([`draw_hard_negatives`]); its head has two logits ([`PairHead`]).
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use tuwen_itm::{Draws, HiddenStates, MatchHead, PAIRING, PairIdentity, Shuffled, balanced_pairing, shuffle_clips};
//! let device = Device::flex();
//! let pairs = [1, 2, 3, 4].map(|id| PairIdentity { clip: id, text: id });
//! let pairing = balanced_pairing(&pairs, &Draws::new(42, PAIRING, 0, 7))?; // seed, stream, epoch, step
//! assert_eq!(pairing.matches.iter().filter(|&&matches| matches).count(), 2);
//!
//! let (features, mask) = (Tensor::ones([4, 3, 5], &device), Tensor::full([4, 3], true, &device)); // [B, T, D], [B, T]
//! let (features, mask) = shuffle_clips(features, mask, &pairing);
//! # let _ = (features, mask);
//! // … an encoder reads them with the texts in their old order …
//! let states = HiddenStates::<Shuffled>::new(Tensor::ones([4, 9, 8], &device)); // [B, S, H]
//! let loss = MatchHead::init(8, &device).loss(&states, 0, &pairing.labels(&device)).into_scalar::<f32>();
//! assert!((loss - 2.0_f32.ln()).abs() < 0.1); // a fresh head is undecided
//! # Ok::<(), tuwen_itm::ItmError>(())
//! ```

mod accuracy;
mod hard_negatives;
mod head;
mod loss;
mod pair_head;
mod pairing;
mod rule;
mod seed;
mod shuffle;

pub use accuracy::{Count, MatchCounts};
pub use hard_negatives::seed_negative_weights;
pub use hard_negatives::{HardNegatives, NEGATIVES, draw_hard_negatives, negative_uniforms, negative_weights};
pub use head::MatchHead;
pub use loss::match_loss;
pub use pair_head::{PairHead, match_margins, match_scores, pair_loss, weighted_pair_loss};
pub use pairing::{ItmError, ItmPairing, NEAREST, PAIRING, PairIdentity, balanced_pairing, similar_pairing};
pub use rule::ItmRule;
pub use seed::{seed_pairing, shuffle_features_only};
pub use shuffle::shuffle_clips;
pub use tuwen_core::{HiddenStates, MatchLabels, Shuffled};
pub use tuwen_random::Draws;
