//! Reads and writes files of weights, safetensors and PyTorch's, with nothing executed, and renames what is in them.
//!
//! A file is a list of named tensors, whoever wrote it; [`NameTable`] translates between two systems' names.
//!
//! ```
//! use tuwen_weights::{HostTensor, Weights, open_weights, write_weights};
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("model.safetensors");
//! let bias = HostTensor { shape: vec![2], values: vec![0.5, -1.0] };
//! write_weights(&path, &Weights::from([("bias".to_string(), bias)]), Default::default())?;
//! assert_eq!(open_weights(&path)?.weights["bias"].values, [0.5, -1.0]); // a `.pth` is opened alike
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod files;
mod names;
mod saved;
mod tensor;
mod torch;

pub use files::{WeightsFileError, read_weights, remove_unfinished, write_tensors, write_weights, write_whole};
pub use names::{NameRow, NameTable, Transform};
pub use saved::{Saved, open_weights};
pub use tensor::{HostIntegers, HostTensor, Integers, Weights};
pub use torch::TorchError;
