//! Gradient spikes: a norm many times the running median.

use super::{Monitor, View};
use crate::Severity;
use crate::health::Verdict;
use crate::window::median;

pub(super) const MONITOR: Monitor =
    Monitor { name: "gradient_spikes", title: "gradients are without spikes again", look };

fn look(view: &View<'_>) -> Verdict {
    let window = view.config.window;
    // What is usual: twice the window, so that a spike and what follows it don't count for much.
    let Some(usual) = view.window.last("gradient_norm", 2 * window).map(median) else { return Verdict::Unsure };
    let limit = view.config.spike * usual;
    let recent = view.window.remembered("gradient_norm").filter(|(step, _)| step + window > view.window.step());
    let highest = recent.filter(|(_, norm)| *norm > limit).max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((step, norm)) = highest else { return Verdict::Well };
    let sentence = format!(
        "the gradient of step {step} was a spike: norm {}, {:.0} times the median {} of the last {} steps",
        short(norm),
        norm / usual,
        short(usual),
        2 * window
    );
    Verdict::ill(
        Severity::Note,
        sentence,
        "one is harmless where `optimizer.clip_norm` is set (1.0 is usual); where they return: a longer `schedule.warmup`, a lower `optimizer.learning_rate`, and a look at the records of such a step",
    )
}

/// Three digits that count.
fn short(number: f64) -> String {
    let text = format!("{number:.2e}");
    text.parse::<f64>().map_or(text, |rounded| rounded.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{look as see, sentence};
    use super::*;
    use crate::Facts;

    #[test]
    fn rings_at_a_norm_of_many_times_the_median() {
        let spiked = |step| [("gradient_norm", if step == 90 { 40.0 } else { 2.0 })];
        let said = sentence(see(&MONITOR, Facts::default(), 100, spiked));
        assert_eq!(said, "the gradient of step 90 was a spike: norm 40, 20 times the median 2 of the last 100 steps");
        assert_eq!(see(&MONITOR, Facts::default(), 140, spiked), Verdict::Well);
    }

    #[test]
    fn numbers_have_three_digits_that_count() {
        assert_eq!([0.000123456, 1.0, 40.0, 123.456].map(short), ["0.000123", "1", "40", "123"]);
    }

    #[test]
    fn norms_that_rise_with_a_new_task_are_well() {
        let rising = |step| [("gradient_norm", if step > 80 { 9.0 } else { 2.0 })];
        assert_eq!(see(&MONITOR, Facts::default(), 100, rising), Verdict::Well);
    }
}
