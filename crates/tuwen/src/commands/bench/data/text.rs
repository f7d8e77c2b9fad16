//! Captions to ids, and ids to masked ids and labels.

use std::path::Path;

use serde_json::{Value, json};
use tuwen_data::{Source, TitleField, WebDatasetFields, WebDatasetSource};
use tuwen_text::{
    Layout, MaskUnit, MaskedText, MaskingConfig, SampleKey, TextInput, TextLayout, Tokenizer, mask_by_key,
};

use super::{Contest, Part, Peer, Row, dataset, number, word};
use crate::commands::CommandError;
use crate::commands::bench::python::Session;

const SCRIPT: &str = concat!(include_str!("../answer.py"), include_str!("text.py"));
/// Captions of both languages together.
const CAPTIONS: usize = 2000;
/// Texts of a batch, and tokens of a text.
const BATCH: [usize; 2] = [64, 64];
/// Batches in a round.
const BATCHES: usize = 20;

/// Masking by token and by word, and tokenising with two of theirs.
pub(super) fn measure(peer: &Peer, root: &Path, rounds: usize) -> Result<Part, CommandError> {
    let captions = captions(&dataset(root, "emoji/train.tar"))?;
    let vocabulary = dataset(root, "vocab/bert-base-chinese.txt");
    let tokenizer = Tokenizer::from_file(&vocabulary)?;
    let ids = ids_of(&tokenizer, &captions)?;
    let batch = batch(&tokenizer, &captions)?;
    let rows: Vec<&[u32]> = batch.iter().map(|text| text.input_ids.as_slice()).collect();
    let mut session = peer.start(SCRIPT, &[], 1)?;
    let open = json!({"do": "open", "vocabulary": vocabulary, "captions": captions, "ids": rows});
    let opened = session.ask(&open)?;
    let theirs = session.ask(&json!({"do": "ids"}))?;
    for name in ["bare", "bert"] {
        if theirs[name] != json!(ids) {
            return Err(format!("the ids of `{name}` are others than ours, expected equal ones").into());
        }
    }
    let mut equal = vec![format!("the ids of all {CAPTIONS} captions, of both libraries")];
    let mut rows = masking_rows(&mut session, &tokenizer, &batch, rounds, &mut equal)?;
    for (which, name) in
        [("bare", "tokenising, against `tokenizers`"), ("bert", "tokenising, against `BertTokenizerFast`")]
    {
        let contest = Contest::hold(
            rounds,
            || ids_of(&tokenizer, &captions).map(drop),
            || number(&session.ask(&json!({"do": "tokenise", "which": which}))?, "seconds"),
        )?;
        rows.push(Row { name: name.to_owned(), unit: "captions", items: captions.len(), contest });
    }
    let [name, torch, tokenizers] = ["transformers", "torch", "tokenizers"].map(|name| word(&opened, name));
    let versions = format!("Text, against transformers {name}, tokenizers {tokenizers}, torch {torch}");
    Ok(Part { versions, equal, rows })
}

fn masking_rows(
    session: &mut Session,
    tokenizer: &Tokenizer,
    batch: &[TextInput],
    rounds: usize,
    equal: &mut Vec<String>,
) -> Result<Vec<Row>, CommandError> {
    let mut rows = Vec::new();
    for (unit, name) in [(MaskUnit::Token, "token"), (MaskUnit::WholeWord, "whole word")] {
        let config = MaskingConfig { unit, ..MaskingConfig::default() };
        let theirs = session.ask(&json!({"do": "share", "unit": name}))?;
        equal.push(shares(name, share(tokenizer, batch, &config)?, &theirs)?);
        let mut epoch = 0;
        let contest = Contest::hold(
            rounds,
            || {
                (0..BATCHES).try_for_each(|_| {
                    epoch += 1;
                    masked(tokenizer, batch, &config, epoch).map(drop)
                })
            },
            || number(&session.ask(&json!({"do": "mask", "unit": name, "times": BATCHES}))?, "seconds"),
        )?;
        let [texts, tokens] = BATCH;
        rows.push(Row {
            name: format!("masking by {name}, {texts}×{tokens}"),
            unit: "batches",
            items: BATCHES,
            contest,
        });
    }
    Ok(rows)
}

