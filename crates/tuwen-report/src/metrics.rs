//! `metrics.jsonl`, read line by line: numbers by name and step, held-out results, and what could not be read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::{Map, Value};

use crate::ReportError;
use crate::evaluation::Evaluation;
use crate::faults::Faults;

/// What the lines of a run hold.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Values by name, in the order of their steps; a step that was written twice counts as written last.
    pub(crate) series: BTreeMap<String, Vec<(u64, f64)>>,
    /// Held-out results in the order of their steps.
    pub(crate) heldout: Vec<(u64, Evaluation)>,
    /// How often a value was not finite (written as `null`), by name.
    pub(crate) not_finite: BTreeMap<String, u64>,
    /// The last step.
    pub(crate) last_step: u64,
}

impl Metrics {
    /// Adds the lines of `path`; those that can't be read are added to `faults`. Errors: the file can't be read at all.
    pub(crate) fn read(&mut self, path: &Path, faults: &mut Faults) -> Result<(), ReportError> {
        let io = |source| ReportError::Io { path: path.to_owned(), source };
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut lines = BufReader::with_capacity(1 << 20, File::open(path).map_err(io)?);
        let (mut line, mut number) = (Vec::new(), 0);
        while lines.read_until(b'\n', &mut line).map_err(io)? > 0 {
            number += 1;
            if let Err(reason) = self.line(&line) {
                let whole = line.last() == Some(&b'\n');
                let reason = if whole { reason } else { "not ended; the run is writing it, or broke off".to_owned() };
                faults.add(&name, format!("{name}, line {number}: {reason}"));
            }
            line.clear();
        }
        self.settle();
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return Ok(());
        }
        let mut fields: Map<String, Value> = serde_json::from_slice(line).map_err(|error| plain(&error))?;
        let step = fields.remove("step").and_then(|step| step.as_u64()).ok_or("no `step`, expected a whole number")?;
        if let Some(heldout) = fields.remove("heldout") {
            let evaluation =
                serde_json::from_value(heldout).map_err(|error| format!("`heldout`: {}", plain(&error)))?;
            self.heldout.push((step, evaluation));
        }
        for (name, value) in fields {
            match value {
                Value::Number(value) => {
                    self.series.entry(name).or_default().push((step, value.as_f64().unwrap_or(f64::NAN)));
                }
                Value::Null => *self.not_finite.entry(name).or_default() += 1,
                _ => {} // a word beside the numbers is nothing to draw
            }
        }
        self.last_step = self.last_step.max(step);
        Ok(())
    }

    fn settle(&mut self) {
        self.series.values_mut().for_each(in_order);
        in_order(&mut self.heldout);
    }
}

/// Sorts by step; of entries of one step the last stays.
fn in_order<T>(entries: &mut Vec<(u64, T)>) {
    entries.sort_by_key(|(step, _)| *step);
    entries.reverse();
    entries.dedup_by_key(|(step, _)| *step); // keeps the first of equal ones, now the last written
    entries.reverse();
}

/// serde's message without the line number, which counts within the one line it was given.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) if error.column() > 0 => format!("{message} at column {}", error.column()),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> (Metrics, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        std::fs::write(&path, text).unwrap();
        let (mut metrics, mut faults) = (Metrics::default(), Faults::default());
        metrics.read(&path, &mut faults).unwrap();
        (metrics, faults.lines())
    }

    #[test]
    fn values_are_found_by_name_and_step() {
        let (metrics, faults) = read(b"{\"step\":1,\"loss/mlm\":2.5}\n{\"step\":2,\"loss/mlm\":2.0,\"epoch\":0}\n");
        assert_eq!(metrics.series["loss/mlm"], [(1, 2.5), (2, 2.0)]);
        assert_eq!(metrics.series["epoch"], [(2, 0.0)]);
        assert_eq!((metrics.last_step, faults.len()), (2, 0));
    }

    #[test]
    fn a_step_written_again_counts_as_written_last() {
        let (metrics, _) = read(b"{\"step\":1,\"a\":1}\n{\"step\":2,\"a\":2}\n{\"step\":1,\"a\":3}\n");
        assert_eq!(metrics.series["a"], [(1, 3.0), (2, 2.0)]);
    }

    #[test]
    fn heldout_results_stand_apart() {
        let line =
            br#"{"step":5,"heldout":{"tasks":{"itm":{"loss":0.7,"accuracy":0.5,"chance":0.5,"predictions":8}}}}"#;
        let (metrics, faults) = read(line);
        assert!(metrics.series.is_empty() && faults.is_empty());
        assert_eq!((metrics.heldout[0].0, metrics.heldout[0].1.tasks["itm"].accuracy), (5, Some(0.5)));
    }

    #[test]
    fn a_value_that_was_not_finite_is_counted() {
        let (metrics, faults) = read(b"{\"step\":1,\"gradient_norm\":null}\n");
        assert_eq!((metrics.not_finite["gradient_norm"], metrics.series.len(), faults.len()), (1, 0, 0));
    }

    #[test]
    fn lines_that_cant_be_read_are_named_and_the_others_count() {
        let (metrics, faults) =
            read(b"{\"step\":1,\"a\":1}\n{\"step\":2,\"a\"\n\xff\n{\"a\":1}\n[]\n\n{\"step\":3,\"a\":3}\n");
        assert_eq!(metrics.series["a"], [(1, 1.0), (3, 3.0)]);
        assert_eq!(faults.len(), 4, "{faults:?}");
        assert_eq!(faults[0], "metrics.jsonl, line 2: EOF while parsing an object at column 13");
        assert!(faults[1].starts_with("metrics.jsonl, line 3: "), "{faults:?}");
        assert_eq!(faults[2], "metrics.jsonl, line 4: no `step`, expected a whole number");
        assert_eq!(faults[3], "metrics.jsonl: 1 more like these");
    }

    #[test]
    fn a_last_line_without_end_is_called_that() {
        let (metrics, faults) = read(b"{\"step\":1,\"a\":1}\n{\"step\":2,\"a");
        assert_eq!(metrics.last_step, 1);
        assert_eq!(faults, ["metrics.jsonl, line 2: not ended; the run is writing it, or broke off"]);
    }
}
