//! `metrics.jsonl`: one line a step and one an evaluation.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::TrainError;
use crate::evaluation::Evaluation;
use crate::events::StepReport;

/// The file, open at its end.
#[derive(Debug)]
pub(crate) struct MetricsFile {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl MetricsFile {
    /// Opens `path` and goes on behind its first `bytes` bytes: what an interrupted run wrote after its last checkpoint
    /// is cut off and will be written again.
    pub(crate) fn open(path: &Path, bytes: u64) -> Result<Self, TrainError> {
        let io = |error| TrainError::io(path, error);
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(io)?;
        file.set_len(bytes).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        Ok(Self { path: path.to_path_buf(), file, bytes })
    }

    /// Bytes written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A line for a step. Times are left out: the file of a resumed run equals that of an uninterrupted one.
    pub(crate) fn step(&mut self, report: &StepReport) -> Result<(), TrainError> {
        let mut line = Map::new();
        line.insert("step".into(), json!(report.step));
        line.insert("epoch".into(), json!(report.epoch));
        report.losses.iter().for_each(|(task, loss)| _ = line.insert(format!("loss/{task}"), json!(loss)));
        line.insert("loss/total".into(), json!(report.total));
        line.insert("rate_factor".into(), json!(report.rate_factor));
        line.insert("gradient_norm".into(), json!(report.gradient_norm));
        self.write(Value::Object(line))
    }

    /// A line for an evaluation.
    pub(crate) fn evaluation(&mut self, step: u64, evaluation: &Evaluation) -> Result<(), TrainError> {
        self.write(json!({ "step": step, "heldout": evaluation }))
    }

    fn write(&mut self, line: Value) -> Result<(), TrainError> {
        let text = format!("{line}\n");
        self.file.write_all(text.as_bytes()).map_err(|error| TrainError::io(&self.path, error))?;
        self.bytes += text.len() as u64;
        Ok(())
    }
}
