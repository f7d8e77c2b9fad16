//! A million tokens through the seeded path: 15 % chosen, of these 80 % `[MASK]`, 10 % random, 10 % kept.

use tuwen_text::{
    MaskUnit, MaskingConfig, RandomWords, SampleKey, Spared, SpecialIds, TextInput, TokenDraws, Vocabulary, mask_tokens,
};

const LENGTH: usize = 36;
const SAMPLES: u64 = 40_000;
const VOCABULARY: Vocabulary =
    Vocabulary { size: 21_128, special: SpecialIds { pad: 0, unk: 100, cls: 101, sep: 102, mask: 103 } };

/// `[CLS][SEP]` 31 words `[UNK][SEP][PAD]`; the words differ from sample to sample, two tokens a word.
fn text(sample: u64) -> TextInput {
    let word = |i: u64| (200 + (sample * 31 + i) % 20_000) as u32;
    let title = (0..31).map(word);
    let ids: Vec<u32> = [101, 102].into_iter().chain(title).chain([100, 102, 0]).collect();
    assert_eq!(ids.len(), LENGTH);
    let mut text = TextInput::from_ids(ids, 0);
    for (i, word) in text.words[2..34].iter_mut().enumerate() {
        *word = Some(i as u32 / 2);
    }
    text
}

#[derive(Default)]
struct Counts {
    words: f64,
    chosen: f64,
    masked: f64,
    random: f64,
    kept: f64,
    specials_chosen: u64,
    specials_drawn: u64,
}

fn count(config: &MaskingConfig) -> Counts {
    let mut counts = Counts::default();
    for sample in 0..SAMPLES {
        let text = text(sample);
        let key = SampleKey { seed: 7, epoch: 1, sample };
        let draws = TokenDraws::draw(key, LENGTH, &VOCABULARY, config.random_words).unwrap();
        let masked = mask_tokens(&text, &VOCABULARY, config, &draws).unwrap();
        counts.words += text.input_ids.iter().filter(|&&id| VOCABULARY.is_word(id)).count() as f64;
        for (&position, &label) in masked.positions.iter().zip(&masked.labels) {
            let now = masked.input_ids[position as usize];
            counts.chosen += 1.0;
            counts.specials_chosen += u64::from(!VOCABULARY.is_word(label));
            counts.masked += f64::from(now == 103);
            counts.kept += f64::from(now == label);
            counts.random += f64::from(now != label && now != 103);
            counts.specials_drawn += u64::from(now != label && now != 103 && !VOCABULARY.is_word(now));
        }
    }
    counts
}

/// A count among `n` with probability `p` lies within three standard deviations √(n·p·(1−p)) of n·p.
fn assert_share(name: &str, count: f64, n: f64, p: f64) {
    let deviations = (count - n * p) / (n * p * (1.0 - p)).sqrt();
    assert!(deviations.abs() < 3.0, "{name}: {count} of {n} is {deviations:.2} standard deviations from {p}");
}

#[test]
fn a_million_tokens_are_masked_in_the_right_shares() {
    let counts = count(&MaskingConfig::default());
    assert!(counts.words >= 1e6);
    assert_eq!(counts.specials_chosen + counts.specials_drawn, 0);
    assert_share("chosen", counts.chosen, counts.words, 0.15);
    assert_share("[MASK]", counts.masked, counts.chosen, 0.8);
    // One random draw in `words` is the word itself and counts as kept: far below a standard deviation.
    assert_share("random", counts.random, counts.chosen, 0.1);
    assert_share("kept", counts.kept, counts.chosen, 0.1);
}

#[test]
fn whole_words_are_chosen_as_often_and_together() {
    let config = MaskingConfig { unit: MaskUnit::WholeWord, probability: 0.25, ..MaskingConfig::default() };
    let counts = count(&config);
    // Two tokens hang on one draw: half as many trials. The odd last word shares its number with `[UNK]`.
    assert_share("chosen", counts.chosen / 2.0, counts.words / 2.0, 0.25);
    assert_share("[MASK]", counts.masked, counts.chosen, 0.8);
    assert_eq!(counts.specials_chosen, 0);
}

#[test]
fn seed_draws_specials_among_random_words_and_albef_chooses_separators() {
    let config =
        MaskingConfig { random_words: RandomWords::Seed, spared: Spared::PadAndCls, ..MaskingConfig::default() };
    let counts = count(&config);
    // Two `[SEP]` and one `[UNK]` a text can be chosen beside its 31 words.
    assert_share("chosen", counts.chosen, counts.words * 34.0 / 31.0, 0.15);
    assert_share("specials", counts.specials_chosen as f64, SAMPLES as f64 * 3.0, 0.15);
    // Four of the 21 128 ids count as drawn specials here (`[MASK]` is counted as masked), out of ~20 000 draws.
    assert!((1..=15).contains(&counts.specials_drawn), "{}", counts.specials_drawn);
}
