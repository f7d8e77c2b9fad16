//! Questions about an emoji with answers from a closed list, as ALBEF has them for VQA.
//!
//! | kind | English, Chinese | answers | of |
//! |---|---|---|---|
//! | `tone` | what skin tone, 图中人的肤色 | five tones | one person or hand |
//! | `tones` | which skin tones are here, 图中两人的肤色 | both, weighing ½ each | two people of different tones |
//! | `gender` | a man or a woman, 图中人的性别 | two | captions that begin with man or woman |
//! | `direction` | which way does it face, 面向左边或右边 | left, right | those that face right, and the same that face left |
//! | `sort` | what sort of person is here, 图中人的类别 | seven | subgroups with 25 held-out emoji or more |
//! | `name` | what is here, 图中人的名字 | the names of all training captions of one tone | captions of a name and a tone |
//!
//! All questions of a kind and language are one text, and but for `tones` and `name` each answer is equally frequent in each
//! part; so a question alone says nothing. A held-out name is one of about 280 and mostly there once.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Value, json};
use tuwen_annotation::{Answer, Question};
use tuwen_random::Stream;

use crate::balance::{Place, balanced};
use crate::emoji::{Emoji, Gender, Part};
use crate::language::Language;
use crate::tone::Tone;

const STREAM: Stream = Stream::named("sets.questions");

/// The kinds of questions.
pub(crate) const KINDS: [&str; 6] = ["tone", "tones", "gender", "direction", "sort", "name"];

const SORTS: [(&str, &str, &str); 7] = [
    ("person-role", "role", "角色"),
    ("person-activity", "activity", "活动"),
    ("person-sport", "sport", "运动"),
    ("person-gesture", "gesture", "手势"),
    ("person-fantasy", "fantasy", "神话"),
    ("person", "person", "人"),
    ("hand", "hand", "手"),
];

/// The questions of one part in both languages.
pub(crate) fn questions(part: &Part, seed: u64) -> Vec<Question> {
    let mut asked = Vec::new();
    for language in Language::ALL {
        for kind in KINDS {
            let place = Place { seed, stream: STREAM, part: part.number() };
            let draws = place.draws(10 * language.number() + asked_kind(kind));
            let balanced = |items: Vec<(_, String)>, answers: &[String]| balanced(&draws, items, answers);
            let answered = answered(part, kind, language);
            let chosen: Vec<(&Emoji, Vec<String>)> = match kind {
                "tones" | "name" => answered,
                _ => {
                    let items: Vec<_> = answered.into_iter().map(|(emoji, mut all)| (emoji, all.remove(0))).collect();
                    let labels: BTreeSet<String> = items.iter().map(|(_, answer)| answer.clone()).collect();
                    let labels: Vec<String> = labels.into_iter().collect();
                    balanced(items, &labels).into_iter().map(|(emoji, answer)| (emoji, vec![answer])).collect()
                }
            };
            asked.extend(chosen.into_iter().map(|(emoji, answers)| (emoji, kind, language, answers)));
        }
    }
    asked
        .into_iter()
        .enumerate()
        .map(|(id, (emoji, kind, language, answers))| Question {
            id: id.to_string(),
            image: emoji.file(),
            text: question(kind, language).to_owned(),
            answers: weighted(answers),
            kind: Some(kind.to_owned()),
        })
        .collect()
}

fn asked_kind(kind: &str) -> u64 {
    KINDS.iter().position(|other| *other == kind).unwrap_or(0) as u64
}

fn question(kind: &str, language: Language) -> &'static str {
    let (english, chinese) = match kind {
        "tone" => ("what skin tone", "图中人的肤色"),
        "tones" => ("which skin tones are here", "图中两人的肤色"),
        "gender" => ("a man or a woman", "图中人的性别"),
        "direction" => ("which way does it face", "面向左边或右边"),
        "sort" => ("what sort of person is here", "图中人的类别"),
        _ => ("what is here", "图中人的名字"),
    };
    language.pick(english, chinese)
}

/// The emoji that a kind of question can be asked about, with their answers.
fn answered<'a>(part: &'a Part, kind: &str, language: Language) -> Vec<(&'a Emoji, Vec<String>)> {
    let word = |tone: Tone| tone.word(language).to_owned();
    match kind {
        "tone" => part.with(|emoji| emoji.tone().map(|tone| vec![word(tone)])),
        "tones" => part.with(|emoji| match emoji.tones[..] {
            [a, b] if a != b => Some(vec![word(a), word(b)]),
            _ => None,
        }),
        "gender" => part.with(|emoji| {
            let gender = emoji.gender().filter(|_| emoji.tone().is_some())?;
            let word = match gender {
                Gender::Man => language.pick("man", "男人"),
                Gender::Woman => language.pick("woman", "女人"),
            };
            Some(vec![word.to_owned()])
        }),
        "direction" => directions(part, language),
        "sort" => part.with(|emoji| emoji.tone().and_then(|_| sort(emoji, language)).map(|sort| vec![sort])),
        _ => part.with(|emoji| emoji.name(language).filter(|name| is_plain(name)).map(|name| vec![name])),
    }
}

