//! What an objective makes of a batch: losses to train by, and answers to be counted in a test.

use burn::tensor::{Int, Tensor};
use tuwen_core::Losses;
use tuwen_ops::cross_entropy;

/// Losses over a batch, each with its answers if it has any. Answers are read from the device in a test alone.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    losses: Losses,
    pub(super) answers: Vec<(&'static str, Answers)>,
}

#[derive(Clone, Debug)]
pub(super) enum Answers {
    /// `logits` `[N, C]` and the right columns.
    Classes { logits: Tensor<2>, labels: Vec<u32> },
    /// The mean loss and how many were right, `[2]`, of so many, and the chance of each.
    Counted { numbers: Tensor<1>, predictions: u64, chance: f64 },
    /// A loss with nothing right or wrong about it, over so many examples.
    Loss { loss: Tensor<1>, examples: u64 },
}

impl Outcome {
    /// Losses to train by, of which a test says nothing.
    pub fn of(losses: Losses) -> Self {
        Self { losses, answers: Vec::new() }
    }

    /// Adds a question with C choices: the loss is the cross-entropy of `logits` `[N, C]` at `labels` `[N]`. No row: no loss.
    #[must_use]
    pub fn classes(mut self, name: &'static str, weight: f64, logits: Tensor<2>, labels: Vec<u32>) -> Self {
        if labels.is_empty() {
            return self;
        }
        let columns: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
        let targets = Tensor::<1, Int>::from_ints(columns.as_slice(), &logits.device().inner());
        self.losses.push(name, cross_entropy(logits.clone(), targets), weight);
        self.answers.push((name, Answers::Classes { logits: logits.inner(), labels }));
        self
    }

    /// Adds a loss `[1]`, the mean over `predictions` of which `hits` `[1]` are right; guessing is right with probability
    /// `chance`.
    #[must_use]
    pub fn counted(
        mut self,
        name: &'static str,
        weight: f64,
        loss: Tensor<1>,
        (hits, predictions, chance): (Tensor<1, Int>, u64, f64),
    ) -> Self {
        let numbers = Tensor::cat(vec![loss.clone().inner(), hits.float()], 0);
        self.answers.push((name, Answers::Counted { numbers, predictions, chance }));
        self.losses.push(name, loss, weight);
        self
    }

    /// Adds a loss `[1]`, the mean over `examples`, that has nothing right or wrong about it.
    #[must_use]
    pub fn loss(mut self, name: &'static str, weight: f64, loss: Tensor<1>, examples: usize) -> Self {
        self.answers.push((name, Answers::Loss { loss: loss.clone().inner(), examples: examples as u64 }));
        self.losses.push(name, loss, weight);
        self
    }

    pub(super) fn losses(self) -> Losses {
        self.losses
    }
}
