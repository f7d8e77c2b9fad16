//! `run.json`: what trained a run, where, and on which data, an entry for each process; what an entry lacks is not shown.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The file.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Origins {
    pub(crate) processes: Vec<Origin>,
}

/// One process.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Origin {
    pub(crate) first_step: Option<u64>,
    pub(crate) code: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) processor: Option<String>,
    pub(crate) threads: Option<u64>,
    pub(crate) data: BTreeMap<String, Fingerprint>,
}

/// A set of files in short.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Fingerprint {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) digest: String,
}

impl Origin {
    /// What is told of it, by name, in the order of the page.
    pub(crate) fn facts(&self) -> Vec<(String, String)> {
        let known = [
            ("program", self.code.clone()),
            ("device", self.device.clone()),
            ("processor", self.processor.clone()),
            ("threads", self.threads.map(|threads| threads.to_string())),
        ];
        let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let data = self.data.iter().map(|(name, data)| {
            let files = if data.files == 1 { "file" } else { "files" };
            let size = format!("{} {files}, {:.1} MB, {}", data.files, data.bytes as f64 / 1e6, data.digest);
            (format!("{name} data"), size)
        });
        known.chain(data).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told() {
        let text = r#"{ "processes": [ { "first_step": 1, "code": "tuwen 0.1.0", "threads": 2,
            "data": { "train": { "files": 1, "bytes": 2500000, "digest": "ab" } } } ] }"#;
        let origins: Origins = serde_json::from_str(text).unwrap();
        let facts = [("program", "tuwen 0.1.0"), ("threads", "2"), ("train data", "1 file, 2.5 MB, ab")];
        assert_eq!(origins.processes[0].facts(), facts.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
