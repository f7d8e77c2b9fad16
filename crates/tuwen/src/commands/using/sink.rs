//! Where embeddings go: JSON lines as they come, or a safetensors file at the end.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tuwen_encoder::{HostTensor, Weights, write_weights};
use tuwen_model::ModelError;

use super::CommandError;

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    embedding: &'a [f32],
}

/// Takes names with their embeddings.
pub(super) enum Sink {
    /// `{"name": …, "embedding": […]}`, a line each.
    Lines(PathBuf, Box<dyn Write>),
    /// One tensor `embeddings` `[n, E]`; the names stand in the metadata, as a JSON list.
    Tensors { path: PathBuf, names: Vec<String>, values: Vec<f32> },
}

impl Sink {
    /// By the ending of `path`; `-` is the standard output.
    pub(super) fn to(path: &Path) -> Result<Self, CommandError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        Ok(match ending.as_deref() {
            _ if path.as_os_str() == "-" => Self::Lines(PathBuf::from("standard output"), Box::new(io::stdout())),
            Some("safetensors") => Self::Tensors { path: path.to_path_buf(), names: Vec::new(), values: Vec::new() },
            Some("jsonl") => {
                let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
                Self::Lines(path.to_path_buf(), Box::new(BufWriter::new(file)))
            }
            _ => {
                return Err(
                    format!("{}: expected a name that ends in `.safetensors` or `.jsonl`", path.display()).into()
                );
            }
        })
    }

    pub(super) fn take(&mut self, name: &str, embedding: &[f32]) -> Result<(), CommandError> {
        match self {
            Self::Lines(path, out) => writeln!(out, "{}", serde_json::to_string(&Line { name, embedding })?)
                .map_err(|error| format!("{}: {error}", path.display()).into()),
            Self::Tensors { names, values, .. } => {
                names.push(name.to_string());
                values.extend_from_slice(embedding);
                Ok(())
            }
        }
    }

    /// Brings all of it to its place.
    pub(super) fn finish(self) -> Result<(), CommandError> {
        match self {
            Self::Lines(path, mut out) => out.flush().map_err(|error| format!("{}: {error}", path.display()).into()),
            Self::Tensors { path, names, values } => {
                let shape = vec![names.len(), values.len() / names.len().max(1)];
                let metadata = HashMap::from([("names".to_string(), serde_json::to_string(&names)?)]);
                let tensors = Weights::from([("embeddings".to_string(), HostTensor { shape, values })]);
                Ok(write_weights(&path, &tensors, metadata).map_err(ModelError::from)?)
            }
        }
    }
}
