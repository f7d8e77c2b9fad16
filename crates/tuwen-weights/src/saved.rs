//! Any file of weights, told apart by how it begins.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::files::{WeightsFileError, read_safetensors};
use crate::torch::{ARCHIVE, STREAM, read_archive, read_stream};
use crate::{Integers, Weights};

/// What a file of weights holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saved {
    /// Its float tensors as f32, all of them finite.
    pub weights: Weights,
    /// Its tensors of whole numbers, such as position counters and pointers.
    pub integers: Integers,
    /// The key of the file under which they stood, such as `model`; none where they are the whole file.
    pub wrapped: Option<String>,
    /// What stood beside them, such as `optimizer` and `epoch`, and was not read.
    pub beside: Vec<String>,
}

impl Saved {
    /// Whether the file is a run broken off: an optimizer stands beside the weights.
    pub fn is_half_trained(&self) -> bool {
        self.beside.iter().any(|name| name.starts_with("optim"))
    }
}

/// What `DataParallel` puts before each name.
const PARALLEL: &str = "module.";

/// Reads safetensors or what `torch.save` wrote, in whichever float type, without executing anything. A state dict may be
/// the whole file or stand below `model`, `state_dict` or `model_state_dict`; `module.` before every name is taken off.
///
/// # Errors
/// A file of another kind, a damaged one, one that asks Python for more than tensors, one without float tensors, and a
/// number that is not finite.
pub fn open_weights(path: &Path) -> Result<Saved, WeightsFileError> {
    let io = |source| WeightsFileError::Io { path: path.to_path_buf(), source };
    let mut head = Vec::new();
    File::open(path).and_then(|file| file.take(9).read_to_end(&mut head)).map_err(io)?;
    let saved = if head.starts_with(ARCHIVE) {
        read_archive(path)?
    } else if head.get(8) == Some(&b'{') {
        read_safetensors(path)?
    } else if head.starts_with(STREAM) {
        read_stream(path)?
    } else {
        return Err(WeightsFileError::Kind { path: path.to_path_buf() });
    };
    if saved.weights.is_empty() {
        return Err(WeightsFileError::NoWeights { path: path.to_path_buf(), there: saved.beside });
    }
    check_finite(path, &saved.weights)?;
    Ok(without_parallel(saved))
}

fn check_finite(path: &Path, weights: &Weights) -> Result<(), WeightsFileError> {
    for (name, tensor) in weights {
        if let Some(index) = tensor.values.iter().position(|value| !value.is_finite()) {
            let (path, name, value) = (path.to_path_buf(), name.clone(), tensor.values[index]);
            return Err(WeightsFileError::NotFinite { path, name, index, value });
        }
    }
    Ok(())
}

fn without_parallel(mut saved: Saved) -> Saved {
    if saved.weights.keys().all(|name| name.starts_with(PARALLEL)) {
        let shorter = |name: String| name.strip_prefix(PARALLEL).map_or(name.clone(), str::to_string);
        saved.weights = saved.weights.into_iter().map(|(name, tensor)| (shorter(name), tensor)).collect();
        saved.integers = saved.integers.into_iter().map(|(name, tensor)| (shorter(name), tensor)).collect();
    }
    saved
}

#[cfg(test)]
#[path = "saved_tests.rs"]
mod tests;
