//! Masked words at the unigram entropy: the model knows how frequent words are, and reads neither caption nor picture.

use super::{Monitor, View};
use crate::Severity;
use crate::health::Verdict;
use crate::window::mean;

pub(super) const MONITOR: Monitor =
    Monitor { name: "words_unigram", title: "masked words (MLM) are told by more than how frequent they are", look };

/// How near the loss is to the entropy, and how little it falls from the first to the second half of the steps, as shares.
const NEAR: f64 = 0.04;
const FLAT: f64 = 0.01;

fn look(view: &View<'_>) -> Verdict {
    let (Some(entropy), Some(recent)) = (view.facts.unigram_entropy, view.recent("loss/mlm")) else {
        return Verdict::Unsure;
    };
    if recent < (1.0 - 2.0 * NEAR) * entropy {
        return Verdict::Well;
    }
    let Some(values) = view.window.last("loss/mlm", view.patience()) else { return Verdict::Unsure };
    let (first, second) = values.split_at(values.len() / 2);
    let near = |values: &[f64]| (mean(values) / entropy - 1.0).abs() < NEAR;
    if !(near(first) && near(second) && mean(second) > (1.0 - FLAT) * mean(first)) {
        return Verdict::Unsure;
    }
    let (steps, loss) = (view.patience(), mean(&values));
    let sentence = format!(
        "masked words (MLM) are guessed by their frequency for {steps} steps: the loss is {loss:.3}, the entropy of single tokens {entropy:.3}"
    );
    let advice = "it reads neither text nor picture yet: wait if the run is young, else a higher `optimizer.learning_rate`, wider first weights, or a slower α";
    Verdict::ill(Severity::Warning, sentence, advice)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{look as see, sentence};
    use super::*;
    use crate::Facts;

    fn facts() -> Facts {
        Facts { unigram_entropy: Some(5.6), ..Facts::default() }
    }

    #[test]
    fn rings_where_the_loss_settles_there() {
        let said = sentence(see(&MONITOR, facts(), 200, |_| [("loss/mlm", 5.62)]));
        assert!(said.ends_with("the loss is 5.620, the entropy of single tokens 5.600"), "{said}");
    }

    #[test]
    fn a_loss_that_only_passes_by_is_unsure_and_one_below_well() {
        let passing = |step: u64| [("loss/mlm", 5.8 - 0.002 * step as f64)]; // 5.7 in the first half, 5.5 in the second
        assert_eq!(see(&MONITOR, facts(), 200, passing), Verdict::Unsure);
        assert_eq!(see(&MONITOR, facts(), 200, |_| [("loss/mlm", 4.5)]), Verdict::Well);
    }
}
