//! `samples.json`: held-out records, and what the model makes of them; `tuwen-report` shows it.

use std::path::Path;

use burn::tensor::{Tensor, activation::softmax};
use serde::Serialize;
use tuwen_encoder::write_whole;
use tuwen_text::{MaskedText, TextInput, Tokenizer};

use crate::TrainError;

/// Records shown.
pub(crate) const SHOWN: usize = 8;
/// Answers to each question.
pub(crate) const ANSWERS: usize = 3;
/// The folder of the pictures, within the run's.
pub(crate) const FOLDER: &str = "samples";

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Samples {
    /// After which step the model was asked.
    pub step: u64,
    /// The records.
    pub samples: Vec<Sample>,
}

/// One record.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sample {
    /// Its id.
    pub record: String,
    /// Its picture, a file below the run's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Its text.
    pub tokens: Vec<Token>,
    /// Where words look at the picture.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<WordMap>,
    /// Hidden frames.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<HiddenFrame>,
}

/// A word or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Token {
    /// As it stands in the record.
    pub text: String,
    /// What the model filled in, the likeliest first; empty where nothing was hidden.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub guesses: Vec<Guess>,
}

/// An answer of the model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Guess {
    /// The token.
    pub text: String,
    /// How sure the model is.
    pub probability: f64,
}

/// Where a word looks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WordMap {
    /// The word, its parts put together.
    pub word: String,
    /// The picture with the map on it, a file below the run's folder.
    pub picture: String,
}

/// A hidden frame and the frames that the model took for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HiddenFrame {
    /// The frame, a file below the run's folder.
    pub picture: String,
    /// The likeliest first.
    pub found: Vec<FoundFrame>,
}

/// A frame that the model took for a hidden one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundFrame {
    /// The frame, a file below the run's folder.
    pub picture: String,
    /// How sure the model is.
    pub probability: f64,
    /// Whether it is the hidden one, or equal to it.
    pub right: bool,
}

impl Samples {
    /// Writes `samples.json` into the run's folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), TrainError> {
        let path = folder.join("samples.json");
        let text = serde_json::to_string_pretty(self).map_err(|error| TrainError::io(&path, error.into()))?;
        write_whole(&path, text.as_bytes()).map_err(|error| TrainError::io(&path, error))
    }
}

/// The likeliest answers of each row of `logits` `[M, V]`, with their probabilities.
pub(crate) fn likeliest(logits: Tensor<2>) -> Vec<Vec<(usize, f64)>> {
    let [_, answers] = logits.dims();
    let probabilities: Vec<f32> = softmax(logits, 1).to_data().iter::<f32>().collect();
    let best = |row: &[f32]| {
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        order.truncate(ANSWERS);
        // Six digits: the others differ from one kind of processor to the next.
        order.into_iter().map(|place| (place, (f64::from(row[place]) * 1e6).round() / 1e6)).collect()
    };
    probabilities.chunks(answers.max(1)).map(best).collect()
}

/// The tokens of `text`, with the `answers` at the positions that `masked` hides; what frames and fills up a text is left out.
pub(crate) fn tokens(
    tokenizer: &Tokenizer,
    text: &TextInput,
    masked: &MaskedText,
    answers: &[Vec<(usize, f64)>],
) -> Vec<Token> {
    let name = |id: u32| tokenizer.token(id).unwrap_or_default().to_string();
    let guess = |&(id, probability): &(usize, f64)| Guess { text: name(id as u32), probability };
    let token = |(position, &id): (usize, &u32)| {
        let hidden = masked.positions.iter().position(|&place| place as usize == position);
        let guesses = hidden.and_then(|place| answers.get(place)).into_iter().flatten().map(guess).collect();
        Token { text: name(id), guesses }
    };
    let special = tokenizer.special_ids();
    let frame = [special.pad, special.cls, special.sep];
    text.input_ids.iter().enumerate().filter(|(_, id)| !frame.contains(id)).map(token).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_likeliest_answers_come_first() {
        let logits = Tensor::from_floats([[0.0, 2.0_f32.ln(), f32::NEG_INFINITY, 0.0]], &Device::flex());
        assert_eq!(likeliest(logits), [[(1, 0.5), (0, 0.25), (3, 0.25)]]);
    }

    #[test]
    fn hidden_words_have_answers_and_the_frame_is_left_out() {
        let tokenizer = Tokenizer::from_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "dog"]).unwrap();
        let text = TextInput::from_ids(vec![2, 5, 6, 3, 0], 0);
        let masked = MaskedText { input_ids: vec![2, 4, 6, 3, 0], positions: vec![1], labels: vec![5] };
        let found = tokens(&tokenizer, &text, &masked, &[vec![(6, 0.5), (5, 0.25)]]);
        let guesses = [("dog", 0.5), ("red", 0.25)].map(|(text, probability)| Guess { text: text.into(), probability });
        let expected =
            [Token { text: "red".into(), guesses: guesses.to_vec() }, Token { text: "dog".into(), guesses: vec![] }];
        assert_eq!(found, expected);
    }
}
