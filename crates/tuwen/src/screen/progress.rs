//! What the live view knows of a run, gathered from its events.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tuwen_train::{Evaluation, Event, Start, StepReport};

use super::trend::Trend;

/// Of the speed so much is kept a second: what it was ten seconds ago counts a third.
const KEPT: f64 = 0.9;

/// A run so far.
#[derive(Debug)]
pub(super) struct Progress {
    /// Records to train on.
    records: usize,
    /// The last step done, and the last of all.
    pub(super) step: u64,
    pub(super) last: u64,
    pub(super) epoch: u64,
    /// Records of the largest batch.
    batch: usize,
    started: Instant,
    /// By task; the weighted sum is no task.
    pub(super) losses: BTreeMap<String, Trend>,
    pub(super) total: Trend,
    pub(super) learning_rate: Option<f64>,
    pub(super) gradient_norm: Trend,
    /// Whatever else the model says of itself, as the temperature.
    pub(super) readings: BTreeMap<String, f64>,
    pub(super) memory: Option<u64>,
    pub(super) evaluated: Option<(u64, Evaluation)>,
    pub(super) skipped_records: u64,
    pub(super) skipped_steps: u64,
    pace: Pace,
}

/// Sums of the last seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    steps: f64,
    seconds: f64,
    waited: f64,
    records: f64,
}

impl Progress {
    pub(super) fn of(start: &Start) -> Self {
        Self {
            records: start.records[0],
            step: start.steps[0].saturating_sub(1),
            last: start.steps[1],
            epoch: 0,
            batch: 0,
            started: Instant::now(),
            losses: BTreeMap::new(),
            total: Trend::default(),
            learning_rate: None,
            gradient_norm: Trend::default(),
            readings: BTreeMap::new(),
            memory: None,
            evaluated: None,
            skipped_records: 0,
            skipped_steps: 0,
            pace: Pace::default(),
        }
    }

    /// Takes `event` in.
    pub(super) fn see(&mut self, event: &Event<'_>) {
        match event {
            Event::Stepped(report) => self.stepped(report),
            Event::Evaluated(step, evaluation) => self.evaluated = Some((*step, Evaluation::clone(evaluation))),
            Event::SkippedRecord(_) => self.skipped_records += 1,
            Event::SkippedStep(..) => self.skipped_steps += 1,
            _ => {}
        }
    }

    fn stepped(&mut self, report: &StepReport) {
        (self.step, self.last, self.epoch) = (report.step, report.total_steps, report.epoch);
        self.batch = self.batch.max(report.records);
        for (task, loss) in &report.losses {
            match self.losses.get_mut(*task) {
                Some(trend) => trend.push(*loss),
                None => self.losses.entry((*task).to_string()).or_default().push(*loss),
            }
        }
        self.total.push(report.total);
        self.gradient_norm.push(report.gradient_norm);
        self.learning_rate = Some(report.learning_rate);
        self.memory = report.memory;
        self.readings.extend(report.observed.iter().map(|(name, value)| ((*name).to_string(), *value)));
        self.pace.push(report);
    }

    /// Since the first step of this process.
    pub(super) fn gone(&self) -> Duration {
        self.started.elapsed()
    }

    /// The time the steps that are left would take at the present speed.
    pub(super) fn left(&self) -> Option<Duration> {
        let per_step = self.pace.seconds / self.pace.steps;
        Duration::try_from_secs_f64(per_step * self.last.saturating_sub(self.step) as f64).ok()
    }

    /// Records a second, and the share of the time that went into waiting for them.
    pub(super) fn speed(&self) -> Option<[f64; 2]> {
        let Pace { seconds, waited, records, .. } = self.pace;
        (seconds > 0.0).then(|| [records / seconds, waited / seconds])
    }

    /// Passes over the data when all is done.
    pub(super) fn epochs(&self) -> Option<u64> {
        let records = self.records as u64;
        (records > 0 && self.batch > 0).then(|| (self.last * self.batch as u64).div_ceil(records))
    }
}

impl Pace {
    fn push(&mut self, report: &StepReport) {
        let seconds = report.elapsed.as_secs_f64();
        let kept = KEPT.powf(seconds);
        self.steps = kept * self.steps + 1.0;
        self.seconds = kept * self.seconds + seconds;
        self.waited = kept * self.waited + report.waited.as_secs_f64();
        self.records = kept * self.records + report.records as f64;
    }
}
