//! First weights of an ALBEF from elsewhere: a BERT in two halves, a vision transformer, or a whole ALBEF.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tuwen_encoder::albef::TextConfig;
use tuwen_encoder::{
    Imported, Naming, Weights, WeightsError, import_albef, import_bert, import_vit, load_part, shapes_of,
};
use tuwen_recipe::RecipeError;

use super::AlbefPretraining;
use crate::TrainError;
use crate::init::{Beginning, Pretrained, open_pretrained};
use crate::sections::locate;

/// Files with first weights; what none of them gives is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitSection {
    /// A BERT: its lower layers become the text layers, those above the fusion layers without their cross-attention
    /// (ALBEF §3.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<PathBuf>,
    /// A vision transformer; its positions are resized to the recipe's grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vision: Option<PathBuf>,
    /// All weights: a run, a checkpoint or an export of ours, or a file of the official ALBEF.
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
        let paths = [("init.text", &self.text), ("init.vision", &self.vision), ("init.from", &self.from)];
        paths.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?))).collect()
    }

    pub(super) fn locate(&mut self, root: &Path) {
        [&mut self.text, &mut self.vision, &mut self.from].into_iter().flatten().for_each(|path| locate(path, root));
    }

    pub(super) fn check(&self) -> Result<(), RecipeError> {
        if self.from.is_some() && (self.text.is_some() || self.vision.is_some()) {
            let reason = "is given beside `init.text` or `init.vision`, expected alone: it gives all weights";
            return Err(RecipeError::invalid("init.from", reason));
        }
        Ok(())
    }

    /// `model` with the weights of the files, whose stories are told to `report`.
    pub(super) fn fill(
        &self,
        mut model: AlbefPretraining,
        report: &mut dyn FnMut(&str),
    ) -> Result<(AlbefPretraining, Vec<Beginning>), TrainError> {
        let mut beginnings = Vec::new();
        for (key, path) in self.paths() {
            let trained = open_pretrained(path)?;
            beginnings.push(trained.beginning(key)?);
            let (filled, notice) = match key {
                "init.text" => text(model, &trained)?,
                "init.vision" => vision(model, &trained)?,
                _ => whole(model, &trained)?,
            };
            model = filled;
            report(&notice);
        }
        Ok((model, beginnings))
    }
}

type Filled = Result<(AlbefPretraining, String), TrainError>;

fn unfit(trained: &Pretrained) -> impl Fn(WeightsError) -> TrainError {
    let path = trained.file.clone();
    move |source| TrainError::Weights { path: path.clone(), source }
}

fn text(model: AlbefPretraining, trained: &Pretrained) -> Filled {
    let config = model.encoder.config().text.clone();
    let bert = import_bert(&trained.weights).map_err(|source| TrainError::import(&trained.file, source))?;
    let imported = in_halves(bert, &config).fitted(&shapes_of(&model));
    let has_head = imported.weights.contains_key("mlm.bias");
    let needed = |name: &str| {
        let text = ["encoder.text_embeddings.", "encoder.text_layers.", "encoder.fusion_layers."];
        text.iter().any(|prefix| name.starts_with(prefix)) && !name.contains(".cross_")
            || has_head && name.starts_with("mlm.")
    };
    let (below, above) = (config.text_layers, config.text_layers + config.fusion_layers);
    let mut what =
        format!("{below} text layers and {} fusion layers, its layers 0 to {}", config.fusion_layers, above - 1);
    let drawn = if has_head { "cross-attention is drawn" } else { "cross-attention and MLM head are drawn" };
    what += &format!(" ({drawn}),");
    let notice = trained.notice("init.text", &what, &imported);
    Ok((load_part(model, &imported.weights, needed).map_err(unfit(trained))?, notice))
}

/// A BERT's weights under the names of an ALBEF's text side; layers too many are not used.
fn in_halves(bert: Imported, config: &TextConfig) -> Imported {
    let mut halves = Imported { weights: Weights::new(), ..bert };
    for (name, tensor) in bert.weights {
        let place = match name.strip_prefix("layers.").and_then(|rest| rest.split_once('.')) {
            Some((number, rest)) => place(number.parse().unwrap_or(usize::MAX), rest, config),
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

fn place(number: usize, rest: &str, config: &TextConfig) -> Option<String> {
    let above = number.checked_sub(config.text_layers);
    match above {
        None => Some(format!("encoder.text_layers.{number}.{rest}")),
        Some(above) if above < config.fusion_layers => Some(format!("encoder.fusion_layers.{above}.{rest}")),
        Some(_) => None,
    }
}

fn vision(model: AlbefPretraining, trained: &Pretrained) -> Filled {
    let vit = import_vit(&trained.weights).map_err(|source| TrainError::import(&trained.file, source))?;
    let imported = vit.under("encoder.vision.").fitted(&shapes_of(&model));
    let notice = trained.notice("init.vision", "the image encoder", &imported);
    let needed = |name: &str| name.starts_with("encoder.vision.");
    Ok((load_part(model, &imported.weights, needed).map_err(unfit(trained))?, notice))
}

fn whole(model: AlbefPretraining, trained: &Pretrained) -> Filled {
    let imported = if Naming::of(&trained.weights) == Some(Naming::Tuwen) {
        Imported { weights: trained.model(), ..Imported::default() }
    } else {
        import_albef(&trained.weights).map_err(|source| TrainError::import(&trained.file, source))?.0
    };
    let imported = imported.fitted(&shapes_of(&model));
    let notice = trained.notice("init.from", "all weights", &imported);
    Ok((load_part(model, &imported.weights, |_| true).map_err(unfit(trained))?, notice))
}
