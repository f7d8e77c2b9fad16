//! Masked language modelling: which tokens are hidden, and behind what.
//!
//! Each token is chosen with probability p; of the chosen 80 % become `[MASK]`, 10 % a random word, 10 % stay
//! (Devlin et al., arXiv:1810.04805, §3.1). All randomness is recorded in [`TokenDraws`]: equal draws, equal result.

use serde::{Deserialize, Serialize};

use crate::draws::{Decisions, KeyedDraws};
use crate::whole_word::units;
use crate::{SampleKey, SpecialIds, TextError, TextInput, TokenDraws, Vocabulary};

/// What is chosen as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskUnit {
    /// Each token by itself.
    #[default]
    Token,
    /// All pieces of a word, by the draw at its first; what becomes of each piece is drawn per piece.
    WholeWord,
}

/// Which ids can never be chosen. Padding never is, whatever its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spared {
    /// The five special ones, as in UniBERT.
    #[default]
    AllSpecials,
    /// `[PAD]` and `[CLS]`, as in ALBEF: a `[SEP]`, `[UNK]` or `[MASK]` in the text can be chosen.
    PadAndCls,
}

impl Spared {
    /// Whether the token `id` can never be chosen.
    fn spares(self, id: u32, special: &SpecialIds) -> bool {
        match self {
            Self::AllSpecials => special.contains(id),
            Self::PadAndCls => id == special.pad || id == special.cls,
        }
    }

    /// How many tokens of `text` can be chosen.
    pub fn candidates(self, text: &TextInput, special: &SpecialIds) -> usize {
        let tokens = text.input_ids.iter().zip(&text.attention_mask);
        tokens.filter(|(id, real)| **real && !self.spares(**id, special)).count()
    }
}

/// What a random replacement is drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RandomWords {
    /// All ids but the special ones.
    #[default]
    WordsOnly,
    /// The whole vocabulary as in both reference systems, so that a word can become `[PAD]` or `[SEP]`.
    Seed,
}

/// Whether a text may stay without any label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtLeast {
    /// A short text is often not masked at all, as in the references.
    #[default]
    None,
    /// Where nothing was chosen, the unit with the smallest draw is, if there is any that may be.
    OneMasked,
}

/// How tokens are masked; a section of a recipe. The default is BERT's, and UniBERT's but for its `Seed` choice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaskingConfig {
    /// Probability that a unit is chosen; UniBERT .15 (job 6: .25), ALBEF .15.
    pub probability: f64,
    /// Share of the chosen tokens that become `[MASK]`.
    pub mask_share: f64,
    /// Share of the *others* that become a random word; .5 of the remaining 20 % are 10 %.
    pub random_share: f64,
    /// What is chosen as one.
    pub unit: MaskUnit,
    /// Which ids can never be chosen.
    pub spared: Spared,
    /// What a random replacement is drawn from.
    pub random_words: RandomWords,
    /// Whether a text may stay without any label.
    pub at_least: AtLeast,
}

impl Default for MaskingConfig {
    fn default() -> Self {
        Self {
            probability: 0.15,
            mask_share: 0.8,
            random_share: 0.5,
            unit: MaskUnit::Token,
            spared: Spared::AllSpecials,
            random_words: RandomWords::WordsOnly,
            at_least: AtLeast::None,
        }
    }
}

/// A masked text and what is to be predicted; L tokens, M of them masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedText {
    /// `[L]`: ids with the chosen ones hidden.
    pub input_ids: Vec<u32>,
    /// `[M]`: where something was chosen, ascending.
    pub positions: Vec<u32>,
    /// `[M]`: the ids that stood there.
    pub labels: Vec<u32>,
}

