//! From a title to the ids the encoder reads.

use std::path::Path;

use tuwen_recipe::RecipeError;
use tuwen_text::{
    ChineseWords, MaskUnit, MaskedText, MaskingConfig, SampleKey, TextError, TextInput, TextLayout, Tokenizer,
    mask_by_key,
};

use crate::TrainError;

/// A tokenizer with the layout it is used in: the two travel together, in runs and in checkpoints.
#[derive(Clone)]
pub struct TextPipeline {
    /// The vocabulary.
    pub tokenizer: Tokenizer,
    /// Where the special tokens stand.
    pub layout: TextLayout,
}

impl TextPipeline {
    /// The ids of `title`; with `words`, Chinese characters are joined to words for whole-word masking.
    pub fn encode(&self, title: &str, words: Option<&ChineseWords>) -> Result<TextInput, TextError> {
        let mut tokens = self.tokenizer.encode_with(title, self.layout.literal_specials)?;
        if let Some(words) = words {
            words.join(title, &mut tokens);
        }
        self.layout.arrange(&tokens, &self.tokenizer.special_ids())
    }

    /// `text` with some of its tokens hidden, as `masking` says and `key` draws.
    pub fn mask(&self, text: &TextInput, masking: &MaskingConfig, key: SampleKey) -> Result<MaskedText, TextError> {
        mask_by_key(text, &self.tokenizer.vocabulary(), masking, key)
    }
}

/// The tokenizer in `path`, whose entries must be as many as the recipe's `key` says: `expected`.
pub(crate) fn open_vocabulary(path: &Path, key: &str, expected: usize) -> Result<Tokenizer, TrainError> {
    let tokenizer = Tokenizer::from_file(path)?;
    let words = tokenizer.vocab_size();
    if words == expected {
        return Ok(tokenizer);
    }
    let reason = format!("is {expected}, expected {words}, the entries of {}", path.display());
    Err(RecipeError::invalid(key, reason).into())
}

/// What joins Chinese characters to words, if `masking` needs to know them.
pub(crate) fn chinese_words(masking: &MaskingConfig) -> Option<ChineseWords> {
    (masking.unit == MaskUnit::WholeWord).then(ChineseWords::new)
}
