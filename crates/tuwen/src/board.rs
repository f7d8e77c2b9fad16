//! Hands what happens in a run to TensorBoard.

use std::path::{Path, PathBuf};

use tuwen_report::{EventWriter, ReportError, wall_time};
use tuwen_train::{Evaluation, Event, Start, StepReport};

/// Writes events into a folder. A disk that is full ends the events and not the run.
pub(crate) struct Board {
    folder: PathBuf,
    writer: Option<EventWriter>,
    step: u64,
}

impl Board {
    /// The first event makes the file in `folder`.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, writer: None, step: 0 }
    }

    /// Writes `event` down; returns why there will be no more events, if something is in the way.
    pub(crate) fn show(&mut self, event: &Event<'_>) -> Option<String> {
        let error = self.record(event).err()?;
        self.writer = None;
        Some(format!("{error}; no more TensorBoard events of this run"))
    }

    fn record(&mut self, event: &Event<'_>) -> Result<(), ReportError> {
        match event {
            Event::Started(start) => self.start(start),
            Event::Stepped(report) => self.step(report),
            Event::Evaluated(step, evaluation) => self.evaluated(*step, evaluation),
            Event::Drawn(path) => self.drawn(path),
            _ => Ok(()),
        }
    }

    fn start(&mut self, start: &Start) -> Result<(), ReportError> {
        let first = start.steps[0];
        let mut writer = match first {
            0 | 1 => EventWriter::create(&self.folder)?,
            _ => EventWriter::resume(&self.folder, first)?,
        };
        if let Ok(recipe) = std::fs::read_to_string(start.run.join("recipe.toml")) {
            writer.text(first, wall_time(), "recipe", &format!("```toml\n{recipe}```"))?;
        }
        self.writer = Some(writer);
        Ok(())
    }

    fn step(&mut self, report: &StepReport) -> Result<(), ReportError> {
        self.step = report.step;
        let seconds = report.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        let losses = report.losses.iter().map(|(task, loss)| (format!("loss/{task}"), *loss));
        let rest = [
            ("loss/total", report.total),
            ("optimisation/learning_rate", report.learning_rate),
            ("optimisation/gradient_norm", report.gradient_norm),
            ("speed/records_per_second", report.records as f64 / seconds),
            ("speed/data_wait_share", report.waited.as_secs_f64() / seconds),
        ];
        let rest = rest.map(|(tag, value)| (tag.to_owned(), value));
        let observed = report.observed.iter().map(|(name, value)| (format!("observed/{name}"), *value));
        self.scalars(report.step, losses.chain(rest).chain(observed).collect())
    }

    fn evaluated(&mut self, step: u64, evaluation: &Evaluation) -> Result<(), ReportError> {
        let tasks = evaluation.tasks.iter().flat_map(|(task, result)| {
            [(format!("heldout_loss/{task}"), result.loss), (format!("heldout_accuracy/{task}"), result.accuracy)]
        });
        let recalls = evaluation.retrieval.iter().map(|result| {
            let how = result.reranked.map_or(String::new(), |candidates| format!("_reranked_{candidates}"));
            (format!("heldout_recall/{}{how}", result.language), result.table.mean_recall)
        });
        let metrics = evaluation.metrics.iter().map(|(name, measure)| (format!("heldout/{name}"), measure.value));
        self.scalars(step, tasks.chain(recalls).chain(metrics).collect())
    }

    fn scalars(&mut self, step: u64, values: Vec<(String, f64)>) -> Result<(), ReportError> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.scalars(step, wall_time(), values.iter().map(|(tag, value)| (tag.as_str(), *value)))
    }

    fn drawn(&mut self, path: &Path) -> Result<(), ReportError> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let bytes = std::fs::read(path).map_err(|source| ReportError::Io { path: path.to_owned(), source })?;
        let tag = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        writer.image(self.step, wall_time(), &tag, bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    fn report(step: u64) -> StepReport {
        StepReport {
            step,
            total_steps: 4,
            epoch: 0,
            losses: BTreeMap::from([("mlm", 2.0)]),
            total: 2.0,
            observed: vec![("temperature", 0.07)],
            rate_factor: 0.5,
            learning_rate: 0.0005,
            gradient_norm: 1.0,
            records: 8,
            elapsed: Duration::from_secs(2),
            waited: Duration::from_secs(1),
            memory: Some(1 << 20),
        }
    }

    fn start(folder: &Path, first: u64) -> Start {
        let steps = [first, 4];
        Start { run: folder.to_owned(), records: [8, 8], parameters: 1, groups: vec![], plan: String::new(), steps }
    }

    #[test]
    fn a_run_and_its_continuation_write_a_file_each() {
        let folder = tempfile::tempdir().unwrap();
        for first in [1, 3] {
            let mut board = Board::new(folder.path().join("tensorboard"));
            assert_eq!(board.show(&Event::Started(&start(folder.path(), first))), None);
            assert_eq!(board.show(&Event::Stepped(&report(first))), None);
        }
        let mut files: Vec<_> =
            std::fs::read_dir(folder.path().join("tensorboard")).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), 2);
        let bytes = std::fs::read(&files[0]).unwrap();
        for tag in ["loss/mlm", "loss/total", "optimisation/learning_rate", "observed/temperature"] {
            assert!(bytes.windows(tag.len()).any(|window| window == tag.as_bytes()), "{tag}");
        }
        // The continuation's begin is one event more: 12 + 4 bytes of frame, 9 of time, 2 of step, 4 of session.
        assert_eq!(std::fs::read(&files[1]).unwrap().len(), bytes.len() + 31);
    }

    #[test]
    fn a_folder_that_cant_be_written_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken");
        std::fs::write(&file, "").unwrap();
        let mut board = Board::new(file);
        let told = board.show(&Event::Started(&start(folder.path(), 1))).unwrap();
        assert!(told.ends_with("no more TensorBoard events of this run"), "{told}");
        assert_eq!(board.show(&Event::Stepped(&report(1))), None);
        assert!(board.writer.is_none());
    }
}
