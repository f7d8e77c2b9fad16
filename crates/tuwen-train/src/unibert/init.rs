//! First weights of a UniBERT from elsewhere: a BERT, or a whole UniBERT.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tuwen_encoder::{
    HostTensor, Imported, Naming, Weights, WeightsError, import_bert, import_unibert, load_part, shapes_of,
};
use tuwen_recipe::RecipeError;

use super::UniBertPretraining;
use crate::TrainError;
use crate::init::{Beginning, Pretrained, open_pretrained};
use crate::sections::locate;

/// Files with first weights; what none of them gives is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitSection {
    /// A BERT: word embeddings, all layers, and its MLM head if MLM is trained. What reads frames is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<PathBuf>,
    /// All weights: a run, a checkpoint or an export of ours, or a file of the QQ reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
}

impl InitSection {
    /// Whether everything is drawn.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Its paths with their keys.
    pub(crate) fn paths(&self) -> Vec<(&'static str, &Path)> {
        let paths = [("init.encoder", &self.encoder), ("init.from", &self.from)];
        paths.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?))).collect()
    }

    pub(super) fn locate(&mut self, root: &Path) {
        [&mut self.encoder, &mut self.from].into_iter().flatten().for_each(|path| locate(path, root));
    }

    pub(super) fn check(&self) -> Result<(), RecipeError> {
        if self.from.is_some() && self.encoder.is_some() {
            let reason = "is given beside `init.encoder`, expected alone: it gives all weights";
            return Err(RecipeError::invalid("init.from", reason));
        }
        Ok(())
    }

    /// `model` with the weights of the file, whose story is told to `report`.
    pub(super) fn fill(
        &self,
        mut model: UniBertPretraining,
        report: &mut dyn FnMut(&str),
    ) -> Result<(UniBertPretraining, Vec<Beginning>), TrainError> {
        let mut beginnings = Vec::new();
        for (key, path) in self.paths() {
            let trained = open_pretrained(path)?;
            beginnings.push(trained.beginning(key)?);
            let (filled, notice) =
                if key == "init.encoder" { encoder(model, &trained)? } else { whole(model, &trained)? };
            model = filled;
            report(&notice);
        }
        Ok((model, beginnings))
    }
}

type Filled = Result<(UniBertPretraining, String), TrainError>;

fn unfit(trained: &Pretrained) -> impl Fn(WeightsError) -> TrainError {
    let path = trained.file.clone();
    move |source| TrainError::Weights { path: path.clone(), source }
}

fn encoder(model: UniBertPretraining, trained: &Pretrained) -> Filled {
    let bert = import_bert(&trained.weights).map_err(|source| TrainError::import(&trained.file, source))?;
    let layers = shapes_of(&model.encoder).keys().filter_map(|name| layer_of(name)).max().map_or(0, |last| last + 1);
    let imported = in_place(bert, layers, model.mlm.is_some()).fitted(&shapes_of(&model));
    let has_head = imported.weights.contains_key("mlm.decoder.bias");
    let needed = |name: &str| {
        let text = ["encoder.text_embeddings.", "encoder.layers."];
        text.iter().any(|prefix| name.starts_with(prefix)) || has_head && name.starts_with("mlm.")
    };
    let drawn = if has_head || model.mlm.is_none() {
        "frames' embeddings are drawn"
    } else {
        "frames' embeddings and MLM head are drawn"
    };
    let what = format!("word embeddings and {layers} layers ({drawn})");
    let notice = trained.notice("init.encoder", &what, &imported);
    Ok((load_part(model, &imported.weights, needed).map_err(unfit(trained))?, notice))
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

fn whole(model: UniBertPretraining, trained: &Pretrained) -> Filled {
    let imported = if Naming::of(&trained.weights) == Some(Naming::Tuwen) {
        Imported { weights: trained.model(), ..Imported::default() }
    } else {
        import_unibert(&trained.weights).map_err(|source| TrainError::import(&trained.file, source))?
    };
    let notice = trained.notice("init.from", "all weights", &imported);
    Ok((load_part(model, &imported.weights, |_| true).map_err(unfit(trained))?, notice))
}
