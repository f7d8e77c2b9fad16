//! A loader that stands still now and then: few steps wait, and those for long.

use super::{Monitor, View};
use crate::Severity;
use crate::health::Verdict;
use crate::window::median;

pub(super) const MONITOR: Monitor = Monitor { name: "loader_stalls", title: "the loader runs evenly", look };

/// So many stalls are a habit.
const HABIT: usize = 3;

fn look(view: &View<'_>) -> Verdict {
    let steps = 2 * view.config.window;
    let name = "seconds_waited";
    let (Some(seconds), Some(waited)) = (view.window.last("seconds", steps), view.window.last(name, steps)) else {
        return Verdict::Unsure;
    };
    let usual = median(seconds);
    let stalls: Vec<f64> = waited.into_iter().filter(|wait| *wait > view.config.stall * usual).collect();
    if stalls.is_empty() {
        return Verdict::Well;
    }
    if stalls.len() < HABIT {
        return Verdict::Unsure;
    }
    let longest = stalls.iter().copied().fold(0.0, f64::max);
    let sentence = format!(
        "the loader stood still in {} of the last {steps} steps, for up to {longest:.1} s; a usual step takes {usual:.2} s",
        stalls.len()
    );
    let advice = "a larger `data.loader.prefetch` bridges short pauses; a slow or shared disk, or single huge records, make them";
    Verdict::ill(Severity::Note, sentence, advice)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{look as see, sentence};
    use super::*;
    use crate::Facts;

    fn every(stall: u64) -> Verdict {
        see(&MONITOR, Facts::default(), 100, |step| {
            let wait = if step.is_multiple_of(stall) { 1.5 } else { 0.0 };
            [("seconds", 0.2 + wait), ("seconds_waited", wait)]
        })
    }

    #[test]
    fn rings_where_every_twentieth_step_waits_long() {
        let expected = "the loader stood still in 5 of the last 100 steps, for up to 1.5 s; a usual step takes 0.20 s";
        assert_eq!(sentence(every(20)), expected);
    }

    #[test]
    fn one_pause_is_no_habit_and_none_is_well() {
        assert_eq!(every(60), Verdict::Unsure);
        assert_eq!(every(101), Verdict::Well);
    }
}
