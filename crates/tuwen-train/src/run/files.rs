//! What a run writes of each step: `metrics.jsonl`, `timing.jsonl`, and what its monitors say, `health.jsonl`.

use std::collections::BTreeMap;
use std::path::Path;

use tuwen_health::{Facts, Finding, HealthConfig};

use crate::TrainError;
use crate::checkpoint::Position;
use crate::evaluation::Evaluation;
use crate::events::StepReport;
use crate::metrics::{MetricsFile, Past};
use crate::timing::TimingFile;
use crate::watched::Watched;

/// The files of a run's steps, open at their ends, and its monitors.
pub struct StepFiles {
    metrics: MetricsFile,
    timing: TimingFile,
    watched: Watched,
}

impl StepFiles {
    /// Those of a run in `folder` that has not begun, watched as `config` says.
    ///
    /// # Errors
    /// A folder that can't be written.
    pub fn create(folder: &Path, health: (HealthConfig, Facts)) -> Result<Self, TrainError> {
        Self::open(folder, health, &Position::start(0)).map(|(files, _)| files)
    }

    /// Those in `folder` up to `position`, which the monitors look at once more.
    pub(super) fn open(
        folder: &Path,
        (config, facts): (HealthConfig, Facts),
        position: &Position,
    ) -> Result<(Self, Past), TrainError> {
        let mut watched = Watched::open(&folder.join("health.jsonl"), position.step, config, facts)?;
        let path = folder.join("metrics.jsonl");
        let (metrics, past) = MetricsFile::open(&path, position.metrics_bytes, &mut |step, line| {
            watched.remember(step, line.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_f64()?))));
        })?;
        let timing = TimingFile::open(&folder.join("timing.jsonl"), position.step)?;
        Ok((Self { metrics, timing, watched }, past))
    }

    /// Writes a step down; what the monitors say of it.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn step(&mut self, report: &StepReport) -> Result<Vec<Finding>, TrainError> {
        self.metrics.step(report)?;
        self.timing.step(report)?;
        self.watched.step(report)
    }

    /// Writes a test down.
    pub(super) fn evaluation(&mut self, step: u64, evaluation: &Evaluation) -> Result<(), TrainError> {
        self.metrics.evaluation(step, evaluation)
    }

    /// Waits until all is on disk that a checkpoint vouches for; the length of `metrics.jsonl`.
    pub(super) fn sync(&self) -> Result<u64, TrainError> {
        self.metrics.sync()?;
        self.watched.sync()?;
        Ok(self.metrics.bytes())
    }

    /// How often each monitor has spoken.
    pub(super) fn findings(&self) -> BTreeMap<String, u64> {
        self.watched.counts()
    }
}
