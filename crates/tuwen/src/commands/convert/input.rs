//! What is converted: weights under our names, and what is known of them.

use std::path::Path;

use tuwen_encoder::{ImportError, Imported, Naming, Weights, import_bert, import_unibert, import_vit};
use tuwen_text::Tokenizer;
use tuwen_train::{Pretrained, Recipe, TrainError, albef, find_recipe, open_pretrained};

use crate::commands::CommandError;

/// Which model it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Albef,
    UniBert,
    Bert,
    Vit,
}

/// Weights under our names.
pub(super) struct Input {
    pub(super) trained: Pretrained,
    pub(super) kind: Kind,
    pub(super) naming: Naming,
    /// As a checkpoint of ours holds them, momentum encoders and queue with them.
    pub(super) ours: Weights,
    /// Names of theirs that have no use here.
    unused: Vec<String>,
    pub(super) recipe: Option<Recipe>,
    pub(super) tokenizer: Option<Tokenizer>,
}

impl Input {
    /// Reads `path`, whatever it is.
    pub(super) fn open(path: &Path) -> Result<Self, CommandError> {
        let trained = open_pretrained(path)?;
        let fault = |source| TrainError::Import { path: trained.file.clone(), source };
        let naming = Naming::of(&trained.weights).ok_or_else(|| fault(unknown(&trained.weights)))?;
        let (kind, imported) = import(&trained, naming).map_err(fault)?;
        let beside = |name: &str| trained.folder.as_ref().map(|folder| folder.join(name)).filter(|path| path.is_file());
        let recipe =
            beside("recipe.toml").map(|path| find_recipe(&path.display().to_string(), &[], &[])).transpose()?;
        let vocabulary = beside("tokenizer.json").or_else(|| beside("vocab.txt"));
        let tokenizer = vocabulary.map(Tokenizer::from_file).transpose()?;
        Ok(Self { ours: imported.weights, unused: imported.unused, trained, kind, naming, recipe, tokenizer })
    }

    /// What was read, in a line.
    pub(super) fn describe(&self) -> String {
        let step = self.trained.step.map_or(String::new(), |step| format!(", step {step}"));
        let (file, count) = (self.trained.file.display(), self.trained.weights.len());
        format!("{file}{step}: {count} tensors with {}", self.naming.describe())
    }

    /// What of the file is not converted.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.unused.is_empty() {
            remarks.push(format!("not used: {}", self.unused.join(", ")));
        }
        if !self.trained.beside.is_empty() {
            let names = self.trained.beside.join(", ");
            remarks.push(format!(
                "beside the weights and not converted: {names}; a run broken off can't be gone on with here"
            ));
        }
        remarks
    }

    /// Layers whose names begin with `prefix`.
    pub(super) fn layers(&self, prefix: &str) -> usize {
        let number = |name: &String| name.strip_prefix(prefix)?.split_once('.')?.0.parse::<usize>().ok();
        self.ours.keys().filter_map(number).max().map_or(0, |last| last + 1)
    }
}

fn unknown(weights: &Weights) -> ImportError {
    ImportError::Unknown { model: "model known here", names: weights.keys().cloned().collect() }
}

fn import(trained: &Pretrained, naming: Naming) -> Result<(Kind, Imported), ImportError> {
    let weights = &trained.weights;
    Ok(match naming {
        Naming::Albef => (Kind::Albef, albef::from_official(weights, &trained.integers)?),
        Naming::UniBert => (Kind::UniBert, import_unibert(weights)?),
        Naming::Bert => (Kind::Bert, import_bert(weights)?),
        Naming::Vit => (Kind::Vit, import_vit(weights)?),
        Naming::Tuwen => {
            let pictures = weights.contains_key("encoder.vision.class_token");
            let ours = Imported { weights: weights.clone(), ..Imported::default() };
            (if pictures { Kind::Albef } else { Kind::UniBert }, ours)
        }
    })
}
