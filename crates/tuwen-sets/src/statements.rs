//! Statements about two pictures, true or false, as NLVR2 has them.
//!
//! They come in fours: two statements about two pairs of pictures, each true of one pair and false of the other, so that
//! neither the text alone nor the pictures alone say anything.
//!
//! | | true of the first pair | true of the second |
//! |---|---|---|
//! | a woman, a man, a hand; then a tone | both pictures show it | only one picture shows it |
//! | darker | the left skin is darker | the right skin is darker |
//! | same | both have the same skin tone | the skin tones are not the same |
//!
//! Tones that are compared differ by two steps or more. A person who is neither called man nor woman, and a picture without a
//! tone, appear where nothing is said of it.

use serde_json::{Value, json};
use tuwen_annotation::Statement;
use tuwen_random::{Draws, Stream};

use crate::balance::{Place, one};
use crate::emoji::{Emoji, Gender, Part};
use crate::language::Language;
use crate::tone::Tone;

const STREAM: Stream = Stream::named("sets.statements");

/// The kinds of fours, in turn.
pub(crate) const KINDS: [&str; 4] = ["thing", "tone", "darker", "same"];

/// Two statements and two pairs of pictures: the first is true of the first pair alone, the second of the second.
struct Four<'a> {
    texts: [String; 2],
    pairs: [[&'a Emoji; 2]; 2],
}

/// `fours` fours of each language, four statements each.
pub(crate) fn statements(part: &Part, seed: u64, fours: usize) -> Vec<Statement> {
    let pools = Pools::new(part);
    let place = Place { seed, stream: STREAM, part: part.number() };
    let mut statements = Vec::new();
    for language in Language::ALL {
        for number in 0..fours {
            let draws = place.draws(2 * number as u64 + language.number());
            let four = pools.four(KINDS[number % KINDS.len()], &draws, language);
            for (of, text) in four.texts.iter().enumerate() {
                statements.extend(four.pairs.iter().enumerate().map(|(pair, emoji)| Statement {
                    images: emoji.map(Emoji::file),
                    text: text.clone(),
                    label: of == pair,
                }));
            }
        }
    }
    statements
}

/// The emoji to draw from.
struct Pools<'a> {
    toned: Vec<Vec<&'a Emoji>>,
    women: Vec<&'a Emoji>,
    men: Vec<&'a Emoji>,
    hands: Vec<&'a Emoji>,
    people: Vec<&'a Emoji>,
}

impl<'a> Pools<'a> {
    fn new(part: &'a Part) -> Self {
        let toned: Vec<(&Emoji, Tone)> = part.with(Emoji::tone);
        let those = |wanted: &dyn Fn(&Emoji) -> bool| -> Vec<&'a Emoji> {
            toned.iter().map(|(emoji, _)| *emoji).filter(|emoji| wanted(emoji)).collect()
        };
        Self {
            toned: Tone::ALL.map(|tone| those(&|emoji| emoji.tone() == Some(tone))).to_vec(),
            women: those(&|emoji| emoji.gender() == Some(Gender::Woman)),
            men: those(&|emoji| emoji.gender() == Some(Gender::Man)),
            hands: those(&|emoji| emoji.subgroup.starts_with("hand")),
            people: those(&|emoji| emoji.subgroup.starts_with("person")),
        }
    }

    fn four(&self, kind: &str, draws: &Draws, language: Language) -> Four<'a> {
        match kind {
            "thing" => self.things(draws, language),
            "tone" => self.of_a_tone(draws, language),
            "darker" => self.darker(draws, language),
            _ => self.same(draws, language),
        }
    }

    fn things(&self, draws: &Draws, language: Language) -> Four<'a> {
        let (english, chinese, those, others) = match draws.below(0, 3) {
            0 => ("a woman", "女人", &self.women, &self.men),
            1 => ("a man", "男人", &self.men, &self.women),
            _ => ("a hand", "手", &self.hands, &self.people),
        };
        both_or_one(language.pick(english, chinese), [those, others], draws, language)
    }

    fn of_a_tone(&self, draws: &Draws, language: Language) -> Four<'a> {
        let tone = draws.below(0, 5) as usize;
        let far: Vec<usize> = (0..5).filter(|other| tone.abs_diff(*other) >= 2).collect();
        let word = Tone::ALL[tone].word(language);
        let thing = language.pick(format!("{word} skin"), format!("{word}肤色"));
        both_or_one(&thing, [&self.toned[tone], &self.toned[*one(draws, 1, &far)]], draws, language)
    }

    fn darker(&self, draws: &Draws, language: Language) -> Four<'a> {
        let (light, dark) = apart(draws);
        let toned = |position, tone: usize| *one(draws, position, &self.toned[tone]);
        let text = |side: [&str; 2]| {
            let [english, chinese] = side;
            language.pick(format!("the {english} skin is darker"), format!("{chinese}图肤色较深"))
        };
        Four {
            texts: [text(["left", "左"]), text(["right", "右"])],
            pairs: [[toned(2, dark), toned(3, light)], [toned(4, light), toned(5, dark)]],
        }
    }

    fn same(&self, draws: &Draws, language: Language) -> Four<'a> {
        let (light, dark) = apart(draws);
        let tone = in_either_order(draws, 2, [light, dark])[0];
        let mixed = in_either_order(draws, 5, [light, dark]);
        let texts = [
            language.pick("both have the same skin tone", "两图肤色相等"),
            language.pick("the skin tones are not the same", "两图肤色不等"),
        ];
        let mixed = [*one(draws, 6, &self.toned[mixed[0]]), *one(draws, 7, &self.toned[mixed[1]])];
        Four { texts: texts.map(str::to_owned), pairs: [two(draws, 3, &self.toned[tone]), mixed] }
    }
}

