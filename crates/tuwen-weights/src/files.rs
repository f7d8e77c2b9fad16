//! Weights in safetensors files: read whatever float type they are in, written as f32.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::saved::Saved;
use crate::torch::TorchError;
use crate::{HostIntegers, HostTensor, Integers, Weights};

/// How names begin of files that are being written.
const UNFINISHED: &str = ".unfinished-";

/// A weights file that can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WeightsFileError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a safetensors file, or a damaged one.
    #[error("{}: not a sound safetensors file: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What the parser found.
        reason: String,
    },
    /// A file of PyTorch's that is not read.
    #[error("{}: {source}", path.display())]
    Torch {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: TorchError,
    },
    /// No file of weights at all.
    #[error("{}: neither safetensors nor a file of `torch.save`", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
    },
    /// No float tensor where weights are looked for.
    #[error(
        "{}: holds no weights; they are looked for at its top and below `model`, `state_dict`, `model_state_dict`{}",
        path.display(),
        beside(there)
    )]
    NoWeights {
        /// The file.
        path: PathBuf,
        /// What it holds.
        there: Vec<String>,
    },
    /// A weight that is not a number, or infinite.
    #[error("{}: tensor `{name}` has {value} at place {index}, expected finite numbers", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Which of its numbers.
        index: usize,
        /// What stands there.
        value: f32,
    },
    /// A tensor of another type.
    #[error("{}: tensor `{name}` is {dtype:?}, expected F32, F64, F16 or BF16", path.display())]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its type.
        dtype: Dtype,
    },
}

fn beside(there: &[String]) -> String {
    if there.is_empty() { String::new() } else { format!(", and it has {}", there.join(", ")) }
}

/// Reads the float tensors whose name `wanted` accepts; other float types become f32.
pub fn read_weights(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Weights, WeightsFileError> {
    let bytes = std::fs::read(path).map_err(|source| WeightsFileError::Io { path: path.to_path_buf(), source })?;
    let file = parse(path, &bytes)?;
    let tensors = file.iter().filter(|(name, _)| wanted(name));
    tensors
        .map(|(name, view)| {
            let values = floats(&view).ok_or_else(|| other_type(path, name, &view))?;
            Ok((name.to_string(), HostTensor { shape: view.shape().to_vec(), values }))
        })
        .collect()
}

/// Reads all tensors, whole numbers apart from the rest.
pub(crate) fn read_safetensors(path: &Path) -> Result<Saved, WeightsFileError> {
    let bytes = std::fs::read(path).map_err(|source| WeightsFileError::Io { path: path.to_path_buf(), source })?;
    let mut saved = Saved::default();
    for (name, view) in parse(path, &bytes)?.iter() {
        let shape = view.shape().to_vec();
        if let Some(values) = floats(&view) {
            saved.weights.insert(name.to_string(), HostTensor { shape, values });
        } else {
            let values = integers(&view).ok_or_else(|| other_type(path, name, &view))?;
            saved.integers.insert(name.to_string(), HostIntegers { shape, values });
        }
    }
    Ok(saved)
}

fn parse<'b>(path: &Path, bytes: &'b [u8]) -> Result<SafeTensors<'b>, WeightsFileError> {
    SafeTensors::deserialize(bytes)
        .map_err(|error| WeightsFileError::Format { path: path.to_path_buf(), reason: error.to_string() })
}

fn other_type(path: &Path, name: &str, view: &TensorView<'_>) -> WeightsFileError {
    WeightsFileError::Dtype { path: path.to_path_buf(), name: name.to_string(), dtype: view.dtype() }
}

fn chunks<const N: usize, T>(data: &[u8], convert: impl Fn([u8; N]) -> T) -> Vec<T> {
    data.as_chunks::<N>().0.iter().map(|chunk| convert(*chunk)).collect()
}

