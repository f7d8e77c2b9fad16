//! Embeddings kept in a safetensors file: one tensor `embeddings` `[n, E]`, and in its metadata the model they are of and what
//! each picture was called when it was embedded.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use safetensors::SafeTensors;
use tuwen_encoder::{HostTensor, Weights, write_weights};

use crate::{Index, Model, ModelError};

const TENSOR: &str = "embeddings";
/// Metadata: the model's identity, and a JSON list of name, stamp and, for a picture that can't be read, the reason.
const MODEL: &str = "model";
const PICTURES: &str = "pictures";

/// An embedding or the reason why there is none, by name and stamp.
#[derive(Default)]
pub(crate) struct Kept(BTreeMap<(String, String), Result<Vec<f32>, String>>);

impl Kept {
    pub(crate) fn get(&self, name: &str, stamp: &str) -> Option<&Result<Vec<f32>, String>> {
        self.0.get(&(name.to_string(), stamp.to_string()))
    }

    pub(crate) fn insert(&mut self, name: &str, stamp: &str, row: Result<Vec<f32>, String>) {
        self.0.insert((name.to_string(), stamp.to_string()), row);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What the file holds of this model; nothing where it is another model's, damaged, or not there: it is only a memory of what
/// can be computed again.
pub(crate) fn read(path: &Path, model: &Model) -> Option<Kept> {
    let bytes = std::fs::read(path).ok()?;
    let (_, head) = SafeTensors::read_metadata(&bytes).ok()?;
    let metadata = head.metadata().as_ref()?;
    if metadata.get(MODEL)? != model.identity() {
        return None;
    }
    let pictures: Vec<(String, String, Option<String>)> = serde_json::from_str(metadata.get(PICTURES)?).ok()?;
    let file = SafeTensors::deserialize(&bytes).ok()?;
    let tensor = file.tensor(TENSOR).ok()?;
    let (size, rows) = (model.embedding_size(), pictures.iter().filter(|(_, _, reason)| reason.is_none()).count());
    if tensor.dtype() != safetensors::Dtype::F32 || tensor.shape() != [rows, size] {
        return None;
    }
    let (numbers, _) = tensor.data().as_chunks::<4>();
    let mut rows = numbers.chunks(size.max(1)).map(|row| row.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect());
    let mut kept = Kept::default();
    for (name, stamp, reason) in pictures {
        let row = match reason {
            Some(reason) => Err(reason),
            None => Ok(rows.next()?),
        };
        kept.insert(&name, &stamp, row);
    }
    Some(kept)
}

/// Writes the embeddings of `index`, beside and renamed.
pub(crate) fn write(path: &Path, model: &Model, index: &Index) -> Result<(), ModelError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| ModelError::io(folder, error))?;
    }
    let (kept, size) = (index.kept(), model.embedding_size());
    let list: Vec<_> = kept.0.iter().map(|((name, stamp), row)| (name, stamp, row.as_ref().err())).collect();
    let values: Vec<f32> = kept.0.values().flatten().flatten().copied().collect();
    let pictures = serde_json::to_string(&list).map_err(|error| ModelError::io(path, error.into()))?;
    let tensor = HostTensor { shape: vec![values.len() / size.max(1), size], values };
    let metadata = HashMap::from([(MODEL.to_string(), model.identity().to_string()), (PICTURES.to_string(), pictures)]);
    Ok(write_weights(path, &Weights::from([(TENSOR.to_string(), tensor)]), metadata)?)
}
