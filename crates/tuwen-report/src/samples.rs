//! `samples.json`: masked words of held-out records and what the model filled in.
//!
//! ```json
//! { "step": 1500,
//!   "samples": [
//!     { "record": "val/0001", "picture": "samples/0001.png",
//!       "tokens": [ { "text": "a" },
//!                   { "text": "brown", "guesses": [ { "text": "brown", "probability": 0.83 } ] } ],
//!       "maps": [ { "word": "brown", "picture": "samples/0001-brown.png" } ],
//!       "frames": [ { "picture": "samples/0001-frame.png",
//!                     "found": [ { "picture": "samples/0002-frame.png", "probability": 0.4, "right": false } ] } ] } ] }
//! ```
//!
//! - A token with `guesses` was masked; its `text` is the right answer. The likeliest guess comes first.
//! - A `text` that begins with `##` goes on the word before it, as WordPiece has it.
//! - `maps`: where a word looks at the picture. `frames`: hidden frames, and what the model took for them.
//! - `step`, `record`, `picture`, `maps` and `frames` may be absent; a picture is a PNG, JPEG, WebP or GIF below the run's folder.

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
    #[serde(default)]
    pub(crate) maps: Vec<WordMap>,
    #[serde(default)]
    pub(crate) frames: Vec<HiddenFrame>,
}

/// Where a word looks at the picture.
#[derive(Debug, Deserialize)]
pub(crate) struct WordMap {
    pub(crate) word: String,
    pub(crate) picture: String,
}

/// A hidden frame.
#[derive(Debug, Deserialize)]
pub(crate) struct HiddenFrame {
    pub(crate) picture: String,
    /// The likeliest first.
    pub(crate) found: Vec<FoundFrame>,
}

/// What the model took for it.
#[derive(Debug, Deserialize)]
pub(crate) struct FoundFrame {
    pub(crate) picture: String,
    pub(crate) probability: f64,
    pub(crate) right: bool,
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
            { "text": "a" }, { "text": "brown", "guesses": [ { "text": "red", "probability": 0.5 } ] } ],
            "maps": [ { "word": "a", "picture": "samples/m.png" } ],
            "frames": [ { "picture": "samples/f.png",
                          "found": [ { "picture": "samples/g.png", "probability": 0.5, "right": true } ] } ] } ] }"#;
        let samples: Samples = serde_json::from_str(text).unwrap();
        let tokens = &samples.samples[0].tokens;
        assert!(tokens[0].guesses.is_empty() && !tokens[1].right());
        assert_eq!(samples.samples[0].maps[0].word, "a");
        assert!(samples.samples[0].frames[0].found[0].right);
    }
}
