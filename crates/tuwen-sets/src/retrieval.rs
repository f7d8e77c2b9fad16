//! Pictures with a caption in each language, as ALBEF and Karpathy have them for retrieval.
//!
//! A picture has two captions, so another caption of the same picture is no negative: what identity-aware fine-tuning is for.

use serde_json::{Value, json};

use crate::emoji::{Emoji, Part};
use crate::language::Language;

/// ALBEF's training list: an object per caption.
pub(crate) fn albef_training(part: &Part) -> Vec<Value> {
    let record = |(emoji, language): (&Emoji, Language)| json!({ "image": emoji.file(), "image_id": emoji.id, "caption": emoji.caption(language) });
    part.emoji.iter().flat_map(|emoji| Language::ALL.map(|language| (emoji, language))).map(record).collect()
}

/// ALBEF's test list: an object per picture, with all captions.
pub(crate) fn albef_test(part: &Part) -> Vec<Value> {
    part.emoji.iter().map(|emoji| json!({ "image": emoji.file(), "caption": emoji.captions })).collect()
}

/// Karpathy's file of all parts; what is held out is its `test`.
pub(crate) fn karpathy(parts: &[Part]) -> Value {
    let all = parts.iter().flat_map(|part| part.emoji.iter().map(move |emoji| (part, emoji)));
    let images = all.enumerate().map(|(number, (part, emoji))| {
        let sentences = [0, 1].map(|at| {
            let tokens: Vec<&str> = emoji.captions[at].split(' ').collect();
            json!({ "raw": emoji.captions[at], "tokens": tokens, "imgid": number, "sentid": 2 * number + at })
        });
        let split = if part.name == "heldout" { "test" } else { part.name };
        json!({ "filename": emoji.file(), "imgid": number, "split": split, "sentids": [2 * number, 2 * number + 1],
                "sentences": sentences })
    });
    json!({ "dataset": "emoji", "images": images.collect::<Vec<_>>() })
}