impl MaskingConfig {
    /// Refuses shares outside `[0, 1]`.
    pub fn validate(&self) -> Result<(), TextError> {
        let shares =
            [("probability", self.probability), ("mask_share", self.mask_share), ("random_share", self.random_share)];
        match shares.into_iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
            Some((field, value)) => Err(TextError::NotAProbability { field, value }),
            None => Ok(()),
        }
    }

    /// Whether the token at `position` may be chosen.
    fn may_choose(&self, text: &TextInput, position: usize, vocabulary: &Vocabulary) -> bool {
        text.attention_mask[position] && !self.spared.spares(text.input_ids[position], &vocabulary.special)
    }

    /// What stands at `position` once its token `id` is chosen.
    fn hide(&self, id: u32, position: usize, vocabulary: &Vocabulary, draws: &impl Decisions) -> u32 {
        if draws.replace(position) < self.mask_share {
            vocabulary.special.mask
        } else if draws.random(position) < self.random_share {
            draws.word(position)
        } else {
            id
        }
    }
}

/// Hides tokens of `text` as `config` says and `draws` decide: chosen where `select < probability`, then `[MASK]` where
/// `replace < mask_share`, else `words` where `random < random_share`, else kept. Errors: draws that do not fit the text
/// or the vocabulary, shares that are none.
pub fn mask_tokens(
    text: &TextInput,
    vocabulary: &Vocabulary,
    config: &MaskingConfig,
    draws: &TokenDraws,
) -> Result<MaskedText, TextError> {
    config.validate()?;
    draws.check(text.len(), vocabulary, config)?;
    Ok(hidden(text, vocabulary, config, draws))
}

/// [`mask_tokens`] by the draws of `key`, which are [`TokenDraws::draw`]'s and made only where one decides something: a
/// fraction of the time. Errors: a vocabulary without words, shares that are none.
pub fn mask_by_key(
    text: &TextInput,
    vocabulary: &Vocabulary,
    config: &MaskingConfig,
    key: SampleKey,
) -> Result<MaskedText, TextError> {
    config.validate()?;
    Ok(hidden(text, vocabulary, config, &KeyedDraws::new(key, vocabulary, config.random_words)?))
}

fn hidden(text: &TextInput, vocabulary: &Vocabulary, config: &MaskingConfig, draws: &impl Decisions) -> MaskedText {
    let mut masked = MaskedText { input_ids: text.input_ids.clone(), positions: vec![], labels: vec![] };
    for position in choose(text, vocabulary, config, draws) {
        let id = text.input_ids[position];
        masked.positions.push(position as u32);
        masked.labels.push(id);
        masked.input_ids[position] = config.hide(id, position, vocabulary, draws);
    }
    masked
}

/// The chosen positions, ascending.
fn choose(text: &TextInput, vocabulary: &Vocabulary, config: &MaskingConfig, draws: &impl Decisions) -> Vec<usize> {
    let units = units(&text.words, config.unit);
    let candidates = || (0..text.len()).filter(|&i| config.may_choose(text, i, vocabulary)).map(|i| (i, units[i]));
    // Pieces of a word follow one another: its draw is made once.
    let mut last = (usize::MAX, false);
    let mut is_chosen = |unit: usize| {
        if unit != last.0 {
            last = (unit, draws.select(unit) < config.probability);
        }
        last.1
    };
    let chosen: Vec<usize> = candidates().filter(|&(_, unit)| is_chosen(unit)).map(|(i, _)| i).collect();
    if !chosen.is_empty() || config.at_least == AtLeast::None {
        return chosen;
    }
    let drawn = candidates().map(|(_, unit)| (unit, draws.select(unit)));
    let smallest = drawn.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(unit, _)| unit);
    candidates().filter(|&(_, unit)| Some(unit) == smallest).map(|(i, _)| i).collect()
}

/// Labels as the reference systems and PyTorch's cross-entropy write them: `[length]` ids, −100 where nothing is to be
/// predicted. For files of others only; positions from `length` on are left out.
pub fn labels_with_ignore(masked: &MaskedText, length: usize) -> Vec<i64> {
    let mut labels = vec![-100; length];
    for (&position, &label) in masked.positions.iter().zip(&masked.labels) {
        if let Some(slot) = labels.get_mut(position as usize) {
            *slot = i64::from(label);
        }
    }
    labels
}

#[cfg(test)]
#[path = "masking_tests.rs"]
mod tests;
