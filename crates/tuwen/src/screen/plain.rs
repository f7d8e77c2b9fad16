//! A run as plain lines, for files, pipes and simple terminals.

use std::time::Duration;

use tuwen_train::StepReport;

use super::wording::clock;

/// A line for about every fiftieth part of a run.
#[derive(Debug, Default)]
pub(super) struct Plain {
    shown_step: u64,
    steps_since: u64,
    records_since: usize,
    time_since: Duration,
}

impl Plain {
    /// The line of a step, if it has one.
    pub(super) fn step(&mut self, report: &StepReport) -> Option<String> {
        self.steps_since += 1;
        self.records_since += report.records;
        self.time_since += report.elapsed;
        let interval = (report.total_steps / 50).max(1);
        if report.step != 1 && report.step < self.shown_step + interval && report.step != report.total_steps {
            return None;
        }
        let per_step = self.time_since.as_secs_f64() / self.steps_since as f64;
        let left = Duration::from_secs_f64(per_step * (report.total_steps - report.step) as f64);
        let losses: Vec<String> = report.losses.iter().map(|(task, loss)| format!("{task} {loss:.3}")).collect();
        let rate = self.records_since as f64 / self.time_since.as_secs_f64().max(f64::MIN_POSITIVE);
        let line = format!(
            "step {:>6}  epoch {:>3}  {}  |  {rate:.0} records/s, {} left",
            report.step,
            report.epoch,
            losses.join("  "),
            clock(left)
        );
        (self.shown_step, self.steps_since, self.records_since, self.time_since) = (report.step, 0, 0, Duration::ZERO);
        Some(line)
    }
}
