//! `run.json`: what trained a run, where, and on which data; an entry for each process that had a part in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tuwen_data::Fingerprint;
use tuwen_encoder::write_whole;

use crate::TrainError;
use crate::events::Event;
use crate::init::Beginning;
use crate::options::RunOptions;

/// One process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// When it began, in seconds since 1970.
    began: u64,
    first_step: u64,
    code: String,
    device: String,
    /// As the system names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    processor: Option<String>,
    threads: usize,
    data: BTreeMap<String, Fingerprint>,
    /// Files with first weights.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    init: Vec<Beginning>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct File {
    processes: Vec<Origin>,
}

impl Origin {
    /// This process, whose first step is `first_step`.
    pub(crate) fn now(options: &RunOptions, first_step: u64, data: Vec<(&'static str, Fingerprint)>) -> Self {
        let library = || format!("tuwen-train {}", env!("CARGO_PKG_VERSION"));
        let place = &options.place;
        Self {
            began: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            first_step,
            code: if place.code.is_empty() { library() } else { place.code.clone() },
            device: if place.device.is_empty() { format!("{:?}", options.device) } else { place.device.clone() },
            processor: std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| processor(&text)),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            data: data.into_iter().map(|(name, fingerprint)| (name.to_string(), fingerprint)).collect(),
            init: Vec::new(),
        }
    }

    /// With the files it began with.
    pub(crate) fn begun_with(self, init: Vec<Beginning>) -> Self {
        Self { init, ..self }
    }

    /// Adds it to the file in `folder`, in the place of those that began no earlier: their steps are done again. Other data
    /// than before is told to `watch`.
    pub(crate) fn record(self, folder: &Path, watch: &mut dyn FnMut(Event<'_>)) -> Result<(), TrainError> {
        let path = folder.join("run.json");
        // A file that can't be read tells nothing that the run needs.
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut file: File = serde_json::from_str(&text).unwrap_or_default();
        file.processes.retain(|process| process.first_step < self.first_step);
        if let Some(former) = file.processes.last() {
            for (name, fingerprint) in &self.data {
                if former.data.get(name).is_some_and(|former| former != fingerprint) {
                    let told = format!("the `{name}` data is not what it was up to step {}", self.first_step - 1);
                    watch(Event::Notice(&told));
                }
            }
        }
        file.processes.push(self);
        let text = serde_json::to_string_pretty(&file).map_err(|error| TrainError::io(&path, error.into()))?;
        write_whole(&path, text.as_bytes()).map_err(|error| TrainError::io(&path, error))
    }
}

fn processor(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(first_step: u64, digest: &str) -> Origin {
        let print = Fingerprint { files: 1, bytes: 2, digest: digest.to_string() };
        let data = BTreeMap::from([("train".to_string(), print)]);
        let (code, device) = ("tuwen 0.1.0".to_string(), "cpu".to_string());
        Origin { began: 0, first_step, code, device, processor: None, threads: 2, data, init: vec![] }
    }

    fn record(folder: &Path, origin: Origin) -> Vec<String> {
        let mut told = Vec::new();
        let mut watch = |event: Event<'_>| {
            if let Event::Notice(notice) = event {
                told.push(notice.to_string());
            }
        };
        origin.record(folder, &mut watch).unwrap();
        told
    }

    #[test]
    fn each_process_has_an_entry_until_its_steps_are_done_again() {
        let folder = tempfile::tempdir().unwrap();
        for first_step in [1, 5, 9, 5] {
            record(folder.path(), origin(first_step, "a"));
        }
        let text = std::fs::read_to_string(folder.path().join("run.json")).unwrap();
        let file: File = serde_json::from_str(&text).unwrap();
        assert_eq!(file.processes, [origin(1, "a"), origin(5, "a")]);
    }

    #[test]
    fn other_data_than_before_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(record(folder.path(), origin(1, "a")).is_empty());
        assert_eq!(record(folder.path(), origin(5, "b")), ["the `train` data is not what it was up to step 4"]);
        assert!(record(folder.path(), origin(9, "b")).is_empty());
    }

    #[test]
    fn the_processor_is_named_as_the_system_does() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: A B\n").as_deref(), Some("A B"));
        assert_eq!(processor("flags: fpu"), None);
    }
}
