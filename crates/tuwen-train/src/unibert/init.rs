//! Where files from elsewhere belong in a UniBERT: a BERT, a whole UniBERT.

use tuwen_encoder::{HostTensor, Imported, Weights, import_bert, import_unibert, shapes_of};

use super::UniBertPretraining;
use crate::TrainError;
use crate::placed::Placed;
use crate::pretrained::Pretrained;

/// The key of `[init]` for its part.
pub(super) const PARTS: [&str; 1] = ["init.encoder"];

/// What the file under a key of `[init]` gives to `model`.
pub(super) fn place(key: &str, found: &Pretrained, model: &UniBertPretraining) -> Result<Placed, TrainError> {
    if key == "init.encoder" { encoder(found, model) } else { whole(found) }
}

fn encoder(found: &Pretrained, model: &UniBertPretraining) -> Result<Placed, TrainError> {
    let layers = shapes_of(&model.encoder).keys().filter_map(|name| layer_of(name)).max().map_or(0, |last| last + 1);
    let imported = in_place(found.imported(import_bert)?, layers, model.mlm.is_some());
    let has_head = imported.weights.contains_key("mlm.decoder.bias");
    let needed = move |name: &str| {
        let text = ["encoder.text_embeddings.", "encoder.layers."];
        text.iter().any(|prefix| name.starts_with(prefix)) || has_head && name.starts_with("mlm.")
    };
    let drawn = if has_head || model.mlm.is_none() {
        "frames' embeddings are drawn"
    } else {
        "frames' embeddings and MLM head are drawn"
    };
    let what = format!("word embeddings and {layers} layers ({drawn})");
    Ok(Placed { imported, needed: Box::new(needed), what })
}

fn layer_of(name: &str) -> Option<usize> {
    name.strip_prefix("layers.")?.split_once('.')?.0.parse().ok()
}

/// A BERT's weights under a UniBERT's names. Its decoder, where the file leaves it out, is the word table.
fn in_place(bert: Imported, layers: usize, head: bool) -> Imported {
    let mut placed = Imported { weights: Weights::new(), ..bert };
    let tied = bert.weights.get("text_embeddings.word.weight").map(transposed);
    for (name, tensor) in bert.weights {
        let place = match layer_of(&name) {
            Some(number) => (number < layers).then(|| format!("encoder.{name}")),
            None if !name.starts_with("mlm.") => Some(format!("encoder.{name}")),
            None if !head => None,
            None if name == "mlm.bias" => Some("mlm.decoder.bias".to_string()),
            None => Some(name.clone()),
        };
        match place {
            Some(place) => _ = placed.weights.insert(place, tensor),
            None => placed.unused.push(name),
        }
    }
    if let Some(table) = tied.filter(|_| placed.weights.contains_key("mlm.decoder.bias")) {
        placed.weights.entry("mlm.decoder.weight".to_string()).or_insert(table);
    }
    placed
}

fn transposed(table: &HostTensor) -> HostTensor {
    let [rows, columns] = table.shape[..] else { return table.clone() };
    let values = (0..columns).flat_map(|c| (0..rows).map(move |r| table.values[r * columns + c])).collect();
    HostTensor { shape: vec![columns, rows], values }
}

fn whole(found: &Pretrained) -> Result<Placed, TrainError> {
    let imported = found.ours_or(import_unibert)?;
    Ok(Placed { imported, needed: Box::new(|_| true), what: "all weights".to_string() })
}
