//! Alignment that guesses within the batch: the cross-entropy over the batch's own keys stays at ln B.

use super::{Monitor, View};
use crate::Severity;
use crate::health::Verdict;

pub(super) const MONITOR: Monitor =
    Monitor { name: "alignment_guesses", title: "alignment (ITA) tells the pairs of a batch apart", look };

fn look(view: &View<'_>) -> Verdict {
    let batch = view.facts.batch_size;
    if batch < 2 {
        return Verdict::Unsure;
    }
    let guess = (batch as f64).ln();
    match view.guessing("observed/ita_in_batch", guess) {
        Ok(loss) => {
            let steps = view.patience();
            let sentence = format!(
                "alignment (ITA) has guessed within the batch for {steps} steps: {loss:.3} over the batch's own keys, a guess costs ln {batch} = {guess:.3}"
            );
            Verdict::ill(
                Severity::Warning,
                sentence,
                "align alone before other tasks (a first stage with `ita` only, `loss = \"in_batch\"`), and look at `model.initializer_range` and `optimizer.learning_rate`",
            )
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
        Facts { total_steps: 300, batch_size: 32, ..Facts::default() }
    }

    #[test]
    fn rings_at_ln_b_even_while_the_loss_over_the_queue_falls() {
        // Run J of datasets/BASELINE.md: batch 32, queue 128.
        let falling = |step: u64| [("observed/ita_in_batch", 3.52), ("loss/ita", 5.08 - 0.005 * step as f64)];
        let said = sentence(see(&MONITOR, facts(), 200, falling));
        assert!(said.ends_with("3.520 over the batch's own keys, a guess costs ln 32 = 3.466"), "{said}");
    }

    #[test]
    fn a_batch_that_is_told_apart_is_well() {
        assert_eq!(see(&MONITOR, facts(), 200, |_| [("observed/ita_in_batch", 3.3)]), Verdict::Well);
    }
}
