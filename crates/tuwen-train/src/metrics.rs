//! `metrics.jsonl`: one line a step and one an evaluation.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::TrainError;
use crate::evaluation::Evaluation;
use crate::events::StepReport;
use crate::history::History;

/// The file, open at its end.
#[derive(Debug)]
pub(crate) struct MetricsFile {
    path: PathBuf,
    file: File,
    bytes: u64,
}

/// What the lines tell that were there before.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Losses of the steps.
    pub(crate) history: History,
    /// The last step with an evaluation.
    pub(crate) evaluated: Option<u64>,
    /// Bytes that should have been there and are not.
    pub(crate) missing: u64,
}

impl MetricsFile {
    /// Opens `path` and goes on behind its first `bytes` bytes: what an interrupted run wrote after its last checkpoint
    /// is cut off and will be written again. So is half a line, should the file be shorter than it has to be.
    /// Each step is told to `told` by its number and its line.
    pub(crate) fn open(
        path: &Path,
        bytes: u64,
        told: &mut dyn FnMut(u64, &Map<String, Value>),
    ) -> Result<(Self, Past), TrainError> {
        let io = |error| TrainError::io(path, error);
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).map_err(io)?;
        let mut text = Vec::new();
        (&mut file).take(bytes).read_to_end(&mut text).map_err(io)?;
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let mut past = Past { missing: bytes - whole as u64, ..Past::default() };
        text[..whole].split(|&byte| byte == b'\n').for_each(|line| past.read(line, told));
        file.set_len(whole as u64).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        Ok((Self { path: path.to_path_buf(), file, bytes: whole as u64 }, past))
    }

    /// Bytes written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Waits until all lines are on disk: a checkpoint vouches for them.
    pub(crate) fn sync(&self) -> Result<(), TrainError> {
        self.file.sync_data().map_err(|error| TrainError::io(&self.path, error))
    }

    /// A line for a step. Times are left out: the file of a resumed run equals that of an uninterrupted one.
    pub(crate) fn step(&mut self, report: &StepReport) -> Result<(), TrainError> {
        let mut line = Map::new();
        line.insert("step".into(), json!(report.step));
        line.insert("epoch".into(), json!(report.epoch));
        report.losses.iter().for_each(|(task, loss)| _ = line.insert(format!("loss/{task}"), json!(loss)));
        line.insert("loss/total".into(), json!(report.total));
        line.insert("rate_factor".into(), json!(report.rate_factor));
        line.insert("learning_rate".into(), json!(report.learning_rate));
        line.insert("gradient_norm".into(), json!(report.gradient_norm));
        report.observed.iter().for_each(|(name, value)| _ = line.insert(format!("observed/{name}"), json!(value)));
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

impl Past {
    fn read(&mut self, line: &[u8], told: &mut dyn FnMut(u64, &Map<String, Value>)) {
        let Ok(line) = serde_json::from_slice::<Map<String, Value>>(line) else { return };
        if line.contains_key("heldout") {
            self.evaluated = line.get("step").and_then(Value::as_u64);
            return;
        }
        line.get("step").and_then(Value::as_u64).into_iter().for_each(|step| told(step, &line));
        // Losses are f32. A decimal may be read one unit of an f64 beside what was written, and as f32 it is the same again.
        let loss = |(name, value): (&'_ String, &Value)| {
            let task = name.strip_prefix("loss/").filter(|task| *task != "total")?;
            Some((task.to_string(), value.as_f64().map_or(f64::NAN, |loss| f64::from(loss as f32))))
        };
        let losses: Vec<(String, f64)> = line.iter().filter_map(loss).collect();
        self.history.push(losses.iter().map(|(task, loss)| (task.as_str(), *loss)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "{\"step\":1,\"loss/mlm\":0.10000000149011612,\"loss/total\":9.0}\n\
                         {\"step\":1,\"heldout\":{\"tasks\":{}}}\n\
                         {\"step\":2,\"loss/mlm\":null}\n";

    fn open(text: &str, bytes: usize) -> (String, Past) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        std::fs::write(&path, text).unwrap();
        let (file, past) = MetricsFile::open(&path, bytes as u64, &mut |_, _| {}).unwrap();
        let left = std::fs::read_to_string(&path).unwrap();
        assert_eq!(file.bytes(), left.len() as u64);
        (left, past)
    }

    #[test]
    fn what_was_written_too_much_is_cut_off() {
        let (left, past) = open(&format!("{LINES}{{\"step\":3,\"loss/ml"), LINES.len());
        assert_eq!(left, LINES);
        assert_eq!((past.evaluated, past.missing), (Some(1), 0));
        assert_eq!(past.history.first_and_last()["mlm"], [f64::from(0.1_f32); 2]);
    }

    #[test]
    fn half_a_last_line_is_cut_off_and_said() {
        let (left, past) = open(&LINES[..LINES.len() - 4], LINES.len());
        assert_eq!(left.lines().count(), 2);
        assert_eq!(past.missing as usize, LINES.len() - left.len());
    }
}
