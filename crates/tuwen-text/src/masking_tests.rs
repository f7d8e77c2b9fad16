//! Masking by hand-written draws.

use super::*;
use crate::{RandomWords, SpecialIds};

const VOCABULARY: Vocabulary = Vocabulary { size: 20, special: SpecialIds { pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 } };

/// `[CLS] 5 [UNK] 7 8 [SEP] [PAD]`, where 7 and 8 are one word.
fn text() -> TextInput {
    let mut text = TextInput::from_ids(vec![2, 5, 1, 7, 8, 3, 0], 0);
    text.words = vec![None, Some(0), Some(1), Some(2), Some(2), None, None];
    text
}

/// Draws that choose all that may be, and make `[MASK]` of each.
fn draws() -> TokenDraws {
    TokenDraws { select: vec![0.0; 7], replace: vec![0.0; 7], random: vec![0.0; 7], words: vec![9; 7] }
}

fn mask(config: MaskingConfig, draws: &TokenDraws) -> MaskedText {
    mask_tokens(&text(), &VOCABULARY, &config, draws).unwrap()
}

#[test]
fn specials_are_spared_all_or_two() {
    let unibert = mask(MaskingConfig::default(), &draws());
    assert_eq!((unibert.positions, unibert.labels), (vec![1, 3, 4], vec![5, 7, 8]));
    assert_eq!(unibert.input_ids, [2, 4, 1, 4, 4, 3, 0]);
    let albef = mask(MaskingConfig { spared: Spared::PadAndCls, ..MaskingConfig::default() }, &draws());
    assert_eq!((albef.positions, albef.labels), (vec![1, 2, 3, 4, 5], vec![5, 1, 7, 8, 3]));
}

#[test]
fn padding_is_spared_whatever_its_id() {
    let mut text = text();
    text.input_ids[6] = 9;
    let masked = mask_tokens(&text, &VOCABULARY, &MaskingConfig::default(), &draws()).unwrap();
    assert_eq!(masked.positions, [1, 3, 4]);
}

#[test]
fn chosen_tokens_are_masked_replaced_or_kept() {
    let mut draws = draws();
    (draws.replace[1], draws.replace[3], draws.replace[4]) = (0.79, 0.8, 0.8); // `[MASK]` only below .8
    (draws.random[3], draws.random[4]) = (0.49, 0.5); // random only below .5
    let masked = mask(MaskingConfig::default(), &draws);
    assert_eq!(masked.input_ids, [2, 4, 1, 9, 8, 3, 0]);
    assert_eq!(masked.labels, [5, 7, 8]);
}

#[test]
fn a_draw_equal_to_the_probability_does_not_choose() {
    let mut draws = draws();
    draws.select = vec![0.15; 7];
    draws.select[3] = 0.149;
    assert_eq!(mask(MaskingConfig::default(), &draws).positions, [3]);
    let none = mask(MaskingConfig { probability: 0.0, ..MaskingConfig::default() }, &draws);
    assert_eq!((none.input_ids, none.positions.len()), (text().input_ids, 0));
}

#[test]
fn a_word_is_chosen_by_its_first_piece() {
    let config = MaskingConfig { unit: MaskUnit::WholeWord, ..MaskingConfig::default() };
    let mut draws = draws();
    draws.select = vec![0.9, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9]; // 7 is, 8 follows
    assert_eq!(mask(config, &draws).positions, [3, 4]);
    draws.select = vec![0.9, 0.9, 0.9, 0.9, 0.1, 0.9, 0.9]; // 8 alone chooses nothing
    assert_eq!(mask(config, &draws).positions, [] as [u32; 0]);
    assert_eq!(mask(MaskingConfig::default(), &draws).positions, [4]); // by the token it does
}

#[test]
fn at_least_one_takes_the_smallest_draw() {
    let mut draws = draws();
    draws.select = vec![0.1, 0.9, 0.2, 0.8, 0.7, 0.2, 0.2]; // special ones draw less, but are spared
    assert_eq!(mask(MaskingConfig::default(), &draws).positions, [] as [u32; 0]);
    let one = MaskingConfig { at_least: AtLeast::OneMasked, ..MaskingConfig::default() };
    assert_eq!(mask(one, &draws).positions, [4]);
    let word = MaskingConfig { unit: MaskUnit::WholeWord, ..one };
    assert_eq!(mask(word, &draws).positions, [3, 4]); // by its first piece, .8 against .9
}

