//! What can be wrong with a vocabulary, a text or a masking request.

/// Everything the text crate can refuse.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// A vocabulary file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A vocabulary file is not UTF-8.
    #[error("{path}: byte {offset} is not UTF-8, expected a text file")]
    NotUtf8 {
        /// The file.
        path: String,
        /// The first byte that does not belong.
        offset: usize,
    },
    /// A `tokenizer.json` does not describe a tokenizer.
    #[error("{place}: {reason}, expected a `tokenizer.json` of the `tokenizers` library")]
    Json {
        /// The file.
        place: String,
        /// What the parser said.
        reason: String,
    },
    /// The vocabulary lacks a special token.
    #[error("{place}: `{token}` is missing, expected all of `[PAD]` `[UNK]` `[CLS]` `[SEP]` `[MASK]`")]
    MissingSpecial {
        /// The file, or `token list`.
        place: String,
        /// The missing token.
        token: &'static str,
    },
    /// A `tokenizer.json` holds a model that calls unknown pieces by another name than `[UNK]`.
    #[error("{place}: the model is {found}, expected WordPiece with `[UNK]` for unknown words")]
    NotWordPiece {
        /// The file.
        place: String,
        /// What it is instead.
        found: String,
    },
    /// The tokenizer library refused a text.
    #[error("text of {bytes} bytes: {reason}, expected a text that can be tokenised")]
    Encode {
        /// Length of the text.
        bytes: usize,
        /// What the library said.
        reason: String,
    },
    /// The layout's own special tokens do not fit.
    #[error("`max_length` is {max_length}, expected at least {least} to hold the special tokens of `{layout}`")]
    TooShort {
        /// The length asked for.
        max_length: usize,
        /// The number of special tokens.
        least: usize,
        /// The layout's name.
        layout: &'static str,
    },
    /// A length to pad to that no model has.
    #[error("`max_length` is {max_length}, expected at most {most} where texts are padded to it")]
    TooLong {
        /// The length asked for.
        max_length: usize,
        /// The largest length.
        most: usize,
    },
    /// A share or probability outside `[0, 1]`.
    #[error("`{field}` is {value}, expected a number from 0 to 1")]
    NotAProbability {
        /// The setting's name.
        field: &'static str,
        /// Its value.
        value: f64,
    },
    /// Recorded draws that do not cover the text.
    #[error("draws `{field}` have {found} entries, expected {expected}, one per position")]
    DrawsLength {
        /// The array.
        field: &'static str,
        /// Its length.
        found: usize,
        /// The text's length.
        expected: usize,
    },
    /// A random replacement that the policy does not allow.
    #[error("draw for position {position} is id {id}, expected a word of the {size} in the vocabulary")]
    NotAWord {
        /// Where it would stand.
        position: usize,
        /// The id.
        id: u32,
        /// Entries in the vocabulary.
        size: u32,
    },
    /// A vocabulary with special tokens only has nothing to replace a word with.
    #[error("the vocabulary has {size} entries, expected at least one besides the special tokens")]
    NoWords {
        /// Entries in the vocabulary.
        size: u32,
    },
}
