//! The random decisions of token masking, as arrays that can be recorded and replayed.

use tuwen_random::{Draws, Stream};

use crate::masking::{MaskingConfig, RandomWords};
use crate::{TextError, Vocabulary};

const SELECT: Stream = Stream::named("mlm.select");
const REPLACE: Stream = Stream::named("mlm.replace");
const RANDOM: Stream = Stream::named("mlm.random");
const WORDS: Stream = Stream::named("mlm.words");

/// Which sample of which epoch of which run the draws belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleKey {
    /// The run's seed.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The sample's number, the same in every epoch.
    pub sample: u64,
}

/// One entry per position of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenDraws {
    /// `[L]`, uniform in `[0, 1)`: is the token chosen?
    pub select: Vec<f64>,
    /// `[L]`, uniform: does a chosen token become `[MASK]`?
    pub replace: Vec<f64>,
    /// `[L]`, uniform: does one that does not become a random word?
    pub random: Vec<f64>,
    /// `[L]`, ids: which word?
    pub words: Vec<u32>,
}

impl TokenDraws {
    /// The draws of one sample for `length` positions: a function of the key and the position alone, so that a longer
    /// text begins with the same ones. Error: a vocabulary without words.
    pub fn draw(
        key: SampleKey,
        length: usize,
        vocabulary: &Vocabulary,
        random_words: RandomWords,
    ) -> Result<Self, TextError> {
        let keyed = KeyedDraws::new(key, vocabulary, random_words)?;
        Ok(Self {
            select: (0..length).map(|position| keyed.select(position)).collect(),
            replace: (0..length).map(|position| keyed.replace(position)).collect(),
            random: (0..length).map(|position| keyed.random(position)).collect(),
            words: (0..length).map(|position| keyed.word(position)).collect(),
        })
    }

    /// Refuses draws of another length than the text's, and words that the vocabulary or the policy does not have.
    pub(crate) fn check(
        &self,
        length: usize,
        vocabulary: &Vocabulary,
        config: &MaskingConfig,
    ) -> Result<(), TextError> {
        let lengths = [
            ("select", self.select.len()),
            ("replace", self.replace.len()),
            ("random", self.random.len()),
            ("words", self.words.len()),
        ];
        if let Some((field, found)) = lengths.into_iter().find(|&(_, found)| found != length) {
            return Err(TextError::DrawsLength { field, found, expected: length });
        }
        let allowed = |id: u32| match config.random_words {
            RandomWords::WordsOnly => vocabulary.is_word(id),
            RandomWords::Seed => id < vocabulary.size,
        };
        match self.words.iter().position(|&id| !allowed(id)) {
            Some(position) => Err(TextError::NotAWord { position, id: self.words[position], size: vocabulary.size }),
            None => Ok(()),
        }
    }
}

/// What decides about each position of a text.
pub(crate) trait Decisions {
    /// Uniform in `[0, 1)`: is the token chosen?
    fn select(&self, position: usize) -> f64;
    /// Uniform: does a chosen token become `[MASK]`?
    fn replace(&self, position: usize) -> f64;
    /// Uniform: does one that does not become a random word?
    fn random(&self, position: usize) -> f64;
    /// An id: which word?
    fn word(&self, position: usize) -> u32;
}

impl Decisions for TokenDraws {
    fn select(&self, position: usize) -> f64 {
        self.select[position]
    }

    fn replace(&self, position: usize) -> f64 {
        self.replace[position]
    }

    fn random(&self, position: usize) -> f64 {
        self.random[position]
    }

    fn word(&self, position: usize) -> u32 {
        self.words[position]
    }
}

/// The draws of a key, each made when it is asked for: most positions are not chosen, and need but their first.
pub(crate) struct KeyedDraws<'a> {
    select: Draws,
    replace: Draws,
    random: Draws,
    ranks: Draws,
    bound: u32,
    vocabulary: &'a Vocabulary,
    random_words: RandomWords,
}

impl<'a> KeyedDraws<'a> {
    /// The draws of the sample at `key`. Error: a vocabulary without words.
    pub(crate) fn new(
        key: SampleKey,
        vocabulary: &'a Vocabulary,
        random_words: RandomWords,
    ) -> Result<Self, TextError> {
        let bound = match random_words {
            RandomWords::WordsOnly => vocabulary.words(),
            RandomWords::Seed => vocabulary.size,
        };
        if bound == 0 {
            return Err(TextError::NoWords { size: vocabulary.size });
        }
        let [select, replace, random, ranks] =
            [SELECT, REPLACE, RANDOM, WORDS].map(|stream| Draws::new(key.seed, stream, key.epoch, key.sample));
        Ok(Self { select, replace, random, ranks, bound, vocabulary, random_words })
    }
}

impl Decisions for KeyedDraws<'_> {
    fn select(&self, position: usize) -> f64 {
        self.select.uniform(position as u64)
    }

    fn replace(&self, position: usize) -> f64 {
        self.replace.uniform(position as u64)
    }

    fn random(&self, position: usize) -> f64 {
        self.random.uniform(position as u64)
    }

    fn word(&self, position: usize) -> u32 {
        let rank = self.ranks.below(position as u64, u64::from(self.bound)) as u32;
        match self.random_words {
            RandomWords::WordsOnly => self.vocabulary.word(rank).unwrap_or(rank),
            RandomWords::Seed => rank,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SpecialIds;

    const VOCABULARY: Vocabulary =
        Vocabulary { size: 8, special: SpecialIds { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 } };
    const KEY: SampleKey = SampleKey { seed: 1, epoch: 2, sample: 3 };

    #[test]
    fn every_part_of_the_key_matters_and_length_does_not() {
        let draw = |key, length| TokenDraws::draw(key, length, &VOCABULARY, RandomWords::WordsOnly).unwrap();
        let base = draw(KEY, 8);
        assert_eq!(base, draw(KEY, 8));
        assert_eq!(base.select[..], draw(KEY, 20).select[..8]);
        for other in [SampleKey { seed: 9, ..KEY }, SampleKey { epoch: 9, ..KEY }, SampleKey { sample: 9, ..KEY }] {
            assert_ne!(base.select, draw(other, 8).select);
        }
        assert_ne!(base.select, base.replace);
        assert_ne!(base.replace, base.random);
    }

    #[test]
    fn words_only_never_draws_a_special_id_and_seed_does() {
        let seen = |policy| {
            let mut ids = TokenDraws::draw(KEY, 1000, &VOCABULARY, policy).unwrap().words;
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        assert_eq!(seen(RandomWords::WordsOnly), [5, 6, 7]);
        assert_eq!(seen(RandomWords::Seed), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_vocabulary_without_words_is_an_error() {
        let vocabulary = Vocabulary { size: 5, ..VOCABULARY };
        let error = TokenDraws::draw(KEY, 3, &vocabulary, RandomWords::WordsOnly).unwrap_err();
        assert!(matches!(error, TextError::NoWords { size: 5 }), "{error}");
    }
}
