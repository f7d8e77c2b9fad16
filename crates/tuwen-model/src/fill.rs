//! Texts with places to fill in, and what a model would write there.

use burn::tensor::{Tensor, activation::softmax};
use tuwen_text::{ChineseWords, TextInput, TokenizedText, Tokenizer, pre_caption};
use tuwen_train::TextPipeline;

use crate::ModelError;

/// What stands for a hidden word.
const MASK: &str = "[MASK]";

/// A place that was filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Blank {
    /// The likeliest first.
    pub guesses: Vec<Guess>,
}

/// A word for a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The word, or `##` and the rest of one.
    pub word: String,
    /// How sure the model is, among its whole vocabulary.
    pub probability: f32,
}

/// `text` as the encoder reads it, and where its hidden words stand there. What lies between them is cleaned as captions
/// are, to at most `caption_words` words, where the model was trained so.
pub(crate) fn masked_text(
    pipeline: &TextPipeline,
    text: &str,
    caption_words: Option<usize>,
    chinese_words: Option<&ChineseWords>,
) -> Result<(TextInput, Vec<usize>), ModelError> {
    let mask = pipeline.tokenizer.special_ids().mask;
    let mut all = TokenizedText::default();
    for (number, part) in text.split(MASK).enumerate() {
        if number > 0 {
            append(&mut all, TokenizedText { ids: vec![mask], words: vec![0], offsets: vec![(0, 0)] });
        }
        let part = caption_words.map_or_else(|| part.to_string(), |most| pre_caption(part, most));
        let mut tokens = pipeline.tokenizer.encode(&part)?;
        if let Some(words) = chinese_words {
            words.join(&part, &mut tokens);
        }
        append(&mut all, tokens);
    }
    let hidden = all.ids.iter().filter(|id| **id == mask).count();
    if hidden == 0 {
        return Err(ModelError::NothingMasked { text: text.to_string() });
    }
    let input = pipeline.layout.arrange(&all, &pipeline.tokenizer.special_ids())?;
    let places: Vec<usize> = (0..input.len()).filter(|&place| input.input_ids[place] == mask).collect();
    if places.len() < hidden {
        return Err(ModelError::MaskCutOff { text: text.to_string(), length: pipeline.layout.room()? });
    }
    Ok((input, places))
}

fn append(all: &mut TokenizedText, part: TokenizedText) {
    let next = all.words.last().map_or(0, |word| word + 1);
    all.ids.extend(part.ids);
    all.words.extend(part.words.into_iter().map(|word| next + word));
    all.offsets.extend(part.offsets);
}

/// The `most` likeliest words of each row of `logits` `[M, V]`.
pub(crate) fn likeliest(logits: Tensor<2>, tokenizer: &Tokenizer, most: usize) -> Vec<Blank> {
    let [_, answers] = logits.dims();
    let probabilities: Vec<f32> = softmax(logits, 1).into_data().iter::<f32>().collect();
    let vocabulary = tokenizer.vocabulary();
    let blank = |row: &[f32]| {
        let mut order: Vec<usize> = (0..row.len()).filter(|&id| vocabulary.is_word(id as u32)).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        let word = |id: usize| tokenizer.token(id as u32).unwrap_or_default().to_string();
        let guess = |id: usize| Guess { word: word(id), probability: row[id] };
        Blank { guesses: order.into_iter().take(most).map(guess).collect() }
    };
    probabilities.chunks(answers.max(1)).map(blank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use tuwen_text::{Layout, TextLayout};

    fn pipeline(max_length: usize) -> TextPipeline {
        let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "face", "红", "mask"];
        let tokenizer = Tokenizer::from_tokens(tokens).unwrap();
        TextPipeline { tokenizer, layout: TextLayout::new(Layout::ClsTitle, max_length) }
    }

    #[test]
    fn hidden_words_stand_where_they_were_written() {
        let read = |text| masked_text(&pipeline(8), text, Some(30), None).unwrap();
        let (input, places) = read("A [MASK] face!");
        assert_eq!((input.input_ids, places), (vec![2, 5, 4, 7, 0, 0, 0, 0], vec![2]));
        let (input, places) = read("[MASK]红[MASK]");
        assert_eq!((&input.input_ids[..4], places), (&[2, 4, 8, 4][..], vec![1, 3]));
        assert_eq!(input.words[1..4], [Some(0), Some(1), Some(2)]);
    }

    #[test]
    fn what_can_not_be_filled_in_is_said() {
        let error = |text, length| masked_text(&pipeline(length), text, Some(30), None).unwrap_err().to_string();
        assert_eq!(error("a mask", 8), "`a mask`: nothing to fill in, expected `[MASK]` in it");
        assert_eq!(error("a a [MASK]", 3), "`a a [MASK]`: a `[MASK]` lies behind the 2 tokens that the model reads");
    }

    #[test]
    fn special_tokens_are_no_guess() {
        // The special ids are the likeliest, and are no words.
        let logits = [[9.0, 9.0, 9.0, 9.0, 9.0, 0.0, 2.0_f32.ln(), -50.0, -50.0, -50.0]];
        let found = likeliest(Tensor::from_floats(logits, &Device::flex()), &pipeline(8).tokenizer, 2);
        let words: Vec<&str> = found[0].guesses.iter().map(|guess| guess.word.as_str()).collect();
        assert_eq!(words, ["red", "a"]);
        let [red, a] = [0, 1].map(|place| found[0].guesses[place].probability);
        assert!((red / a - 2.0).abs() < 1e-4 && a < 1e-3);
    }
}
