//! Captions of one language or field: lengths, tokens, scripts, repetitions.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::occurrences::{Name, Occurrences, Repeats};
use crate::digest::{CaptionDigest, TokenDigest};
use crate::fingerprint::Fingerprint;
use crate::{Histogram, Script, TextExpectation};

/// The most unknown words that are told apart; later ones are counted as tokens alone.
const MOST_UNKNOWN: usize = 10_000;
/// How many of them are named.
const NAMED_UNKNOWN: usize = 10;

/// Captions of one language, added one by one.
#[derive(Debug, Default)]
pub(crate) struct Captions {
    pub(crate) occurrences: Occurrences,
    captions: u64,
    empty: u64,
    characters: Histogram,
    scripts: BTreeMap<Script, u64>,
    lengths: Histogram,
    unknown_tokens: u64,
    captions_with_unknown: u64,
    unknown: HashMap<String, u64>,
}

/// Captions of one language or field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaptionNumbers {
    /// How many.
    pub captions: u64,
    /// Those without a character.
    pub empty: u64,
    /// Characters of each.
    pub characters: Histogram,
    /// How many are written in each script.
    pub scripts: BTreeMap<Script, u64>,
    /// Equal ones.
    pub repeats: Repeats,
    /// What the vocabulary makes of them; absent without a vocabulary.
    pub tokens: Option<TokenNumbers>,
}

/// What a vocabulary makes of captions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenNumbers {
    /// Tokens of each caption, those of the layout included.
    pub lengths: Histogram,
    /// All tokens, without those of the layout.
    pub tokens: u64,
    /// Those among them that are `[UNK]`.
    pub unknown: u64,
    /// Captions that hold one.
    pub captions_with_unknown: u64,
    /// The commonest words that the vocabulary can't spell, and how often each occurs.
    pub unknown_words: Vec<(String, u64)>,
    /// Captions longer than `text.layout.max_length`; absent where it is not known.
    pub cut: Option<u64>,
}

impl Captions {
    pub(crate) fn add(&mut self, caption: CaptionDigest, record: u64, picture: Fingerprint, special_tokens: usize) {
        self.captions += 1;
        self.characters.add(caption.characters);
        *self.scripts.entry(caption.script).or_default() += 1;
        if caption.characters == 0 {
            // Empty captions are told by themselves, not as equal ones.
            self.empty += 1;
        } else {
            self.occurrences.add(caption.fingerprint, record, picture);
        }
        if let Some(tokens) = caption.tokens {
            self.add_tokens(tokens, special_tokens);
        }
    }

    fn add_tokens(&mut self, tokens: TokenDigest, special_tokens: usize) {
        self.lengths.add(tokens.tokens + special_tokens);
        self.unknown_tokens += tokens.unknown.len() as u64;
        self.captions_with_unknown += u64::from(!tokens.unknown.is_empty());
        for word in tokens.unknown {
            if self.unknown.len() < MOST_UNKNOWN || self.unknown.contains_key(&word) {
                *self.unknown.entry(word).or_default() += 1;
            }
        }
    }

    pub(crate) fn numbers(&self, text: Option<&TextExpectation>, name: Name<'_>) -> CaptionNumbers {
        CaptionNumbers {
            captions: self.captions,
            empty: self.empty,
            characters: self.characters.clone(),
            scripts: self.scripts.clone(),
            repeats: self.occurrences.repeats(name),
            tokens: text.map(|text| self.tokens(text)),
        }
    }

    fn tokens(&self, text: &TextExpectation) -> TokenNumbers {
        let mut unknown: Vec<(String, u64)> = self.unknown.iter().map(|(word, &n)| (word.clone(), n)).collect();
        unknown.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        unknown.truncate(NAMED_UNKNOWN);
        TokenNumbers {
            lengths: self.lengths.clone(),
            tokens: self.lengths.sum() - self.captions * text.special_tokens() as u64,
            unknown: self.unknown_tokens,
            captions_with_unknown: self.captions_with_unknown,
            unknown_words: unknown,
            cut: text.layout.map(|layout| self.lengths.above(layout.max_length as u64)),
        }
    }
}
