//! Masked words at ln V: the model knows nothing of words, not even which are frequent.

use super::{Monitor, View};
use crate::Severity;
use crate::health::Verdict;

pub(super) const MONITOR: Monitor =
    Monitor { name: "words_uniform", title: "masked words (MLM) are told better than by drawing any", look };

fn look(view: &View<'_>) -> Verdict {
    let Some(vocabulary) = view.facts.vocabulary.filter(|&entries| entries > 1) else { return Verdict::Unsure };
    let guess = (vocabulary as f64).ln();
    match view.guessing("loss/mlm", guess) {
        Ok(loss) => {
            let steps = view.patience();
            let sentence = format!(
                "masked words (MLM) are guessed among the whole vocabulary for {steps} steps: the loss is {loss:.3}, ln {vocabulary} = {guess:.3}"
            );
            let advice = "the weights hardly move: a higher `optimizer.learning_rate` or a shorter `schedule.warmup`, and look whether the vocabulary is the captions' own";
            Verdict::ill(Severity::Warning, sentence, advice)
        }
        Err(verdict) => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{look as see, sentence};
    use super::*;
    use crate::Facts;

    fn facts() -> Facts {
        Facts { vocabulary: Some(2725), ..Facts::default() }
    }

    #[test]
    fn rings_at_ln_v() {
        let said = sentence(see(&MONITOR, facts(), 200, |_| [("loss/mlm", 7.9)]));
        assert!(said.ends_with("the loss is 7.900, ln 2725 = 7.910"), "{said}");
    }

    #[test]
    fn a_loss_that_left_it_is_well() {
        let leaving = |step: u64| [("loss/mlm", 8.3 - 0.01 * step as f64)];
        assert_eq!(see(&MONITOR, facts(), 200, leaving), Verdict::Well);
    }
}
