//! Sentences that follow from a picture, or do not, or contradict it, as SNLI-VE has them.
//!
//! | | entailed | neutral | contradicted |
//! |---|---|---|---|
//! | this is about K, 这与K有关 | K is a keyword of the picture | it is not, but the picture shares a keyword with one that has K | they share none |
//! | the skin tone is T, T肤色 | the one person has tone T | one of two people has it | nobody has it, be it one or two |
//!
//! Sentences come in threes, one text with all three labels, so the text alone says nothing. Keywords of more than 5 % of the
//! pictures (`man`, `heart`) count for nothing, and K is a word that the vocabulary spells.

use serde_json::{Value, json};
use tuwen_annotation::{Entailment, Judgement};
use tuwen_random::{Draws, Stream};

use crate::balance::{Place, one};
use crate::emoji::{Emoji, Part};
use crate::keywords::{Keywords, Relation};
use crate::language::Language;
use crate::tone::Tone;
use crate::vocabulary::Vocabulary;

const KEYWORDS: Stream = Stream::named("sets.entailment.keywords");
const TONES: Stream = Stream::named("sets.entailment.tones");

/// How many threes there are of each language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threes {
    /// About keywords.
    pub(crate) keywords: usize,
    /// About tones.
    pub(crate) tones: usize,
}

/// The sentences of one part in both languages. Where two people of different tones are lacking there are none about tones.
pub(crate) fn sentences(part: &Part, vocabulary: &Vocabulary, seed: u64, threes: Threes) -> Vec<Entailment> {
    let mut sentences = Vec::new();
    for language in Language::ALL {
        let place = |stream| Place { seed, stream, part: 2 * part.number() + language.number() };
        let keywords = Keywords::new(part, language);
        let words: Vec<&str> = keywords.words().into_iter().filter(|word| vocabulary.spells(word)).collect();
        // Every keyword once, in a drawn order, before any comes again; those without all three relations are passed over.
        let order = place(KEYWORDS).draws(u64::MAX).permutation(words.len());
        let related = order.iter().filter_map(|at| Some((words[*at], keywords.relation(words[*at])?)));
        let related: Vec<(&str, Relation)> = related.take(threes.keywords).collect();
        for (number, (keyword, relation)) in related.iter().cycle().take(threes.keywords).enumerate() {
            sentences.extend(about_keyword(part, keyword, relation, &place(KEYWORDS).draws(number as u64), language));
        }
        let pools = Pools::new(part);
        let tones = if pools.two.is_empty() { 0 } else { threes.tones };
        for number in 0..tones {
            sentences.extend(pools.about_tone(&place(TONES).draws(number as u64), language));
        }
    }
    sentences
}

fn about_keyword(
    part: &Part,
    keyword: &str,
    relation: &Relation,
    draws: &Draws,
    language: Language,
) -> [Entailment; 3] {
    let text = language.pick(format!("this is about {keyword}"), format!("这与{keyword}有关"));
    let pictures = [&relation.own, &relation.akin, &relation.foreign];
    let mut position = 0;
    three(
        &text,
        pictures.map(|places| {
            position += 1;
            &part.emoji[*one(draws, position, places)]
        }),
    )
}

/// One text with the pictures of which it is entailed, neutral and contradicted.
fn three(text: &str, [own, akin, foreign]: [&Emoji; 3]) -> [Entailment; 3] {
    [(own, Judgement::Entailed), (akin, Judgement::Neutral), (foreign, Judgement::Contradicted)]
        .map(|(emoji, label)| Entailment { image: emoji.file(), text: text.to_owned(), label })
}

/// People by their tones.
struct Pools<'a> {
    one: Vec<(&'a Emoji, Tone)>,
    two: Vec<(&'a Emoji, [Tone; 2])>,
}

impl<'a> Pools<'a> {
    fn new(part: &'a Part) -> Self {
        let different = |emoji: &Emoji| match emoji.tones[..] {
            [a, b] if a != b => Some([a, b]),
            _ => None,
        };
        Self { one: part.with(Emoji::tone), two: part.with(different) }
    }

    fn about_tone(&self, draws: &Draws, language: Language) -> [Entailment; 3] {
        let tone = *one(draws, 0, &Tone::ALL);
        let singles = |wanted: bool| -> Vec<&Emoji> {
            self.one.iter().filter(|(_, own)| (*own == tone) == wanted).map(|(emoji, _)| *emoji).collect()
        };
        let couples = |wanted: bool| -> Vec<&Emoji> {
            self.two.iter().filter(|(_, own)| own.contains(&tone) == wanted).map(|(emoji, _)| *emoji).collect()
        };
        let nobody = if draws.below(1, 2) == 0 { singles(false) } else { couples(false) };
        let word = tone.word(language);
        let text = language.pick(format!("the skin tone is {word}"), format!("{word}肤色"));
        three(&text, [*one(draws, 2, &singles(true)), *one(draws, 3, &couples(true)), *one(draws, 4, &nobody)])
    }
}

/// The sentences as ALBEF's list has them.
pub(crate) fn albef(sentences: &[Entailment]) -> Vec<Value> {
    let record = |s: &Entailment| json!({ "image": key(s), "sentence": s.text, "label": s.label.word() });
    sentences.iter().map(record).collect()
}

/// The sentences as SNLI-VE's lines are; `captions` are what the pictures are called.
pub(crate) fn official(sentences: &[Entailment], caption: impl Fn(&str) -> String) -> Vec<Value> {
    let record = |(number, s): (usize, &Entailment)| {
        json!({ "Flickr30K_ID": key(s), "pairID": format!("{}#{number}", s.image), "sentence1": caption(&s.image),
                "sentence2": s.text, "gold_label": s.label.word() })
    };
    sentences.iter().enumerate().map(record).collect()
}

fn key(sentence: &Entailment) -> &str {
    sentence.image.trim_end_matches(".jpg")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::fixture::{emoji_folder, parts};

    #[test]
    fn every_text_has_each_label_equally_often_and_is_spelled() {
        let vocabulary = Vocabulary::read(&emoji_folder().join("vocab.txt")).unwrap();
        for part in parts() {
            let sentences = sentences(part, &vocabulary, 42, Threes { keywords: 100, tones: 30 });
            let mut labels: HashMap<&str, [usize; 3]> = HashMap::new();
            for sentence in &sentences {
                labels.entry(&sentence.text).or_default()[sentence.label.class()] += 1;
                assert!(vocabulary.spells(&sentence.text), "{}", sentence.text);
            }
            assert!(labels.values().all(|[a, b, c]| a == b && b == c), "{}", part.name);
            assert!(sentences.len() >= 600, "{}: {}", part.name, sentences.len());
        }
    }

    #[test]
    fn labels_follow_the_tones() {
        let parts = parts();
        let pools = Pools::new(&parts[2]);
        let by_file: HashMap<String, &Emoji> = parts[2].emoji.iter().map(|emoji| (emoji.file(), emoji)).collect();
        for number in 0..200 {
            let draws = Place { seed: 1, stream: TONES, part: 0 }.draws(number);
            for sentence in pools.about_tone(&draws, Language::English) {
                let tones = &by_file[&sentence.image].tones;
                let word = sentence.text.strip_prefix("the skin tone is ").unwrap();
                let having = tones.iter().filter(|tone| tone.word(Language::English) == word).count();
                let expected = match (having, tones.len()) {
                    (0, _) => Judgement::Contradicted,
                    (1, 1) => Judgement::Entailed,
                    _ => Judgement::Neutral,
                };
                assert_eq!(sentence.label, expected, "{} {}", sentence.image, sentence.text);
            }
        }
    }
}
