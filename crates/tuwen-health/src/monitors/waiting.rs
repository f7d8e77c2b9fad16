//! A run that is bound by its data: a good part of the time goes by waiting for the next batch.

use super::{Monitor, View};
use crate::Severity;
use crate::health::Verdict;

pub(super) const MONITOR: Monitor = Monitor { name: "data_bound", title: "the data keep up", look };

fn look(view: &View<'_>) -> Verdict {
    let (Some(seconds), Some(waited)) = (view.recent("seconds"), view.recent("seconds_waited")) else {
        return Verdict::Unsure;
    };
    let (share, steps, workers) = (waited / seconds.max(f64::MIN_POSITIVE), view.config.window, view.facts.workers);
    if share < view.config.waiting / 2.0 {
        return Verdict::Well;
    }
    if share <= view.config.waiting {
        return Verdict::Unsure;
    }
    let sentence = format!(
        "{:.0} % of the last {steps} steps' time went by waiting for data: {:.0} of {:.0} ms a step",
        100.0 * share,
        1000.0 * waited,
        1000.0 * seconds
    );
    let advice = format!(
        "`data.loader.workers` is {workers}: more of them while there are cores; else smaller pictures in the files, or a faster disk"
    );
    Verdict::ill(Severity::Warning, sentence, advice)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{look as see, sentence};
    use super::*;
    use crate::Facts;

    fn after(seconds: f64, waited: f64) -> Verdict {
        let facts = Facts { workers: 1, ..Facts::default() };
        see(&MONITOR, facts, 50, |_| [("seconds", seconds), ("seconds_waited", waited)])
    }

    #[test]
    fn rings_where_half_the_time_is_waiting() {
        let expected = "50 % of the last 50 steps' time went by waiting for data: 100 of 200 ms a step";
        assert_eq!(sentence(after(0.2, 0.1)), expected);
    }

    #[test]
    fn a_loader_that_keeps_up_is_well() {
        assert_eq!(after(0.2, 0.001), Verdict::Well);
        assert_eq!(after(0.2, 0.03), Verdict::Unsure);
    }
}
