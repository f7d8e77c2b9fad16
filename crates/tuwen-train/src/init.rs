//! Weights a run begins with: where they lie, what they are, and what is remembered of them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tuwen_encoder::{Imported, Integers, Weights, open_weights};

use crate::TrainError;
use crate::checkpoint::Checkpoint;
use crate::optimizer::averaged_weights;

/// A file that a run began with, as `run.json` remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// The recipe's key, such as `init.text`.
    pub key: String,
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// Weights found at a path, under whosever names.
#[derive(Clone, Debug)]
pub struct Pretrained {
    /// The tensors; of a run that averages, the averages.
    pub weights: Weights,
    /// Counters and pointers of another program.
    pub integers: Integers,
    /// The file they come from.
    pub file: PathBuf,
    /// The folder with recipe and tokenizer, where they stand in one.
    pub folder: Option<PathBuf>,
    /// Steps done, where tuwen trained them.
    pub step: Option<u64>,
    /// What stood beside them in a file of another program, such as `optimizer`.
    pub beside: Vec<String>,
}

/// File names under which folders of other programs keep weights, ours first.
const NAMES: [&str; 4] = ["model.safetensors", "pytorch_model.bin", "pytorch_model.pt", "model.pth"];

/// Opens weights: a file of any kind that [`open_weights`] reads, a run's folder (its newest whole checkpoint), one of its
/// checkpoints, or a folder that holds `model.safetensors` or `pytorch_model.bin`.
///
/// # Errors
/// Nothing there, and all that can be wrong with a file of weights.
pub fn open_pretrained(path: &Path) -> Result<Pretrained, TrainError> {
    if path.is_file() {
        return open_file(path, None);
    }
    if !path.is_dir() {
        return Err(TrainError::NoWeights { path: path.to_path_buf() });
    }
    if path.join("manifest.json").exists() {
        return checkpoint(Checkpoint::load(path)?, path, path);
    }
    let checkpoints = path.join("checkpoints");
    if checkpoints.is_dir() {
        let whole =
            Checkpoint::list(&checkpoints).into_iter().find_map(|path| Some((Checkpoint::load(&path).ok()?, path)));
        let none = || TrainError::Checkpoint { path: checkpoints.clone(), reason: "no whole checkpoint".to_string() };
        let (found, at) = whole.ok_or_else(none)?;
        return checkpoint(found, &at, path);
    }
    let file = NAMES.iter().map(|name| path.join(name)).find(|file| file.is_file());
    open_file(&file.ok_or_else(|| TrainError::NoWeights { path: path.to_path_buf() })?, Some(path))
}

fn open_file(file: &Path, folder: Option<&Path>) -> Result<Pretrained, TrainError> {
    let saved = open_weights(file)?;
    Ok(Pretrained {
        weights: saved.weights,
        integers: saved.integers,
        file: file.to_path_buf(),
        folder: folder.map(Path::to_path_buf),
        step: None,
        beside: saved.beside,
    })
}

fn checkpoint(found: Checkpoint, at: &Path, folder: &Path) -> Result<Pretrained, TrainError> {
    Ok(Pretrained {
        weights: averaged_weights(&found.model, &found.optimizer),
        integers: Integers::new(),
        file: at.join("model.safetensors"),
        folder: Some(folder.to_path_buf()),
        step: Some(found.position.step),
        beside: Vec::new(),
    })
}

impl Pretrained {
    /// What a run that began with them under the recipe's `key` remembers.
    pub fn beginning(&self, key: &str) -> Result<Beginning, TrainError> {
        let bytes = std::fs::read(&self.file).map_err(|error| TrainError::io(&self.file, error))?;
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Beginning { key: key.to_string(), path: self.file.clone(), bytes: bytes.len() as u64, sha256 })
    }

    /// The weights without what a run of ours keeps beside the trained model: momentum encoders and the queue.
    pub fn model(&self) -> Weights {
        let kept = |name: &&String| !name.starts_with("momentum.") && !name.starts_with("queue.");
        self.weights.iter().filter(|(name, _)| kept(name)).map(|(name, w)| (name.clone(), w.clone())).collect()
    }

    /// What is said of them when a run begins: what was taken, what was fitted, and what was not used.
    pub fn notice(&self, key: &str, what: &str, imported: &Imported) -> String {
        let mut notice = format!("`{key}`: {what} from {}", self.file.display());
        for note in &imported.notes {
            notice += &format!("; {note}");
        }
        if !imported.unused.is_empty() {
            notice += &format!("; not used: {}", imported.unused.join(", "));
        }
        if !self.beside.is_empty() {
            notice += &format!("; beside the weights and not taken over: {}", self.beside.join(", "));
        }
        notice
    }
}