/// Whether a name is of letters alone; small vocabularies have no `.` or `'`.
fn is_plain(name: &str) -> bool {
    name.chars().all(|character| character.is_alphanumeric() || character == ' ')
}

fn sort(emoji: &Emoji, language: Language) -> Option<String> {
    let subgroup = if emoji.subgroup.starts_with("hand") { "hand" } else { &emoji.subgroup };
    let (_, english, chinese) = SORTS.iter().find(|(name, ..)| *name == subgroup)?;
    Some(language.pick(*english, *chinese).to_owned())
}

/// Those whose caption says left or right; the people who face right face left where their caption says nothing.
fn directions(part: &Part, language: Language) -> Vec<(&Emoji, Vec<String>)> {
    const RIGHT: &str = "-200d-27a1";
    let plain = |base: &str| base.trim_end_matches("-fe0f").to_owned();
    let facing_right: HashSet<String> =
        part.emoji.iter().filter_map(|emoji| Some(plain(emoji.base.split_once(RIGHT)?.0))).collect();
    part.with(|emoji| {
        let caption = emoji.caption(Language::English);
        let says = |words: [&str; 4]| words.iter().any(|word| caption.contains(word));
        let right = says(["facing right", "pointing right", "right-facing", "rightwards"]);
        let left = says(["facing left", "pointing left", "left-facing", "leftwards"])
            || facing_right.contains(&plain(&emoji.base));
        (emoji.tones.len() < 2 && left != right).then(|| {
            let word = if right { language.pick("right", "右") } else { language.pick("left", "左") };
            vec![word.to_owned()]
        })
    })
}

fn weighted(answers: Vec<String>) -> Vec<Answer> {
    let weight = 1.0 / answers.len() as f64;
    answers.into_iter().map(|text| Answer { text, votes: 1, weight }).collect()
}

/// The closed list: all answers of the training part, those of both languages.
pub(crate) fn answer_list(training: &[Question]) -> Vec<String> {
    let mut seen = HashSet::new();
    let answers = training.iter().flat_map(|question| &question.answers).map(|answer| answer.text.clone());
    answers.filter(|answer| seen.insert(answer.clone())).collect()
}

/// The questions as ALBEF's list has them.
pub(crate) fn albef(questions: &[Question]) -> Vec<Value> {
    let record = |question: &Question| {
        let answers: Vec<&str> = question.answers.iter().map(|answer| answer.text.as_str()).collect();
        json!({ "question_id": question.id.parse::<u64>().unwrap_or(0), "question": question.text, "image": question.image,
                "answer": answers, "dataset": "vqa", "question_type": question.kind })
    };
    questions.iter().map(record).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fixture::{emoji_folder, parts};
    use crate::vocabulary::Vocabulary;

    fn counts(questions: &[Question], kind: &str, text: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        let asked = questions.iter().filter(|q| q.kind.as_deref() == Some(kind) && q.text == text);
        asked.for_each(|q| *counts.entry(q.answers[0].text.clone()).or_default() += 1);
        counts
    }

    #[test]
    fn a_question_alone_says_nothing() {
        for part in parts() {
            let questions = questions(part, 42);
            for language in Language::ALL {
                for (kind, answers) in [("tone", 5), ("gender", 2), ("direction", 2), ("sort", 7)] {
                    let counts = counts(&questions, kind, question(kind, language));
                    assert_eq!(counts.len(), answers, "{} {kind}", part.name);
                    let frequencies: BTreeSet<usize> = counts.into_values().collect();
                    assert_eq!(frequencies.len(), 1, "{} {kind}", part.name);
                }
            }
        }
    }

    #[test]
    fn every_held_out_answer_is_in_the_list_and_every_word_in_the_vocabulary() {
        let parts = parts();
        let list: HashSet<String> = answer_list(&questions(&parts[0], 42)).into_iter().collect();
        let vocabulary = Vocabulary::read(&emoji_folder().join("vocab.txt")).unwrap();
        for part in parts {
            for question in questions(part, 42) {
                assert!(vocabulary.spells(&question.text), "{}", question.text);
                for answer in &question.answers {
                    assert!(list.contains(&answer.text), "{}", answer.text);
                    assert!(vocabulary.spells(&answer.text), "{}", answer.text);
                }
            }
        }
    }

    #[test]
    fn left_and_right_are_of_the_same_people() {
        let parts = parts();
        let directions = directions(&parts[2], Language::English);
        let of = |wanted: &str| {
            directions
                .iter()
                .filter(|(_, a)| a[0] == wanted)
                .map(|(e, _)| e.caption(Language::English))
                .collect::<Vec<_>>()
        };
        assert_eq!((of("left").len(), of("right").len()), (22, 22), "{:?}", of("left"));
    }
}
