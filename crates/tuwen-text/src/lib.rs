//! Turns captions and titles into ids, and ids into masked ids with labels.
//!
//! A title goes through a [`Tokenizer`] and a [`TextLayout`] into a [`TextInput`]; [`mask_by_key`] hides some of its
//! tokens, [`mask_tokens`] does so by recorded [`TokenDraws`]. [`ChineseWords`] joins characters for whole-word masking, and
//! [`pre_caption`] cleans captions as ALBEF does. Nothing here knows a tensor library.
//!
//! ```
//! use tuwen_text::{Layout, MaskingConfig, SampleKey, TextLayout, Tokenizer, mask_by_key};
//! let lines = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "sit", "##s", "猫"];
//! let tokenizer = Tokenizer::from_tokens(lines)?;
//!
//! // UniBERT's job 1: [CLS][SEP] title [SEP], cut and filled up to 10.
//! let layout = TextLayout::new(Layout::ClsSepTitleSep, 10);
//! let text = layout.encode(&tokenizer, "A cat sits, 猫")?;
//! assert_eq!(text.input_ids, [2, 3, 5, 6, 7, 8, 1, 9, 3, 0]); // the comma is not in the vocabulary
//! assert_eq!(text.words[4..6], [Some(2), Some(2)]); // `sit` and `##s` are one word
//!
//! // Half of the words, in epoch 0 of a run with seed 42, for sample 7.
//! let config = MaskingConfig { probability: 0.5, ..MaskingConfig::default() };
//! let key = SampleKey { seed: 42, epoch: 0, sample: 7 };
//! let masked = mask_by_key(&text, &tokenizer.vocabulary(), &config, key)?;
//! for (&position, &label) in masked.positions.iter().zip(&masked.labels) {
//!     assert_eq!(text.input_ids[position as usize], label);
//! }
//! # Ok::<(), tuwen_text::TextError>(())
//! ```

mod caption;
mod draws;
mod error;
mod layout;
mod masking;
mod tokenizer;
mod vocabulary;
mod whole_word;

pub use caption::{pre_caption, pre_question};
pub use draws::{SampleKey, TokenDraws};
pub use error::TextError;
pub use layout::{Layout, Padding, TextInput, TextLayout};
pub use masking::{
    AtLeast, MaskUnit, MaskedText, MaskingConfig, RandomWords, Spared, labels_with_ignore, mask_by_key, mask_tokens,
};
pub use tokenizer::{LiteralSpecials, TokenizedText, Tokenizer};
pub use vocabulary::{SpecialIds, Vocabulary};
pub use whole_word::ChineseWords;
