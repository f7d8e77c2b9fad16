//! `samples.json`: masked words of held-out records and what the model filled in.
//!
//! ```json
//! { "step": 1500,
//!   "samples": [
//!     { "record": "val/0001", "picture": "samples/0001.png",
//!       "tokens": [ { "text": "a" },
//!                   { "text": "brown", "guesses": [ { "text": "brown", "probability": 0.83 } ] } ] } ] }
//! ```
//!
//! - A token with `guesses` was masked; its `text` is the right answer. The likeliest guess comes first.
//! - A `text` that begins with `##` goes on the word before it, as WordPiece has it.
//! - `step`, `record` and `picture` may be absent; a picture is a PNG, JPEG, WebP or GIF below the run's folder.

use serde::Deserialize;

/// The file.
#[derive(Debug, Deserialize)]
pub(crate) struct Samples {
    /// After which step the model was asked.
    pub(crate) step: Option<u64>,
    pub(crate) samples: Vec<Sample>,
}

/// One record's words.
#[derive(Debug, Deserialize)]
pub(crate) struct Sample {
    pub(crate) record: Option<String>,
    pub(crate) picture: Option<String>,
    pub(crate) tokens: Vec<Token>,
}

/// One word or part of a word.
#[derive(Debug, Deserialize)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// Empty: it was not masked.
    #[serde(default)]
    pub(crate) guesses: Vec<Guess>,
}

/// One answer of the model.
#[derive(Debug, Deserialize)]
pub(crate) struct Guess {
    pub(crate) text: String,
    pub(crate) probability: f64,
}

impl Token {
    /// Whether the likeliest guess is right.
    pub(crate) fn right(&self) -> bool {
        self.guesses.first().is_some_and(|guess| guess.text == self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_the_page_above_is_read() {
        let text = r#"{ "step": 1500, "samples": [ { "record": "val/0001", "picture": "samples/0001.png", "tokens": [
            { "text": "a" }, { "text": "brown", "guesses": [ { "text": "red", "probability": 0.5 } ] } ] } ] }"#;
        let samples: Samples = serde_json::from_str(text).unwrap();
        let tokens = &samples.samples[0].tokens;
        assert!(tokens[0].guesses.is_empty() && !tokens[1].right());
    }
}
