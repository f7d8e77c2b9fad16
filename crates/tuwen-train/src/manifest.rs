//! The manifest of a checkpoint: what vouches for its files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tuwen_encoder::write_whole;

use crate::TrainError;
use crate::checkpoint::{Position, sync_folder};

pub(crate) const MANIFEST: &str = "manifest.json";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    format: u32,
    pub(crate) position: Position,
    pub(crate) files: BTreeMap<String, FileEntry>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileEntry {
    bytes: u64,
    pub(crate) sha256: String,
}

impl Manifest {
    /// Vouches for the files of these names that lie in `folder`, and is written there.
    pub(crate) fn write<'n>(
        folder: &Path,
        position: Position,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<(), TrainError> {
        let named = |name: &str| Ok((name.to_string(), entry(&folder.join(name))?));
        let files = names.into_iter().map(named).collect::<Result<_, TrainError>>()?;
        let path = folder.join(MANIFEST);
        let manifest = Self { format: 1, position, files };
        let text = serde_json::to_string_pretty(&manifest).map_err(|error| TrainError::io(&path, error.into()))?;
        write_whole(&path, text.as_bytes()).map_err(|error| TrainError::io(&path, error))?;
        sync_folder(folder)
    }

    /// The manifest of `folder`, once all files it names were found to be those it vouches for.
    pub(crate) fn verified(folder: &Path) -> Result<Self, TrainError> {
        let bad = |reason: String| TrainError::Checkpoint { path: folder.to_path_buf(), reason };
        let path = folder.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(|error| TrainError::io(&path, error))?;
        let manifest: Self = serde_json::from_str(&text).map_err(|error| bad(format!("{MANIFEST}: {error}")))?;
        for (name, expected) in &manifest.files {
            let found = entry(&folder.join(name))?;
            if found.bytes != expected.bytes {
                return Err(bad(format!("{name} has {} bytes, expected {}", found.bytes, expected.bytes)));
            }
            if found.sha256 != expected.sha256 {
                return Err(bad(format!("{name} was changed after it was written")));
            }
        }
        Ok(manifest)
    }
}

fn entry(path: &Path) -> Result<FileEntry, TrainError> {
    let bytes = fs::read(path).map_err(|error| TrainError::io(path, error))?;
    Ok(FileEntry { bytes: bytes.len() as u64, sha256: sha256(&bytes) })
}

/// The SHA-256 of `bytes`, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
