//! Numbers and results as a reader likes them.

use std::time::Duration;

use tuwen_train::{Evaluation, Measure, RetrievalResult};

/// All results of a test on one line.
pub(super) fn one_line(evaluation: &Evaluation) -> String {
    let results = evaluation.tasks.iter().map(|(task, result)| {
        format!(
            "{task} {:.3} ({:.1}% right, guessing {:.1}%)",
            result.loss,
            100.0 * result.accuracy,
            100.0 * result.chance
        )
    });
    let metrics = evaluation.metrics.iter().map(|(name, measure)| format!("{name} {}", value(measure)));
    results.chain(evaluation.retrieval.iter().map(recall)).chain(metrics).collect::<Vec<_>>().join("  ")
}

/// A measure of one's own, and what guessing reaches.
pub(super) fn value(measure: &Measure) -> String {
    let chance = measure.chance.map_or(String::new(), |chance| format!(" (guessing {chance:.3})"));
    format!("{:.3}{chance}", measure.value)
}

/// The mean recall of one language.
pub(super) fn recall(RetrievalResult { language, reranked, table }: &RetrievalResult) -> String {
    let how = reranked.map_or(String::new(), |k| format!(" (re-ranked {k})"));
    format!("mean recall {language}{how} {:.1}", table.mean_recall)
}

/// `45 s`, `2:54 min`, `10:02 h`.
pub(super) fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        _ => format!("{}:{:02} h", seconds / 3600, seconds / 60 % 60),
    }
}

/// `840 MB`, `1.25 GB`.
pub(super) fn memory(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes < 1000.0 { format!("{megabytes:.0} MB") } else { format!("{:.2} GB", megabytes / 1000.0) }
}

/// Three digits that count: `0.0712`, `9.1e-5`, `562`.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_string(),
        size if !size.is_finite() => value.to_string(),
        size if !(1e-3..1e6).contains(&size) => format!("{value:.2e}"),
        size => format!("{value:.*}", (2 - size.log10().floor() as i32).max(0) as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        let written = [0.0, 0.071_24, 1.0, 562.4, 12_345.0, 0.000_091, f64::NAN].map(short);
        assert_eq!(written, ["0", "0.0712", "1.00", "562", "12345", "9.10e-5", "NaN"]);
    }

    #[test]
    fn bytes_and_seconds_take_the_unit_that_suits_them() {
        assert_eq!([840_400_000, 1_254_000_000].map(memory), ["840 MB", "1.25 GB"]);
        assert_eq!([45, 174, 36_120].map(Duration::from_secs).map(clock), ["45 s", "2:54 min", "10:02 h"]);
    }
}
