//! A run's folder, read: everything the page shows of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tuwen_eval::DownstreamResults;

use crate::ReportError;
use crate::evaluation::{Evaluation, Summary};
use crate::faults::Faults;
use crate::metrics::Metrics;
use crate::origin::Origins;
use crate::picture::{Picture, pictures};
use crate::samples::Samples;

/// One run.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Where it lies.
    pub(crate) folder: PathBuf,
    /// How the page calls it.
    pub(crate) name: String,
    /// The values of its recipe by dotted key, as TOML.
    pub(crate) recipe: BTreeMap<String, String>,
    pub(crate) origins: Option<Origins>,
    /// Absent while it is not finished.
    pub(crate) summary: Option<Summary>,
    pub(crate) metrics: Metrics,
    pub(crate) pictures: Vec<Picture>,
    pub(crate) samples: Option<Samples>,
    pub(crate) downstream: Option<DownstreamResults>,
    pub(crate) faults: Faults,
}

impl Run {
    /// Reads the run in `folder`. Errors: there is none, or a file of it can't be read from the disk.
    pub(crate) fn read(folder: &Path) -> Result<Self, ReportError> {
        if !is_run(folder) {
            return Err(ReportError::NoRun { path: folder.to_owned() });
        }
        let mut run = Self { folder: folder.to_owned(), ..Self::default() };
        // Times stand in a file of their own, so that `metrics.jsonl` is the same whenever a run is repeated.
        for name in ["metrics.jsonl", "timing.jsonl"] {
            let path = folder.join(name);
            if path.exists() {
                run.metrics.read(&path, &mut run.faults)?;
            }
        }
        run.origins = run.json("run.json")?;
        run.summary = run.json("summary.json")?;
        run.samples = run.json("samples.json")?;
        run.downstream = run.json("downstream.json")?;
        if let Some(text) = run.text("recipe.toml")? {
            match text.parse::<toml::Table>().map_err(|error| error.message().to_owned()) {
                Ok(table) => run.recipe = tuwen_recipe::values(&table).unwrap_or_default(),
                Err(reason) => run.faults.add("recipe.toml", format!("recipe.toml: {reason}")),
            }
        }
        run.pictures = pictures(folder)?;
        Ok(run)
    }

    /// The last held-out results, and after which step they were measured.
    pub(crate) fn heldout(&self) -> Option<(u64, &Evaluation)> {
        let last = self.metrics.heldout.last().map(|(step, evaluation)| (*step, evaluation));
        let summary = self.summary.as_ref().map(|summary| (summary.steps.unwrap_or(0), &summary.heldout));
        summary.filter(|(_, evaluation)| !evaluation.is_empty()).or(last)
    }

    /// The recipe's number under `key`.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        self.recipe.get(key)?.replace('_', "").parse().ok()
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, ReportError> {
        let path = self.folder.join(name);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = std::fs::read(&path).map_err(|source| ReportError::Io { path, source })?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(error) => {
                self.faults.add(name, format!("{name}: {}", error.utf8_error()));
                Ok(None)
            }
        }
    }

    fn json<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ReportError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match serde_json::from_str(&text) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                self.faults.add(name, format!("{name}: {error}"));
                Ok(None)
            }
        }
    }
}

/// Whether something was trained in `folder`.
fn is_run(folder: &Path) -> bool {
    ["metrics.jsonl", "summary.json", "downstream.json"].iter().any(|name| folder.join(name).is_file())
}

/// The runs that `paths` name: each a run's folder, or one with runs in it, which come in the order of their names.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<Run>, ReportError> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for path in paths {
        let found = if is_run(path) { vec![path.clone()] } else { runs_in(path)? };
        folders.extend(found);
    }
    let mut seen = std::collections::BTreeSet::new();
    folders.retain(|folder| seen.insert(folder.canonicalize().unwrap_or_else(|_| folder.clone())));
    let mut runs = folders.iter().map(|folder| Run::read(folder)).collect::<Result<Vec<_>, _>>()?;
    for (run, name) in runs.iter_mut().zip(names(&folders)) {
        run.name = name;
    }
    Ok(runs)
}

fn runs_in(path: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let entries = std::fs::read_dir(path).map_err(|source| ReportError::Io { path: path.to_owned(), source })?;
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| is_run(path)).collect();
    folders.sort();
    if folders.is_empty() { Err(ReportError::NoRun { path: path.to_owned() }) } else { Ok(folders) }
}

/// The last two parts of each path, or as many more as it takes to tell them apart.
fn names(folders: &[PathBuf]) -> Vec<String> {
    let parts = |folder: &PathBuf, count: usize| {
        let parts: Vec<_> = folder.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        parts[parts.len().saturating_sub(count)..].join("/")
    };
    let most = folders.iter().map(|folder| folder.iter().count()).max().unwrap_or(2).max(2);
    let all = |count| folders.iter().map(|folder| parts(folder, count)).collect::<Vec<_>>();
    let different = |names: &Vec<String>| names.iter().collect::<std::collections::BTreeSet<_>>().len() == names.len();
    (2..=most).map(all).find(different).unwrap_or_else(|| all(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_as_long_as_it_must_be() {
        let folders = |paths: [&str; 2]| paths.map(PathBuf::from);
        assert_eq!(names(&folders(["runs/tiny/001", "runs/tiny/002"])), ["tiny/001", "tiny/002"]);
        assert_eq!(names(&folders(["a/tiny/001", "b/tiny/001"])), ["a/tiny/001", "b/tiny/001"]);
    }

    #[test]
    fn a_folder_of_runs_is_its_runs_and_one_without_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_all(&[folder.path().to_owned()]).unwrap_err().to_string();
        assert!(error.contains("no run, expected a folder with `metrics.jsonl`"), "{error}");
        for name in ["002", "001"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("metrics.jsonl"), "{\"step\":1}\n").unwrap();
        }
        let twice = [folder.path().to_owned(), folder.path().join("001")];
        let names: Vec<String> = read_all(&twice).unwrap().into_iter().map(|run| run.name).collect();
        assert_eq!(names.len(), 2);
        assert!(names[0].ends_with("/001") && names[1].ends_with("/002"));
    }

    #[test]
    fn files_that_cant_be_read_are_faults_and_stop_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
        write("summary.json", b"{");
        write("recipe.toml", b"seed = = 1");
        write("samples.json", b"\xff");
        let run = Run::read(folder.path()).unwrap();
        assert_eq!(run.faults.lines().len(), 3, "{:?}", run.faults.lines());
        assert!(run.summary.is_none() && run.recipe.is_empty());
    }
}