#[test]
fn a_text_of_specials_has_nothing_to_mask_even_at_least_one() {
    let one = MaskingConfig { at_least: AtLeast::OneMasked, ..MaskingConfig::default() };
    let draws = TokenDraws { select: vec![0.0; 2], replace: vec![0.0; 2], random: vec![0.0; 2], words: vec![9; 2] };
    let masked = mask_tokens(&TextInput::from_ids(vec![2, 3], 0), &VOCABULARY, &one, &draws).unwrap();
    assert_eq!(masked, MaskedText { input_ids: vec![2, 3], positions: vec![], labels: vec![] });
}

#[test]
fn random_words_may_be_special_only_under_seed() {
    let mut draws = draws();
    (draws.replace[1], draws.words[1]) = (0.9, 3);
    let seed = MaskingConfig { random_words: RandomWords::Seed, ..MaskingConfig::default() };
    assert_eq!(mask(seed, &draws).input_ids[1], 3);
    let error = mask_tokens(&text(), &VOCABULARY, &MaskingConfig::default(), &draws).unwrap_err();
    assert!(matches!(error, TextError::NotAWord { position: 1, id: 3, .. }), "{error}");
    draws.words[1] = 20;
    assert!(mask_tokens(&text(), &VOCABULARY, &seed, &draws).is_err()); // beyond the vocabulary never
}

#[test]
fn draws_of_another_length_are_refused() {
    let mut draws = draws();
    draws.random.pop();
    let error = mask_tokens(&text(), &VOCABULARY, &MaskingConfig::default(), &draws).unwrap_err();
    assert!(matches!(error, TextError::DrawsLength { field: "random", found: 6, expected: 7 }), "{error}");
}

#[test]
fn shares_outside_zero_to_one_are_refused() {
    for (config, name) in [
        (MaskingConfig { probability: 1.1, ..MaskingConfig::default() }, "probability"),
        (MaskingConfig { mask_share: -0.1, ..MaskingConfig::default() }, "mask_share"),
        (MaskingConfig { random_share: f64::NAN, ..MaskingConfig::default() }, "random_share"),
    ] {
        let error = mask_tokens(&text(), &VOCABULARY, &config, &draws()).unwrap_err();
        assert!(matches!(error, TextError::NotAProbability { field, .. } if field == name), "{error}");
    }
}

#[test]
fn ignored_labels_are_written_only_at_the_border() {
    let masked = MaskedText { input_ids: vec![2, 4, 4, 3], positions: vec![1, 2], labels: vec![5, 6] };
    assert_eq!(labels_with_ignore(&masked, 4), [-100, 5, 6, -100]);
    assert_eq!(labels_with_ignore(&masked, 2), [-100, 5]);
}

#[test]
fn a_recipe_may_leave_out_what_is_usual_and_nothing_unknown_passes() {
    let config: MaskingConfig =
        toml::from_str("probability = 0.25\nunit = \"whole_word\"\nspared = \"pad_and_cls\"").unwrap();
    let expected = MaskingConfig {
        probability: 0.25,
        unit: MaskUnit::WholeWord,
        spared: Spared::PadAndCls,
        ..MaskingConfig::default()
    };
    assert_eq!(config, expected);
    assert!(toml::from_str::<MaskingConfig>("propability = 0.25").is_err());
}

#[test]
fn draws_made_where_they_decide_are_the_recorded_ones() {
    for (sample, unit, at_least, random_words) in [
        (0, MaskUnit::Token, AtLeast::None, RandomWords::WordsOnly),
        (1, MaskUnit::WholeWord, AtLeast::OneMasked, RandomWords::Seed),
        (2, MaskUnit::WholeWord, AtLeast::None, RandomWords::WordsOnly),
        (3, MaskUnit::Token, AtLeast::OneMasked, RandomWords::Seed),
    ] {
        for epoch in 0..200 {
            let probability = if epoch % 2 == 0 { 0.5 } else { 0.05 }; // the latter mostly chooses nothing
            let config = MaskingConfig { probability, unit, at_least, random_words, ..MaskingConfig::default() };
            let key = SampleKey { seed: 5, epoch, sample };
            let draws = TokenDraws::draw(key, text().len(), &VOCABULARY, random_words).unwrap();
            assert_eq!(mask_by_key(&text(), &VOCABULARY, &config, key).unwrap(), mask(config, &draws));
        }
    }
}
