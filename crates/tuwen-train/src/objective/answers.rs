//! What a model answers to held-out questions one by one: what a result, its interval and its examples are made of.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tuwen_eval::{Bootstrap, EvalError, GivenAnswer, ResultsTable, spearman};
use tuwen_vision::Image;

use crate::evaluation::Measure;

/// Every held-out question with its answer, and what is measured over them.
#[derive(Clone, Debug)]
pub struct Answers {
    /// What is measured, such as `accuracy`.
    pub metric: &'static str,
    /// What it makes of the scores.
    pub statistic: Statistic,
    /// The answers.
    pub answered: Vec<Answered>,
    /// Other measures of the same answers, by name.
    pub further: Vec<(&'static str, Measure)>,
}

/// What is made of the scores of all answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Their mean: a share of right answers.
    Mean,
    /// Spearman's ρ with the labels.
    Spearman,
}

/// One question, what is right, and what the model answered.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// Which sort of question it is, where there are several.
    pub kind: String,
    /// What was asked.
    pub text: String,
    /// About which pictures.
    pub pictures: Vec<Shown>,
    /// What is right.
    pub expected: Vec<String>,
    /// What the model holds likeliest, the likeliest first.
    pub answers: Vec<GivenAnswer>,
    /// What the answer counts: 1 right, 0 wrong, or a part. For a correlation, what the model says.
    pub score: f64,
    /// For a correlation, what is true.
    pub label: f64,
    /// Whether it is shown as right; where nothing is said, if it counts at least a half.
    pub right: Option<bool>,
    /// What guessing is expected to count.
    pub chance: f64,
    /// Where the model looks, `side × side` over the first picture.
    pub map: Option<Vec<f32>>,
}

/// A picture to be shown.
#[derive(Clone, Debug)]
pub enum Shown {
    /// In a file.
    File(PathBuf),
    /// In memory.
    Image(Image),
    /// As its file holds it.
    Encoded(Vec<u8>),
}

impl Answers {
    /// Shares of right answers.
    pub fn shares(metric: &'static str, answered: Vec<Answered>) -> Self {
        Self { metric, statistic: Statistic::Mean, answered, further: Vec::new() }
    }

    /// The metric, and what guessing reaches. Errors: a correlation of what does not differ.
    pub fn measure(&self) -> Result<Measure, EvalError> {
        let mean = |of: fn(&Answered) -> f64| self.answered.iter().map(of).sum::<f64>() / self.answered.len() as f64;
        Ok(match self.statistic {
            Statistic::Mean => Measure { value: mean(|one| one.score), chance: Some(mean(|one| one.chance)) },
            Statistic::Spearman => {
                let [scores, labels] = self.columns();
                Measure { value: spearman(&scores, &labels)?, chance: Some(0.0) }
            }
        })
    }

    /// Scores and labels.
    fn columns(&self) -> [Vec<f32>; 2] {
        let column = |of: fn(&Answered) -> f64| self.answered.iter().map(|one| of(one) as f32).collect();
        [column(|one| one.score), column(|one| one.label)]
    }

    /// The measures with their intervals: over all questions, and over each kind where there are several. Errors: no questions,
    /// or a correlation of what does not differ.
    pub fn table(&self, task: &str, bootstrap: Bootstrap) -> Result<ResultsTable, EvalError> {
        let mut table = ResultsTable::new(bootstrap);
        if self.statistic == Statistic::Spearman {
            let [scores, labels] = self.columns();
            let of = |rows: &[usize]| {
                let [scores, labels] =
                    [&scores, &labels].map(|all| rows.iter().map(|&row| all[row]).collect::<Vec<_>>());
                spearman(&scores, &labels).unwrap_or(f64::NAN)
            };
            table.add_number((task, self.metric), self.answered.len(), of, 0.0)?;
            return Ok(table);
        }
        let mut kinds: BTreeMap<&str, Vec<&Answered>> = BTreeMap::new();
        for answered in &self.answered {
            kinds.entry(&answered.kind).or_default().push(answered);
        }
        let mut add = |measure: &str, those: &[&Answered]| {
            let scores: Vec<f64> = those.iter().map(|one| one.score).collect();
            let chance = those.iter().map(|one| one.chance).sum::<f64>() / those.len().max(1) as f64;
            table.add_share(task, measure, &scores, chance)
        };
        add(self.metric, &self.answered.iter().collect::<Vec<_>>())?;
        if kinds.len() > 1 {
            kinds.iter().try_for_each(|(kind, those)| add(&format!("{}, {kind}", self.metric), those))?;
        }
        Ok(table)
    }
}

impl Answered {
    /// Whether it is shown as right.
    pub fn is_right(&self) -> bool {
        self.right.unwrap_or(self.score >= 0.5)
    }
}

/// An answer with six digits of its probability: the others differ from one kind of processor to the next.
pub fn given(text: &str, probability: f64) -> GivenAnswer {
    GivenAnswer { text: text.to_string(), probability: Some((probability * 1e6).round() / 1e6) }
}