fn captions(set: &Path) -> Result<Vec<String>, CommandError> {
    let titles = vec![TitleField::new("en", "caption_en"), TitleField::new("zh", "caption_zh")];
    let source = WebDatasetSource::open(set, WebDatasetFields { titles, ..WebDatasetFields::default() })?;
    let mut captions = Vec::with_capacity(CAPTIONS);
    for index in 0..source.len().min(CAPTIONS / 2) {
        captions.extend(source.read(index)?.titles.into_iter().map(|title| title.text));
    }
    Ok(captions)
}

fn ids_of(tokenizer: &Tokenizer, captions: &[String]) -> Result<Vec<Vec<u32>>, CommandError> {
    captions.iter().map(|caption| Ok(tokenizer.encode(caption)?.ids)).collect()
}

/// Texts that fill their length: captions one after the other.
fn batch(tokenizer: &Tokenizer, captions: &[String]) -> Result<Vec<TextInput>, CommandError> {
    let [texts, tokens] = BATCH;
    let layout = TextLayout::new(Layout::ClsTitleSep, tokens);
    let text = |captions: &[String]| Ok(layout.encode(tokenizer, &captions.join(", "))?);
    captions.chunks(captions.len() / texts).take(texts).map(text).collect()
}

fn masked(
    tokenizer: &Tokenizer,
    batch: &[TextInput],
    config: &MaskingConfig,
    epoch: u64,
) -> Result<Vec<MaskedText>, CommandError> {
    let vocabulary = tokenizer.vocabulary();
    let one = |(sample, text): (usize, &TextInput)| {
        let key = SampleKey { seed: 42, epoch, sample: sample as u64 };
        Ok(mask_by_key(text, &vocabulary, config, key)?)
    };
    batch.iter().enumerate().map(one).collect()
}

/// The share of the words that is masked, in a hundred batches.
fn share(tokenizer: &Tokenizer, batch: &[TextInput], config: &MaskingConfig) -> Result<f64, CommandError> {
    let special = tokenizer.special_ids();
    let words = batch.iter().flat_map(|text| &text.input_ids).filter(|&&id| !special.contains(id)).count();
    let mut count = 0;
    for epoch in 0..100 {
        count += masked(tokenizer, batch, config, epoch)?.iter().map(|text| text.labels.len()).sum::<usize>();
    }
    Ok(count as f64 / words as f64 / 100.0)
}

/// Refuses shares apart from 15 %, and masked special tokens.
fn shares(unit: &str, ours: f64, theirs: &Value) -> Result<String, CommandError> {
    let (other, special) = (number(theirs, "share")?, number(theirs, "special")?);
    if (ours - 0.15).abs() > 0.01 || (other - 0.15).abs() > 0.03 || special > 0.0 {
        let text =
            format!("masked by {unit}: {ours:.3}, in Python {other:.3} and {special} special tokens, expected 0.15");
        return Err(text.into());
    }
    Ok(format!("masked by {unit}: {:.1} % of the words, in Python {:.1} %", 100.0 * ours, 100.0 * other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_apart_from_fifteen_per_cent_are_refused() {
        let theirs = json!({"share": 0.151, "special": 0});
        assert_eq!(shares("token", 0.149, &theirs).unwrap(), "masked by token: 14.9 % of the words, in Python 15.1 %");
        assert!(shares("token", 0.3, &theirs).is_err());
        assert!(shares("token", 0.15, &json!({"share": 0.15, "special": 2})).is_err());
    }

    #[test]
    fn batches_are_full_texts() {
        let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        let tokenizer = Tokenizer::from_tokens(specials.into_iter().chain(["a", ","])).unwrap();
        let batch = batch(&tokenizer, &vec!["a".to_owned(); 64 * 40]).unwrap();
        assert_eq!(batch.len(), 64);
        assert!(batch.iter().all(|text| text.input_ids.len() == 64 && text.attention_mask.iter().all(|&real| real)));
    }
}
