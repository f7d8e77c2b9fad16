//! `timing.jsonl`: how long each step took and what memory it left. Apart from `metrics.jsonl`, which is the same however
//! often a run is interrupted.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use crate::TrainError;
use crate::events::StepReport;

/// The file, open at its end.
#[derive(Debug)]
pub(crate) struct TimingFile {
    path: PathBuf,
    file: File,
}

#[derive(Deserialize)]
struct Line {
    step: u64,
}

impl TimingFile {
    /// Opens `path` behind the line of step number `step`: later ones are cut off, they will be done again.
    pub(crate) fn open(path: &Path, step: u64) -> Result<Self, TrainError> {
        let io = |error| TrainError::io(path, error);
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).map_err(io)?;
        let mut lines = BufReader::new(&file);
        let (mut line, mut kept) = (Vec::new(), 0);
        while lines.read_until(b'\n', &mut line).map_err(io)? > 0 && stays(&line, step) {
            kept += line.len() as u64;
            line.clear();
        }
        file.set_len(kept).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        Ok(Self { path: path.to_path_buf(), file })
    }

    /// A line for a step: seconds, the part of them spent waiting for data, records, and bytes in memory if they are known.
    pub(crate) fn step(&mut self, report: &StepReport) -> Result<(), TrainError> {
        let seconds = |duration: std::time::Duration| (duration.as_secs_f64() * 1e6).round() / 1e6;
        let mut line = json!({
            "step": report.step,
            "seconds": seconds(report.elapsed),
            "waited": seconds(report.waited),
            "records": report.records,
        });
        if let Some(bytes) = report.memory {
            line["memory"] = json!(bytes);
        }
        let text = format!("{line}\n");
        self.file.write_all(text.as_bytes()).map_err(|error| TrainError::io(&self.path, error))
    }
}

/// Whether a whole line is of a step up to `last`.
fn stays(line: &[u8], last: u64) -> bool {
    line.ends_with(b"\n") && serde_json::from_slice::<Line>(line).is_ok_and(|line| line.step <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str, step: u64) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("timing.jsonl");
        std::fs::write(&path, text).unwrap();
        TimingFile::open(&path, step).unwrap();
        std::fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn steps_behind_the_checkpoint_are_cut_off() {
        assert_eq!(left("{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n", 2), "{\"step\":1}\n{\"step\":2}\n");
        assert_eq!(left("{\"step\":1}\n", 0), "");
    }

    #[test]
    fn half_a_line_and_what_follows_a_broken_one_are_cut_off() {
        assert_eq!(left("{\"step\":1}\n{\"step\":2}", 2), "{\"step\":1}\n");
        assert_eq!(left("{\"step\":1}\n{\"st\0\n{\"step\":2}\n", 2), "{\"step\":1}\n");
    }
}
