//! What a test on held-out batches counts, and the results that come of it.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::Outcome;
use super::outcome::Answers;
use crate::evaluation::{Evaluation, Measure, TaskResult};

/// Counts over held-out batches. Means are taken at the end, so that a small last batch weighs as little as it should.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    tasks: BTreeMap<String, Counts>,
    metrics: BTreeMap<String, Measure>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    loss: f64,
    hits: u64,
    predictions: u64,
    /// How often each label is right.
    labels: BTreeMap<u32, u64>,
    /// Σ of the chances of predictions that have one of their own.
    chance: Option<f64>,
    /// Whether there are right answers at all.
    answered: bool,
}

impl Tally {
    /// Adds a metric that is no share of right answers; `chance` is what guessing reaches, if that is known.
    pub fn measured(&mut self, name: &str, value: f64, chance: Option<f64>) {
        self.metrics.insert(name.to_string(), Measure { value, chance });
    }

    /// Counts a batch.
    pub(super) fn add(&mut self, outcome: Outcome) {
        for (task, answers) in outcome.answers {
            let counts = self.tasks.entry(task.to_string()).or_default();
            match answers {
                Answers::Classes { logits, labels } => counts.classes(logits, &labels),
                Answers::Counted { numbers, predictions, chance } => counts.counted(numbers, predictions, chance),
                Answers::Loss { loss, examples } => {
                    counts.loss += f64::from(loss.into_scalar::<f32>()) * examples as f64;
                    counts.predictions += examples;
                }
            }
        }
    }

    /// The results; a loss without right answers is a metric of the name `loss/…`.
    pub(super) fn evaluation(self) -> Evaluation {
        let (mut tasks, mut metrics) = (BTreeMap::new(), self.metrics);
        for (task, counts) in self.tasks {
            let result = counts.result();
            if counts.answered {
                tasks.insert(task, result);
            } else {
                metrics.insert(format!("loss/{task}"), Measure { value: result.loss, chance: None });
            }
        }
        Evaluation { tasks, metrics, ..Evaluation::default() }
    }
}

impl Counts {
    /// Guessing always answers with the commonest label. A draw between the right answer and another is no hit.
    fn classes(&mut self, logits: Tensor<2>, labels: &[u32]) {
        let [_, choices] = logits.dims();
        let logits: Vec<f64> = logits.into_data().iter::<f64>().collect();
        self.answered = true;
        for (row, &label) in logits.chunks(choices.max(1)).zip(labels) {
            let highest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = row.iter().map(|logit| (logit - highest).exp()).sum();
            let own = row.get(label as usize).copied().unwrap_or(f64::NAN);
            let rivals = row.iter().filter(|&&logit| logit.is_nan() || logit >= own).count();
            self.loss += highest + sum.ln() - own;
            self.hits += u64::from(own.is_finite() && rivals == 1);
            self.predictions += 1;
            *self.labels.entry(label).or_default() += 1;
        }
    }

    fn counted(&mut self, numbers: Tensor<1>, predictions: u64, chance: f64) {
        let numbers: Vec<f64> = numbers.into_data().iter::<f64>().collect();
        self.answered = true;
        self.loss += numbers[0] * predictions as f64;
        self.hits += numbers[1] as u64; // f32 holds every count of a batch
        self.predictions += predictions;
        *self.chance.get_or_insert(0.0) += chance * predictions as f64;
    }

    fn result(&self) -> TaskResult {
        let all = self.predictions.max(1) as f64;
        let commonest = self.labels.values().copied().max().unwrap_or(0) as f64;
        TaskResult {
            loss: self.loss / all,
            accuracy: self.hits as f64 / all,
            chance: self.chance.unwrap_or(commonest) / all,
            predictions: self.predictions,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Int};

    use super::*;

    fn logits<const N: usize>(rows: [[f32; 2]; N]) -> Tensor<2> {
        Tensor::from_floats(rows, &Device::flex())
    }

    fn tally(outcomes: impl IntoIterator<Item = Outcome>) -> Evaluation {
        let mut tally = Tally::default();
        outcomes.into_iter().for_each(|outcome| tally.add(outcome));
        tally.evaluation()
    }

    #[test]
    fn answers_are_counted_over_batches() {
        // Right, wrong, and undecided between two: ln 2 where both logits are equal.
        let first = Outcome::default().classes("kind", 1.0, logits([[100.0, 0.0], [100.0, 0.0]]), vec![0, 1]);
        let second = Outcome::default().classes("kind", 1.0, logits([[3.0, 3.0]]), vec![1]);
        let result = tally([first, second]).tasks["kind"];
        assert!((result.loss - (0.0 + 100.0 + 2.0_f64.ln()) / 3.0).abs() < 1e-9, "{}", result.loss);
        assert!((result.accuracy - 1.0 / 3.0).abs() < 1e-12);
        assert!((result.chance - 2.0 / 3.0).abs() < 1e-12, "label 1 is the commonest: 2 of 3");
        assert_eq!(result.predictions, 3);
    }

    #[test]
    fn a_logit_that_is_not_finite_is_no_right_answer() {
        let rows = logits([[f32::NAN, 1.0], [f32::NAN, 1.0]]);
        assert_eq!(tally([Outcome::default().classes("kind", 1.0, rows, vec![0, 1])]).tasks["kind"].accuracy, 0.0);
    }

    #[test]
    fn chances_of_batches_are_weighed_by_their_predictions() {
        let device = Device::flex();
        let batch = |loss: f32, hits: i32, predictions, chance| {
            let hits = Tensor::<1, Int>::from_ints([hits], &device);
            let loss = Tensor::from_floats([loss], &device);
            Outcome::default().counted("pairs", 1.0, loss, (hits, predictions, chance))
        };
        let result = tally([batch(2.0, 3, 4, 0.25), batch(5.0, 0, 2, 0.5)]).tasks["pairs"];
        assert_eq!((result.loss, result.accuracy, result.predictions), (3.0, 0.5, 6)); // (8 + 10)/6, 3/6
        assert!((result.chance - (4.0 * 0.25 + 2.0 * 0.5) / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_loss_alone_and_a_metric_are_reported_as_they_are() {
        let loss = Tensor::from_floats([0.5], &Device::flex());
        let mut tally = Tally::default();
        tally.add(Outcome::default().loss("cosine", 1.0, loss, 3));
        tally.measured("spearman", 0.7, Some(0.0));
        let Evaluation { tasks, metrics, .. } = tally.evaluation();
        assert!(tasks.is_empty());
        assert_eq!(metrics["loss/cosine"], Measure { value: 0.5, chance: None });
        assert_eq!(metrics["spearman"], Measure { value: 0.7, chance: Some(0.0) });
    }

    #[test]
    fn a_batch_without_a_question_has_no_loss() {
        let none = Outcome::default().classes("kind", 1.0, Tensor::zeros([0, 2], &Device::flex()), Vec::new());
        assert!(none.losses().total().is_none());
    }
}
