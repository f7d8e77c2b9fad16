//! The monitors at work in a run, and `health.jsonl`: a line for what began and one for what is over.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tuwen_health::{Facts, Finding, Health, HealthConfig, Turn, Watching};

use crate::TrainError;
use crate::events::StepReport;

/// The monitors and their file, which is not there where nothing is watched.
pub(crate) struct Watched {
    health: Health,
    path: PathBuf,
    file: Option<File>,
    /// How often each monitor has spoken.
    counts: BTreeMap<String, u64>,
}

impl Watched {
    /// Opens the file at `path`, and cuts off what was found after `step`, which will be found again.
    pub(crate) fn open(path: &Path, step: u64, config: HealthConfig, facts: Facts) -> Result<Self, TrainError> {
        let mut watched =
            Self { health: Health::new(config, facts), path: path.to_path_buf(), file: None, counts: BTreeMap::new() };
        if config.watch == Watching::On {
            watched.file = Some(watched.cut(step).map_err(|error| TrainError::io(path, error))?);
        }
        Ok(watched)
    }

    fn cut(&mut self, step: u64) -> std::io::Result<File> {
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&self.path)?;
        let (mut text, mut kept) = (Vec::new(), 0);
        file.read_to_end(&mut text)?;
        for line in text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            match serde_json::from_slice::<Finding>(line) {
                Ok(finding) if finding.step <= step => self.count(&finding),
                _ => break,
            }
            kept += line.len() as u64;
        }
        file.set_len(kept)?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    }

    fn count(&mut self, finding: &Finding) {
        if finding.turn == Turn::Began {
            *self.counts.entry(finding.monitor.clone()).or_default() += 1;
        }
    }

    /// Takes a step that was done before, by its line in `metrics.jsonl`: what it gave was said then.
    pub(crate) fn remember<'a>(&mut self, step: u64, values: impl Iterator<Item = (&'a str, f64)>) {
        self.health.step(step, values);
    }

    /// Takes a step, and writes and returns what it gave.
    pub(crate) fn step(&mut self, report: &StepReport) -> Result<Vec<Finding>, TrainError> {
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        let losses = report.losses.iter().map(|(task, loss)| (format!("loss/{task}"), *loss));
        let observed = report.observed.iter().map(|(name, value)| (format!("observed/{name}"), *value));
        let named: Vec<(String, f64)> = losses.chain(observed).collect();
        let rest = [
            ("gradient_norm", report.gradient_norm),
            ("seconds", report.elapsed.as_secs_f64()),
            ("seconds_waited", report.waited.as_secs_f64()),
        ];
        let findings =
            self.health.step(report.step, named.iter().map(|(name, value)| (name.as_str(), *value)).chain(rest));
        for finding in &findings {
            let line = serde_json::to_string(finding).map_err(|error| TrainError::io(&self.path, error.into()))?;
            file.write_all(format!("{line}\n").as_bytes()).map_err(|error| TrainError::io(&self.path, error))?;
        }
        findings.iter().for_each(|finding| self.count(finding));
        Ok(findings)
    }

    /// Waits until all is on disk.
    pub(crate) fn sync(&self) -> Result<(), TrainError> {
        self.file.iter().try_for_each(|file| file.sync_data().map_err(|error| TrainError::io(&self.path, error)))
    }

    /// How often each monitor has spoken in this run.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(step: u64) -> StepReport {
        StepReport {
            learning_rate: 1.0,
            memory: None,
            step,
            total_steps: 400,
            epoch: 0,
            losses: BTreeMap::from([("itm", 0.693)]),
            total: 0.693,
            observed: vec![("mlm_masked_share", 0.0)],
            rate_factor: 1.0,
            gradient_norm: 1.0,
            records: 8,
            elapsed: std::time::Duration::from_millis(100),
            waited: std::time::Duration::ZERO,
        }
    }

    fn open(path: &Path, step: u64) -> Watched {
        let rate = tuwen_health::Rate { key: "tasks.masking.probability", value: 0.0, share: 0.0 };
        let facts = Facts { matches: Some(0.5), word_masking: Some(rate), total_steps: 400, ..Facts::default() };
        Watched::open(path, step, HealthConfig::default(), facts).unwrap()
    }

    #[test]
    fn a_run_that_goes_on_writes_what_an_uninterrupted_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
        let mut watched = open(&whole, 0);
        (1..=250).for_each(|step| _ = watched.step(&report(step)).unwrap());
        let mut first = open(&broken, 0);
        (1..=230).for_each(|step| _ = first.step(&report(step)).unwrap());
        drop(first);
        // From a checkpoint at step 130: masking was found at step 50, matching at 200 is to be found again.
        let mut again = open(&broken, 130);
        assert_eq!(std::fs::read_to_string(&broken).unwrap().lines().count(), 1);
        let values = || [("loss/itm", 0.693), ("observed/mlm_masked_share", 0.0), ("gradient_norm", 1.0)];
        (1..=130).for_each(|step| again.remember(step, values().into_iter()));
        (131..=250).for_each(|step| _ = again.step(&report(step)).unwrap());
        assert_eq!(std::fs::read_to_string(&whole).unwrap(), std::fs::read_to_string(&broken).unwrap());
        assert_eq!(again.counts(), watched.counts());
        assert_eq!(watched.counts(), BTreeMap::from([("masked_words".into(), 1), ("matching_guesses".into(), 1)]));
    }

    #[test]
    fn what_is_not_watched_has_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health.jsonl");
        let config = HealthConfig { watch: Watching::Off, ..HealthConfig::default() };
        let mut watched = Watched::open(&path, 0, config, Facts::default()).unwrap();
        assert!(watched.step(&report(10)).unwrap().is_empty() && !path.exists());
    }
}
