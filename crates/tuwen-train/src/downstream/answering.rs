//! How a test finds the answer to a question: the likeliest of a closed list, or one that is written word by word.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use tuwen_annotation::Question;
use tuwen_downstream::answers::{AnswerScore, Generated, RankedAnswer, Search};
use tuwen_eval::{GivenAnswer, vqa_accuracy};
use tuwen_recipe::RecipeError;
use tuwen_text::TextInput;

use super::Inputs;
use super::lists::Opened;
use crate::albef::downstream::{AnswerList, AnsweringModel, Texts};
use crate::objective::{Answered, Answers, OwnResult, Shown, given};
use crate::sections::Compat;

/// Answers that are shown.
const SHOWN: usize = 3;
/// So many people answer each question of VQA v2, whose measure counts how many of them agree.
const PEOPLE: usize = 10;

/// How a test finds the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnsweringSection {
    /// The likeliest of the closed list: the first word picks candidates, the whole answer puts them in order.
    Rank {
        /// How many.
        candidates: usize,
        /// By what they are put in order.
        #[serde(default)]
        score: AnswerScore,
    },
    /// Written word by word.
    Generate {
        /// Beginnings that are kept.
        beams: NonZeroUsize,
        /// Words at most.
        longest: usize,
    },
}

impl AnsweringSection {
    pub(super) fn check(self) -> Result<(), RecipeError> {
        match self {
            Self::Rank { candidates: 0, .. } => {
                Err(RecipeError::invalid("rank.candidates", "is 0, expected at least 1"))
            }
            Self::Generate { longest: 0, .. } => {
                Err(RecipeError::invalid("generate.longest", "is 0, expected at least 1"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn resolved(self, compat: Compat) -> Self {
        match self {
            Self::Rank { candidates, .. } if compat == Compat::Seed => {
                Self::Rank { candidates, score: AnswerScore::Seed }
            }
            other => other,
        }
    }

    /// The answers to each question, likeliest first.
    pub(super) fn find(
        self,
        model: &AnsweringModel,
        (pixel_values, questions): (Tensor<4>, Texts),
        (known, inputs): (&Known, &Inputs),
    ) -> Vec<Vec<GivenAnswer>> {
        match self {
            Self::Rank { candidates, score } => {
                let answer = |answer: &RankedAnswer| given(&known.answers[answer.candidate], answer.probability);
                let found = model.rank((pixel_values, &questions), &known.list, candidates, score);
                found.iter().map(|answers| answers.iter().take(SHOWN).map(answer).collect()).collect()
            }
            Self::Generate { beams, longest } => {
                let special = inputs.text().tokenizer.special_ids();
                let search = Search { start: special.cls, end: special.sep, beams, longest };
                let answer = |one: &Generated| given(&known.spelled(&one.words, inputs), one.log_likelihood.exp());
                let found = model.generate(pixel_values, &questions, search);
                found.iter().map(|answers| answers.iter().take(SHOWN).map(answer).collect()).collect()
            }
        }
    }
}

/// The closed list, and its answers as the decoder writes them.
pub(super) struct Known {
    answers: Vec<String>,
    list: AnswerList,
    /// The place of each by its words, without beginning and end.
    by_words: HashMap<Vec<u32>, usize>,
}

impl Known {
    pub(super) fn of(answers: &[String], inputs: &Inputs) -> OwnResult<Self> {
        let texts = answers.iter().map(|answer| inputs.answer(answer)).collect::<Result<Vec<_>, _>>()?;
        let words = |text: &TextInput| text.input_ids[1..text.len() - 1].to_vec();
        let by_words = texts.iter().enumerate().map(|(place, text)| (words(text), place)).collect();
        let list = AnswerList::new(texts).ok_or("the list of answers is empty")?;
        Ok(Self { answers: answers.to_vec(), list, by_words })
    }

    /// Words that were written; an answer of the list as the list has it.
    fn spelled(&self, words: &[u32], inputs: &Inputs) -> String {
        self.by_words.get(words).map_or_else(|| spelled(words, inputs), |&place| self.answers[place].clone())
    }
}

/// Parts of words put together, words with spaces between them.
fn spelled(words: &[u32], inputs: &Inputs) -> String {
    let mut text = String::new();
    for &word in words {
        let name = inputs.text().tokenizer.token(word).unwrap_or_default();
        match name.strip_prefix("##") {
            Some(rest) => text.push_str(rest),
            None if text.is_empty() => text.push_str(name),
            None => text.extend([" ", name]),
        }
    }
    text
}

/// What was found, judged. Where ten people answered, an answer counts as VQA v2 has it; else it is right if somebody gave it.
/// Guessing is the commonest answer to the question's text.
pub(super) fn answered(records: &Opened<Question>, found: Vec<(usize, Vec<GivenAnswer>)>) -> Answers {
    let (mut counts, mut asked) = (BTreeMap::<&str, BTreeMap<&str, f64>>::new(), BTreeMap::<&str, f64>::new());
    for (place, _) in &found {
        let question = &records.heldout[*place];
        *asked.entry(&question.text).or_default() += 1.0;
        for answer in &question.answers {
            *counts.entry(&question.text).or_default().entry(&answer.text).or_default() +=
                score(question, &answer.text);
        }
    }
    let chance =
        |text: &str| counts.get(text).map_or(0.0, |counts| counts.values().copied().fold(0.0, f64::max) / asked[text]);
    let one = |(place, answers): &(usize, Vec<GivenAnswer>)| {
        let question = &records.heldout[*place];
        Answered {
            kind: question.kind.clone().unwrap_or_default(),
            text: question.text.clone(),
            pictures: vec![Shown::File(records.images.path(&question.image))],
            expected: question.answers.iter().map(|answer| answer.text.clone()).collect(),
            score: answers.first().map_or(0.0, |answer| score(question, &answer.text)),
            chance: chance(&question.text),
            answers: answers.clone(),
            ..Answered::default()
        }
    };
    Answers::shares("accuracy", found.iter().map(one).collect())
}

/// What an answer to a question counts.
fn score(question: &Question, answer: &str) -> f64 {
    let people = question.answers.iter().map(|answer| answer.votes).sum::<usize>();
    let agreeing = question.answers.iter().find(|given| given.text == answer).map_or(0, |given| given.votes);
    if people >= PEOPLE { vqa_accuracy(agreeing, people) } else { f64::from(u8::from(agreeing > 0)) }
}
