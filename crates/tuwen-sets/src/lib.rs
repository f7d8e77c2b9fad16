//! Makes small sets for downstream tasks out of the emoji and the clips, in the official formats.
//!
//! [`write_emoji_sets`] makes questions, statements about two pictures, sentences that follow from a picture or don't,
//! expressions for one of several things on a canvas, and several captions an image, out of `datasets/emoji`;
//! [`write_clip_pairs`] makes pairs of clips with a graded similarity out of `datasets/fluent-clips`. Splits follow those of
//! the pictures: nothing of `heldout.tar` is in a training list. Every text appears as often with each label, so whoever does
//! not look at the pictures is at chance; the `README.txt` that is written beside the sets says by which rules. The same seed
//! gives the same lists.

mod balance;
mod canvas;
mod clips;
mod emoji;
mod emoji_sets;
mod entailment;
mod error;
mod figures;
#[cfg(test)]
mod fixture;
mod grounding;
mod keywords;
mod language;
mod output;
mod questions;
mod readme;
mod retrieval;
mod statements;
mod tone;
mod vocabulary;

pub use clips::{ClipPairs, write_clip_pairs};
pub use emoji_sets::{EmojiSets, ListSize, SetSizes, write_emoji_sets};
pub use error::SetsError;
pub use figures::{Shared, similarity_tenths};
pub use readme::EMOJI_SETS_FORM;
