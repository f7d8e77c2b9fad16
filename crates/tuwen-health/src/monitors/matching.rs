//! Matching that guesses: its loss stays at the entropy of its labels, ln 2 for half of them true, H(1/3) for a third.

use super::{Monitor, View};
use crate::Severity;
use crate::health::Verdict;

pub(super) const MONITOR: Monitor =
    Monitor { name: "matching_guesses", title: "matching (ITM) tells pairs apart better than a guess", look };

fn look(view: &View<'_>) -> Verdict {
    let Some(share) = view.facts.matches else { return Verdict::Unsure };
    let guess = -share * share.ln() - (1.0 - share) * (1.0 - share).ln();
    let loss = match view.guessing("loss/itm", guess) {
        Ok(loss) => loss,
        Err(verdict) => return verdict,
    };
    let third = (share - 1.0 / 3.0).abs() < 1e-6;
    let name = if share == 0.5 {
        "ln 2".to_string()
    } else if third {
        "H(1/3)".to_string()
    } else {
        format!("H({share:.2})")
    };
    let steps = view.patience();
    let sentence = format!(
        "matching (ITM) has guessed for {steps} steps: its loss is {loss:.4}, a guess costs {name} = {guess:.4}"
    );
    let advice = if third {
        "align first (a stage with `ita` alone), then begin with easy negatives: `stages[N].itm.hardness = 0`; then wait, it starts late"
    } else {
        "it often starts late; if it doesn't: more steps, a higher `optimizer.learning_rate`, and `cargo xtask doctor` on whether titles fit their clips"
    };
    Verdict::ill(Severity::Warning, sentence, advice)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{look as see, sentence};
    use super::*;
    use crate::Facts;

    fn facts(matches: f64) -> Facts {
        Facts { total_steps: 400, matches: Some(matches), ..Facts::default() }
    }

    #[test]
    fn rings_at_the_entropy_of_a_third() {
        let verdict = see(&MONITOR, facts(1.0 / 3.0), 200, |_| [("loss/itm", 0.635)]);
        assert_eq!(
            sentence(verdict),
            "matching (ITM) has guessed for 200 steps: its loss is 0.6350, a guess costs H(1/3) = 0.6365"
        );
    }

    #[test]
    fn rings_at_ln_2() {
        let verdict = see(&MONITOR, facts(0.5), 200, |_| [("loss/itm", 0.69)]);
        assert!(sentence(verdict).ends_with("a guess costs ln 2 = 0.6931"));
    }

    #[test]
    fn a_loss_that_falls_is_well_and_a_short_one_unsure() {
        let falling = |step: u64| [("loss/itm", if step < 150 { 0.636 } else { 0.6 })];
        assert_eq!(see(&MONITOR, facts(1.0 / 3.0), 200, falling), Verdict::Well);
        assert_eq!(see(&MONITOR, facts(0.5), 150, |_| [("loss/itm", 0.69)]), Verdict::Unsure);
        assert_eq!(see(&MONITOR, Facts::default(), 200, |_| [("loss/itm", 0.69)]), Verdict::Unsure);
    }
}
