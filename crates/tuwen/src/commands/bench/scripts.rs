//! PyTorch's side of `bench compare` and `bench gpu`: scripts that read a case from a folder, then answer questions.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::python::{Peer, Session};
use crate::commands::CommandError;

/// The scripts, file by file.
const SCRIPTS: [(&str, &str); 8] = [
    ("layers.py", include_str!("peer/layers.py")),
    ("worker.py", include_str!("peer/worker.py")),
    ("two_stream.py", include_str!("peer/two_stream.py")),
    ("encoder.py", include_str!("peer/encoder.py")),
    ("unibert.py", include_str!("peer/unibert.py")),
    ("albef.py", include_str!("peer/albef.py")),
    ("albef_fast.py", include_str!("peer/albef_fast.py")),
    ("embedding.py", include_str!("peer/embedding.py")),
];

/// What they need.
pub(super) const PACKAGES: [&str; 3] = ["numpy==2.4.6", "safetensors==0.8.0", "torch==2.9.1"];

/// Runs a script of the folder in its first argument, which may import its neighbours.
const LAUNCHER: &str =
    "import runpy, sys; sys.path.insert(0, sys.argv[1]); runpy.run_path(sys.argv[2], run_name='__main__')";

/// A folder with the scripts, and with the case that both sides are given.
#[derive(Debug)]
pub(super) struct Scripts(TempDir);

impl Scripts {
    /// Writes them into a folder that is gone afterwards.
    pub(super) fn write() -> Result<Self, CommandError> {
        let folder = tempfile::tempdir()?;
        for (name, text) in SCRIPTS {
            std::fs::write(folder.path().join(name), text)?;
        }
        Ok(Self(folder))
    }

    /// Where they lie.
    pub(super) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Starts `script` on the folder's case. `how` says where and in which format PyTorch computes, as `worker.py` reads it.
    pub(super) fn start(
        &self,
        script: &str,
        (python, threads): (&Peer, usize),
        how: &Value,
    ) -> Result<Session, CommandError> {
        let folder = self.folder().to_string_lossy().into_owned();
        let file = self.folder().join(script).to_string_lossy().into_owned();
        Ok(python.start(LAUNCHER, &[&folder, &file, &folder, &how.to_string()], threads)?)
    }
}
