//! The special tokens and the size of a vocabulary: all that masking and layouts need to know about it.

use serde::{Deserialize, Serialize};

use crate::TextError;

/// The ids of BERT's five special tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialIds {
    /// `[PAD]`, fills a text up to its length.
    pub pad: u32,
    /// `[UNK]`, stands for a word the vocabulary cannot spell.
    pub unk: u32,
    /// `[CLS]`, the first token of a sequence.
    pub cls: u32,
    /// `[SEP]`, ends a segment.
    pub sep: u32,
    /// `[MASK]`, hides a token.
    pub mask: u32,
}

impl SpecialIds {
    /// The names in the order of the fields.
    pub const NAMES: [&'static str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    /// The ids in the order of [`SpecialIds::NAMES`].
    pub const fn all(&self) -> [u32; 5] {
        [self.pad, self.unk, self.cls, self.sep, self.mask]
    }

    /// Whether `id` is one of the five.
    pub fn contains(&self, id: u32) -> bool {
        self.all().contains(&id)
    }

    /// Asks `id_of` for each name; `place` names the vocabulary in the error.
    pub(crate) fn look_up(place: &str, id_of: impl Fn(&str) -> Option<u32>) -> Result<Self, TextError> {
        let mut ids = [0; 5];
        for (id, token) in ids.iter_mut().zip(Self::NAMES) {
            *id = id_of(token).ok_or_else(|| TextError::MissingSpecial { place: place.to_string(), token })?;
        }
        let [pad, unk, cls, sep, mask] = ids;
        Ok(Self { pad, unk, cls, sep, mask })
    }
}

/// The size of a vocabulary and its special ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    /// Number of ids, special ones included: rows of a word-embedding table.
    pub size: u32,
    /// The special ones among them.
    pub special: SpecialIds,
}

impl Vocabulary {
    /// Whether `id` exists and is not special.
    pub fn is_word(&self, id: u32) -> bool {
        id < self.size && !self.special.contains(id)
    }

    /// The special ids, ascending; one that is no id or was there before is `u32::MAX`, at the end.
    fn sorted_special(&self) -> [u32; 5] {
        let mut ids = self.special.all();
        ids.sort_unstable();
        for i in 0..ids.len() {
            if ids[i] >= self.size || ids[..i].contains(&ids[i]) {
                ids[i] = u32::MAX;
            }
        }
        ids.sort_unstable();
        ids
    }

    /// Number of ids that are not special.
    pub fn words(&self) -> u32 {
        self.size - self.sorted_special().into_iter().filter(|&id| id != u32::MAX).count() as u32
    }

    /// The `rank`-th id that is not special, counting from 0 in order of ids.
    pub fn word(&self, rank: u32) -> Option<u32> {
        let id =
            self.sorted_special().into_iter().fold(rank, |id, special| id.saturating_add(u32::from(special <= id)));
        (id < self.size).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECIAL: SpecialIds = SpecialIds { pad: 0, unk: 3, cls: 4, sep: 7, mask: 9 };

    #[test]
    fn words_are_the_ids_between_the_special_ones() {
        let vocabulary = Vocabulary { size: 11, special: SPECIAL };
        let words: Vec<u32> = (0..vocabulary.words()).filter_map(|rank| vocabulary.word(rank)).collect();
        assert_eq!(words, [1, 2, 5, 6, 8, 10]); // 0 to 10 without 0, 3, 4, 7, 9
        assert_eq!(vocabulary.word(6), None);
        assert!(words.iter().all(|&id| vocabulary.is_word(id)));
        assert!(!vocabulary.is_word(7) && !vocabulary.is_word(11));
    }

    #[test]
    fn a_vocabulary_of_special_tokens_has_no_words() {
        let vocabulary = Vocabulary { size: 5, special: SpecialIds { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 } };
        assert_eq!((vocabulary.words(), vocabulary.word(0)), (0, None));
    }

    #[test]
    fn special_ids_that_coincide_or_lie_outside_count_once_or_not_at_all() {
        let vocabulary = Vocabulary { size: 4, special: SpecialIds { pad: 1, unk: 1, cls: 9, sep: 9, mask: 1 } };
        assert_eq!(vocabulary.words(), 3);
        assert_eq!([0, 1, 2, 3].map(|rank| vocabulary.word(rank)), [Some(0), Some(2), Some(3), None]);
    }

    #[test]
    fn a_missing_special_token_is_named_with_the_file() {
        let error = SpecialIds::look_up("vocab.txt", |name| (name != "[MASK]").then_some(1)).unwrap_err();
        assert!(error.to_string().starts_with("vocab.txt: `[MASK]` is missing"), "{error}");
    }
}
