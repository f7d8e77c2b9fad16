//! τ at its clamp: the loss wants it further than it may go.

use super::{Monitor, View};
use crate::Severity;
use crate::health::Verdict;

pub(super) const MONITOR: Monitor = Monitor { name: "temperature_clamped", title: "τ has left its bound", look };

fn look(view: &View<'_>) -> Verdict {
    let (Some([low, high]), Some(values)) =
        (view.facts.temperature_range, view.window.last("observed/temperature", view.config.window))
    else {
        return Verdict::Unsure;
    };
    let margin = view.config.clamp_margin;
    let (at_low, at_high) = (|tau: &f64| *tau <= low * (1.0 + margin), |tau: &f64| *tau >= high * (1.0 - margin));
    let steps = view.config.window;
    if values.iter().all(at_low) {
        let sentence = format!(
            "τ has stood at its lower bound {low} for {steps} steps: alignment hears of the nearest wrong pairs alone"
        );
        let advice = "a lower `optimizer.learning_rate`, with which τ is learned; `observed/ita_in_batch` tells whether pairs are told apart";
        return Verdict::ill(Severity::Warning, sentence, advice);
    }
    if values.iter().all(at_high) {
        let sentence = format!(
            "τ has stood at its upper bound {high} for {steps} steps: similarities say too little to be sharpened"
        );
        let advice = "alignment isn't learning: look at `model.initializer_range`, the learning rate and the data; `tasks.temperature` = 0.07 is ALBEF's beginning";
        return Verdict::ill(Severity::Warning, sentence, advice);
    }
    if values.last().is_some_and(|tau| !at_low(tau) && !at_high(tau)) { Verdict::Well } else { Verdict::Unsure }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{look as see, sentence};
    use super::*;
    use crate::Facts;

    fn facts() -> Facts {
        Facts { temperature_range: Some([0.001, 0.5]), ..Facts::default() }
    }

    #[test]
    fn rings_at_either_bound() {
        let at = |tau| sentence(see(&MONITOR, facts(), 50, |_| [("observed/temperature", tau)]));
        assert!(at(0.001).starts_with("τ has stood at its lower bound 0.001 for 50 steps"));
        assert!(at(0.5).starts_with("τ has stood at its upper bound 0.5 for 50 steps"));
    }

    #[test]
    fn between_the_bounds_is_well() {
        assert_eq!(see(&MONITOR, facts(), 50, |_| [("observed/temperature", 0.07)]), Verdict::Well);
        let touching = |step| [("observed/temperature", if step == 50 { 0.001 } else { 0.0015 })];
        assert_eq!(see(&MONITOR, facts(), 50, touching), Verdict::Unsure);
    }
}
