//! Where files from elsewhere belong in an ALBEF: a BERT in two halves, a vision transformer, a whole ALBEF.

use tuwen_encoder::albef::TextConfig;
use tuwen_encoder::{Imported, Weights, import_albef, import_bert, import_vit};

use super::AlbefPretraining;
use crate::TrainError;
use crate::placed::Placed;
use crate::pretrained::Pretrained;

/// The keys of `[init]` for its parts.
pub(super) const PARTS: [&str; 2] = ["init.text", "init.vision"];

/// What the file under a key of `[init]` gives to `model`.
pub(super) fn place(key: &str, found: &Pretrained, model: &AlbefPretraining) -> Result<Placed, TrainError> {
    match key {
        "init.text" => text(found, &model.encoder.config().text),
        "init.vision" => vision(found),
        _ => whole(found),
    }
}

fn text(found: &Pretrained, config: &TextConfig) -> Result<Placed, TrainError> {
    let imported = in_halves(found.imported(import_bert)?, config);
    let has_head = imported.weights.contains_key("mlm.bias");
    let needed = move |name: &str| {
        let text = ["encoder.text_embeddings.", "encoder.text_layers.", "encoder.fusion_layers."];
        text.iter().any(|prefix| name.starts_with(prefix)) && !name.contains(".cross_")
            || has_head && name.starts_with("mlm.")
    };
    let (below, above) = (config.text_layers, config.text_layers + config.fusion_layers);
    let layers =
        format!("{below} text layers and {} fusion layers, its layers 0 to {}", config.fusion_layers, above - 1);
    let drawn = if has_head { "cross-attention is drawn" } else { "cross-attention and MLM head are drawn" };
    Ok(Placed { imported, needed: Box::new(needed), what: format!("{layers} ({drawn}),") })
}

/// A BERT's weights under the names of an ALBEF's text side; layers too many are not used.
fn in_halves(bert: Imported, config: &TextConfig) -> Imported {
    let mut halves = Imported { weights: Weights::new(), ..bert };
    for (name, tensor) in bert.weights {
        let place = match name.strip_prefix("layers.").and_then(|rest| rest.split_once('.')) {
            Some((number, rest)) => layer_place(number.parse().unwrap_or(usize::MAX), rest, config),
            None if name == "mlm.decoder.weight" => None, // it is the word table
            None if name.starts_with("mlm.") => Some(name.clone()),
            None => Some(format!("encoder.{name}")),
        };
        match place {
            Some(place) => _ = halves.weights.insert(place, tensor),
            None => halves.unused.push(name),
        }
    }
    halves
}

fn layer_place(number: usize, rest: &str, config: &TextConfig) -> Option<String> {
    let above = number.checked_sub(config.text_layers);
    match above {
        None => Some(format!("encoder.text_layers.{number}.{rest}")),
        Some(above) if above < config.fusion_layers => Some(format!("encoder.fusion_layers.{above}.{rest}")),
        Some(_) => None,
    }
}

fn vision(found: &Pretrained) -> Result<Placed, TrainError> {
    Ok(Placed {
        imported: found.imported(import_vit)?.under("encoder.vision."),
        needed: Box::new(|name| name.starts_with("encoder.vision.")),
        what: "the image encoder".to_string(),
    })
}

fn whole(found: &Pretrained) -> Result<Placed, TrainError> {
    let imported = found.ours_or(|theirs| Ok(import_albef(theirs)?.0))?;
    Ok(Placed { imported, needed: Box::new(|_| true), what: "all weights".to_string() })
}
