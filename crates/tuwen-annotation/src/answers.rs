//! Answers of several people to one question, and the closed list that a model chooses from.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::fault::Nearest;
use crate::fields::text_of;
use crate::file::TextFile;
use crate::{AnnotationError, Annotations, Fault};

/// The weight of an answer from Visual Genome, which one person gave (ALBEF).
pub const VISUAL_GENOME_WEIGHT: f64 = 0.5;

/// One of the answers to a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The answer as written.
    pub text: String,
    /// How many people gave it.
    pub votes: usize,
    /// What it counts in the loss: the share of people who gave it, or [`VISUAL_GENOME_WEIGHT`].
    pub weight: f64,
}

impl Answer {
    /// The different answers in the order in which they were first given, each weighted by `votes / people` (in VQA v2 there
    /// are ten people).
    pub(crate) fn counted(given: &[String]) -> Vec<Self> {
        let mut answers: Vec<Self> = Vec::new();
        for text in given {
            match answers.iter_mut().find(|answer| answer.text == *text) {
                Some(answer) => answer.votes += 1,
                None => answers.push(Self { text: text.clone(), votes: 1, weight: 0.0 }),
            }
        }
        for answer in &mut answers {
            answer.weight = answer.votes as f64 / given.len() as f64;
        }
        answers
    }
}

/// A closed list of answers; an answer's index is its place in the file.
#[derive(Clone, Debug)]
pub struct AnswerList {
    answers: Vec<String>,
    places: HashMap<String, usize>,
}

impl AnswerList {
    /// Reads a JSON list of texts. Errors: a file that is none, an empty list, an answer that is empty, of another kind, or
    /// listed twice, for then the places of all others would be in doubt.
    pub fn read(path: &Path) -> Result<Self, AnnotationError> {
        let expected = "a JSON list of answers";
        let file = TextFile::open(path, expected)?;
        let values: Vec<Value> = file.value()?;
        let mut places = HashMap::new();
        let outcomes = values.iter().enumerate().map(|(number, value)| {
            let outcome = text_of("answer", value).and_then(|answer| match places.get(&answer) {
                Some(&first) => Err(Fault::DuplicateId { id: answer, first }),
                None => {
                    places.insert(answer.clone(), number);
                    Ok(answer)
                }
            });
            (format!("record {number}"), outcome)
        });
        let answers = Annotations::collect(path, expected, outcomes)?.strict()?;
        Ok(Self { answers, places })
    }

    /// All answers in order.
    pub fn answers(&self) -> &[String] {
        &self.answers
    }

    /// The index of an answer, if the list has it.
    pub fn index(&self, answer: &str) -> Option<usize> {
        self.places.get(answer).copied()
    }

    fn require(&self, answer: &str) -> Result<(), Fault> {
        if self.places.contains_key(answer) {
            return Ok(());
        }
        let nearest = Nearest::among(answer, self.answers.iter().map(String::as_str));
        Err(Fault::UnknownAnswer { answer: answer.to_owned(), known: self.answers.len(), nearest })
    }
}

/// Which answers a question may have.
#[derive(Clone, Copy, Debug)]
pub enum KnownAnswers<'a> {
    /// Any: to train a decoder on, as ALBEF does.
    Any,
    /// Those of a closed list: a question with another answer is skipped, for a model that chooses from the list can't be
    /// right about it.
    Of(&'a AnswerList),
}

impl KnownAnswers<'_> {
    pub(crate) fn check(self, answers: &[Answer]) -> Result<(), Fault> {
        match self {
            Self::Any => Ok(()),
            Self::Of(list) => answers.iter().try_for_each(|answer| list.require(&answer.text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Folder, error_of};

    fn list(text: &str) -> Result<AnswerList, String> {
        let folder = Folder::new();
        let path = folder.file("answer_list.json", text);
        AnswerList::read(&path).map_err(|error| error_of(&error, &path))
    }

    #[test]
    fn ten_people_are_counted_in_the_order_of_their_answers() {
        let given = ["no", "yes", "yes", "no", "yes", "maybe", "yes", "yes", "yes", "yes"].map(str::to_owned);
        let counted = Answer::counted(&given);
        let found: Vec<(&str, usize, f64)> = counted.iter().map(|a| (a.text.as_str(), a.votes, a.weight)).collect();
        assert_eq!(found, [("no", 2, 0.2), ("yes", 7, 0.7), ("maybe", 1, 0.1)]);
    }

    #[test]
    fn an_answer_has_the_index_of_its_place() {
        let list = list(r#"["yes", "no", 2]"#).unwrap();
        assert_eq!((list.index("no"), list.index("2"), list.index("maybe")), (Some(1), Some(2), None));
        assert_eq!(list.answers().len(), 3);
    }

    #[test]
    fn an_answer_outside_of_the_list_is_told_the_nearest() {
        let list = list(r#"["left", "right"]"#).unwrap();
        let check = |text: &str| KnownAnswers::Of(&list).check(&Answer::counted(&[text.to_owned()]));
        assert!(check("left").is_ok());
        let fault = check("rigth").unwrap_err().to_string();
        assert_eq!(fault, "answer `rigth` is not among the `2` of the answer list, did you mean `right`");
        assert_eq!(check("猫").unwrap_err().to_string(), "answer `猫` is not among the `2` of the answer list");
    }

    #[test]
    fn a_list_with_a_fault_is_refused_as_a_whole() {
        assert_eq!(list("[]").unwrap_err(), "no record in it, expected a JSON list of answers");
        assert_eq!(list(r#"["a", "b", "a"]"#).unwrap_err(), "record 2: id `a` is also that of record 0");
        assert_eq!(list(r#"["a", ""]"#).unwrap_err(), "record 1: `answer` is empty");
        assert_eq!(list(r#"["a", null]"#).unwrap_err(), "record 1: `answer` is null, expected a text");
        assert!(list(r#"{"a": 0}"#).unwrap_err().contains("invalid type: map"));
    }
}