fn floats(view: &TensorView<'_>) -> Option<Vec<f32>> {
    let data = view.data();
    Some(match view.dtype() {
        Dtype::F32 => chunks(data, f32::from_le_bytes),
        Dtype::F64 => chunks(data, |bytes| f64::from_le_bytes(bytes) as f32),
        Dtype::F16 => chunks(data, |bytes| f16::from_le_bytes(bytes).to_f32()),
        Dtype::BF16 => chunks(data, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        _ => return None,
    })
}

fn integers(view: &TensorView<'_>) -> Option<Vec<i64>> {
    let data = view.data();
    Some(match view.dtype() {
        Dtype::I64 => chunks(data, i64::from_le_bytes),
        Dtype::I32 => chunks(data, |bytes| i64::from(i32::from_le_bytes(bytes))),
        Dtype::I16 => chunks(data, |bytes| i64::from(i16::from_le_bytes(bytes))),
        Dtype::I8 => chunks(data, |bytes| i64::from(i8::from_le_bytes(bytes))),
        Dtype::U8 | Dtype::BOOL => chunks(data, |[byte]: [u8; 1]| i64::from(byte)),
        _ => return None,
    })
}

/// Writes `weights` with `metadata`, beside the target first and renamed when all bytes are on disk, so that a file
/// under this name is always whole.
pub fn write_weights(
    path: &Path,
    weights: &Weights,
    metadata: HashMap<String, String>,
) -> Result<(), WeightsFileError> {
    write_tensors(path, weights, &Integers::new(), metadata)
}

/// As [`write_weights`], with whole numbers (I64) among them.
pub fn write_tensors(
    path: &Path,
    weights: &Weights,
    integers: &Integers,
    metadata: HashMap<String, String>,
) -> Result<(), WeightsFileError> {
    let format = |error: safetensors::SafeTensorError| WeightsFileError::Format {
        path: path.to_path_buf(),
        reason: error.to_string(),
    };
    let floats = weights.iter().map(|(name, tensor)| {
        (name, Dtype::F32, &tensor.shape, tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect())
    });
    let whole = integers.iter().map(|(name, tensor)| {
        (name, Dtype::I64, &tensor.shape, tensor.values.iter().flat_map(|v| v.to_le_bytes()).collect())
    });
    let buffers: Vec<(&String, Dtype, &Vec<usize>, Vec<u8>)> = floats.chain(whole).collect();
    let views = buffers
        .iter()
        .map(|(name, dtype, shape, bytes)| Ok((name.as_str(), TensorView::new(*dtype, (*shape).clone(), bytes)?)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(format)?;
    let metadata = (!metadata.is_empty()).then_some(metadata);
    let bytes = safetensors::serialize(views, metadata).map_err(format)?;
    write_whole(path, &bytes).map_err(|source| WeightsFileError::Io { path: path.to_path_buf(), source })
}

/// Writes `bytes` under `path` so that the file is either the old one or the whole new one, never a part.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = tempfile::Builder::new();
    beside.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        // A temporary file is its owner's alone; this one is to be like any other, as the umask says.
        use std::os::unix::fs::PermissionsExt;
        beside.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = beside.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Removes from `folder` what [`write_whole`] was writing when its process was ended. Nobody may be writing there.
pub fn remove_unfinished(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Weights {
        Weights::from([("a.weight".to_string(), HostTensor { shape: vec![2, 1], values: vec![1.5, f32::NAN] })])
    }

    #[test]
    fn written_and_read_again_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        write_weights(&path, &example(), HashMap::from([("step".to_string(), "3".to_string())])).unwrap();
        let read = read_weights(&path, |_| true).unwrap();
        assert_eq!(read["a.weight"].shape, [2, 1]);
        assert_eq!(read["a.weight"].values[0], 1.5);
        assert!(read["a.weight"].values[1].is_nan());
        assert!(read_weights(&path, |name| name.starts_with('b')).unwrap().is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn only_unfinished_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".unfinished-x1", ".hidden", "w"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        remove_unfinished(folder.path()).unwrap();
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert!(left == 2 && !folder.path().join(".unfinished-x1").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_written_file_is_as_readable_as_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_whole(&ours, b"x").unwrap();
        std::fs::write(&plain, b"x").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_damaged_or_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        assert!(read_weights(&path, |_| true).unwrap_err().to_string().contains("w.safetensors"));
        write_weights(&path, &example(), HashMap::new()).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let error = read_weights(&path, |_| true).unwrap_err().to_string();
        assert!(error.contains("not a sound safetensors file"), "{error}");
    }
}
