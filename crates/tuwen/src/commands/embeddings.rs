//! Embeddings as files: safetensors, or JSON as the QQ competition asked for them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use half::f16;
use tuwen_encoder::{HostTensor, Weights, write_weights, write_whole};
use tuwen_train::TrainError;

use super::CommandError;

/// Writes a row for each id. A file that ends in `.safetensors` holds the tensor `embeddings` `[rows, width]` and the ids as a
/// JSON list in its metadata; one that ends in `.json` an object from id to a list of float16. Errors: another ending, rows of
/// different lengths, a file that can't be written.
pub(super) fn write_embeddings(path: &Path, ids: &[String], rows: &[&[f32]]) -> Result<(), CommandError> {
    let width = rows.first().map_or(0, |row| row.len());
    if ids.len() != rows.len() || rows.iter().any(|row| row.len() != width) {
        return Err(format!("{} ids and {} rows of different lengths", ids.len(), rows.len()).into());
    }
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("safetensors") => {
            let tensor = HostTensor { shape: vec![rows.len(), width], values: rows.concat() };
            let metadata = HashMap::from([("ids".to_string(), serde_json::to_string(ids)?)]);
            write_weights(path, &Weights::from([("embeddings".to_string(), tensor)]), metadata)?;
        }
        Some("json") => {
            write_whole(path, half_json(ids, rows)?.as_bytes()).map_err(|error| TrainError::io(path, error))?;
        }
        _ => return Err(format!("{}: expected a file that ends in `.safetensors` or `.json`", path.display()).into()),
    }
    Ok(())
}

/// `{"id": [0.5, …], …}`, a line an id; the numbers are those of float16, written out in full as Python does.
fn half_json(ids: &[String], rows: &[&[f32]]) -> Result<String, CommandError> {
    let mut text = String::from("{");
    for (number, (id, row)) in ids.iter().zip(rows).enumerate() {
        let values: Vec<String> = row.iter().map(|&value| format!("{:?}", f16::from_f32(value).to_f64())).collect();
        let comma = if number > 0 { "," } else { "" };
        write!(text, "{comma}\n{}: [{}]", serde_json::to_string(id)?, values.join(", "))?;
    }
    Ok(text + "\n}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuwen_encoder::read_weights;

    #[test]
    fn both_forms_hold_the_rows_under_their_ids() {
        let folder = tempfile::tempdir().unwrap();
        let ids = ["7".to_string(), "a\"b".to_string()];
        let rows: [&[f32]; 2] = [&[0.1, 1.0], &[-2.0, 0.0]];
        let (tensors, json) = (folder.path().join("e.safetensors"), folder.path().join("e.json"));
        write_embeddings(&tensors, &ids, &rows).unwrap();
        assert_eq!(read_weights(&tensors, |_| true).unwrap()["embeddings"].values, [0.1, 1.0, -2.0, 0.0]);
        write_embeddings(&json, &ids, &rows).unwrap();
        let read: HashMap<String, Vec<f64>> = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        // 0.1 as float16 is 1638/16384.
        assert_eq!((read["7"].clone(), read["a\"b"].clone()), (vec![0.0999755859375, 1.0], vec![-2.0, 0.0]));
        let error = write_embeddings(&folder.path().join("e.npy"), &ids, &rows).unwrap_err().to_string();
        assert!(error.ends_with("expected a file that ends in `.safetensors` or `.json`"), "{error}");
    }
}