/// Two tones that differ by two steps or more, the lighter first.
fn apart(draws: &Draws) -> (usize, usize) {
    const APART: [(usize, usize); 6] = [(0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (2, 4)];
    *one(draws, 1, &APART)
}

fn both_or_one<'a>(thing: &str, [those, others]: [&[&'a Emoji]; 2], draws: &Draws, language: Language) -> Four<'a> {
    let both = language.pick(format!("both pictures show {thing}"), format!("两图都有{thing}"));
    let one_only = language.pick(format!("only one picture shows {thing}"), format!("一图有{thing}"));
    let mixed = in_either_order(draws, 6, [*one(draws, 4, those), *one(draws, 5, others)]);
    Four { texts: [both, one_only], pairs: [two(draws, 2, those), mixed] }
}

/// Two different ones.
fn two<'a>(draws: &Draws, position: u64, emoji: &[&'a Emoji]) -> [&'a Emoji; 2] {
    let first = draws.below(position, emoji.len() as u64) as usize;
    let step = 1 + draws.below(position + 1, (emoji.len() as u64 - 1).max(1)) as usize;
    [emoji[first], emoji[(first + step) % emoji.len()]]
}

fn in_either_order<T>(draws: &Draws, position: u64, [a, b]: [T; 2]) -> [T; 2] {
    if draws.below(position, 2) == 0 { [a, b] } else { [b, a] }
}

/// The statements as ALBEF's list has them.
pub(crate) fn albef(statements: &[Statement]) -> Vec<Value> {
    let label = |statement: &Statement| if statement.label { "True" } else { "False" };
    let record = |s: &Statement| json!({ "images": s.images, "sentence": s.text, "label": label(s) });
    statements.iter().map(record).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::fixture::{emoji_folder, parts};
    use crate::vocabulary::Vocabulary;

    #[test]
    fn every_text_and_every_pair_is_as_often_true_as_false() {
        let parts = parts();
        let vocabulary = Vocabulary::read(&emoji_folder().join("vocab.txt")).unwrap();
        for part in parts {
            let statements = statements(part, 42, 40);
            assert_eq!(statements.len(), 2 * 40 * 4);
            let (mut texts, mut pairs): (HashMap<_, i32>, HashMap<_, i32>) = Default::default();
            for statement in &statements {
                let sign = if statement.label { 1 } else { -1 };
                *texts.entry(&statement.text).or_default() += sign;
                *pairs.entry(&statement.images).or_default() += sign;
                assert!(vocabulary.spells(&statement.text), "{}", statement.text);
                assert_ne!(statement.images[0], statement.images[1]);
            }
            assert!(texts.values().chain(pairs.values()).all(|balance| *balance == 0), "{}", part.name);
            assert!(texts.len() >= 20, "{}", texts.len());
        }
    }

    #[test]
    fn statements_are_true_where_their_label_says_so() {
        let parts = parts();
        let by_file: HashMap<String, &Emoji> = parts[2].emoji.iter().map(|emoji| (emoji.file(), emoji)).collect();
        for statement in statements(&parts[2], 7, 200) {
            let [a, b] = statement.images.each_ref().map(|image| by_file[image]);
            let tone = |emoji: &Emoji| emoji.tone().unwrap();
            let both_show = |thing: &str| [a, b].map(|emoji| shows(emoji, thing)).into_iter().filter(|s| *s).count();
            let text = statement.text.as_str();
            let is_true = match text {
                "the left skin is darker" | "左图肤色较深" => tone(a) > tone(b),
                "the right skin is darker" | "右图肤色较深" => tone(b) > tone(a),
                "both have the same skin tone" | "两图肤色相等" => tone(a) == tone(b),
                "the skin tones are not the same" | "两图肤色不等" => tone(a) != tone(b),
                _ => match text.strip_prefix("both pictures show ").or(text.strip_prefix("两图都有")) {
                    Some(thing) => both_show(thing) == 2,
                    None => {
                        let thing = text.strip_prefix("only one picture shows ").or(text.strip_prefix("一图有"));
                        both_show(thing.unwrap()) == 1
                    }
                },
            };
            assert_eq!(is_true, statement.label, "{text}: {}, {}", a.captions[0], b.captions[0]);
        }
    }

    fn shows(emoji: &Emoji, thing: &str) -> bool {
        match thing {
            "a woman" | "女人" => emoji.gender() == Some(Gender::Woman),
            "a man" | "男人" => emoji.gender() == Some(Gender::Man),
            "a hand" | "手" => emoji.subgroup.starts_with("hand"),
            tone => {
                let tone = tone.trim_end_matches(" skin").trim_end_matches("肤色");
                emoji.tone().is_some_and(|own| Language::ALL.iter().any(|language| own.word(*language) == tone))
            }
        }
    }
}
