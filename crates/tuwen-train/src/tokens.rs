//! From a title to the ids the encoder reads.

use tuwen_text::{ChineseWords, TextError, TextInput, TextLayout, Tokenizer};

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
}
