//! `[init]`: the files whose weights a run begins with, and what is remembered of them.

use std::path::{Path, PathBuf};

use burn::module::Module;
use serde::{Deserialize, Serialize};
use tuwen_recipe::RecipeError;

use crate::TrainError;
use crate::manifest::sha256;
use crate::placed::Placed;
use crate::pretrained::{Pretrained, open_pretrained};
use crate::sections::locate;

/// Files with first weights; what none of them gives is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitSection {
    /// For an ALBEF, a BERT: its lower layers become the text layers, those above the fusion layers without their
    /// cross-attention (ALBEF §3.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<PathBuf>,
    /// For an ALBEF, a vision transformer; its positions are resized to the recipe's grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vision: Option<PathBuf>,
    /// For a UniBERT, a BERT: word embeddings, all layers, and its MLM head if MLM is trained. What reads frames is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoder: Option<PathBuf>,
    /// All weights: a run, a checkpoint or an export of ours, or a file of the reference. A downstream or own task takes
    /// what bears the names of its model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
}

/// A file that a run began with, as `run.json` remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// The recipe's key, such as `init.text`.
    pub key: String,
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

const FROM: &str = "init.from";

impl InitSection {
    /// All weights from `path`.
    pub fn all_from(path: impl Into<PathBuf>) -> Self {
        Self { from: Some(path.into()), ..Self::default() }
    }

    /// Whether everything is drawn.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Its paths with their keys.
    pub(crate) fn paths(&self) -> Vec<(&'static str, &Path)> {
        let Self { text, vision, encoder, from } = self;
        let paths = [("init.text", text), ("init.vision", vision), ("init.encoder", encoder), (FROM, from)];
        paths.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?))).collect()
    }

    /// Puts `root` before relative paths that don't exist where the program runs.
    pub(crate) fn locate(&mut self, root: &Path) {
        let Self { text, vision, encoder, from } = self;
        [text, vision, encoder, from].into_iter().flatten().for_each(|path| locate(path, root));
    }

    /// Refuses files for parts that the model hasn't: it has `parts`, by their keys.
    pub(crate) fn check(&self, parts: &[&str]) -> Result<(), RecipeError> {
        let given: Vec<&str> = self.paths().into_iter().map(|(key, _)| key).filter(|key| *key != FROM).collect();
        if let Some(key) = given.iter().find(|key| !parts.contains(key)) {
            let known = parts.iter().chain(&[FROM]).map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" or ");
            return Err(RecipeError::invalid(*key, format!("is a part that this model hasn't, expected {known}")));
        }
        match (&self.from, given.first()) {
            (Some(_), Some(key)) => {
                let reason = format!("is given beside `{key}`, expected alone: it gives all weights");
                Err(RecipeError::invalid(FROM, reason))
            }
            _ => Ok(()),
        }
    }

    /// `model` with the weights of the files, which `place` puts where they belong; their stories are told to `report`.
    pub(crate) fn fill<M: Module>(
        &self,
        mut model: M,
        place: impl Fn(&str, &Pretrained, &M) -> Result<Placed, TrainError>,
        report: &mut dyn FnMut(&str),
    ) -> Result<(M, Vec<Beginning>), TrainError> {
        let mut beginnings = Vec::new();
        for (key, path) in self.paths() {
            let found = open_pretrained(path)?;
            beginnings.push(Beginning::of(key, &found.file)?);
            let placed = place(key, &found, &model)?;
            let (filled, taken) = placed.load_into(model).map_err(|source| found.unfit(source))?;
            model = filled;
            let beside = match found.beside.is_empty() {
                true => String::new(),
                false => format!("; beside the weights and not taken over: {}", found.beside.join(", ")),
            };
            report(&format!("`{key}`: {}{beside}", taken.story(&found.file)));
        }
        Ok((model, beginnings))
    }
}

impl Beginning {
    fn of(key: &str, path: &Path) -> Result<Self, TrainError> {
        let bytes = std::fs::read(path).map_err(|error| TrainError::io(path, error))?;
        let (path, sha256) = (path.to_path_buf(), sha256(&bytes));
        Ok(Self { key: key.to_string(), path, bytes: bytes.len() as u64, sha256 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_for_a_part_that_the_model_has_not_is_refused_with_those_it_has() {
        let section = InitSection { text: Some("bert".into()), ..InitSection::default() };
        assert!(section.check(&["init.text", "init.vision"]).is_ok());
        let error = section.check(&["init.encoder"]).unwrap_err().to_string();
        assert!(
            error.ends_with("`init.text` is a part that this model hasn't, expected `init.encoder` or `init.from`"),
            "{error}"
        );
        let both = InitSection { from: Some("run".into()), ..section };
        let error = both.check(&["init.text"]).unwrap_err().to_string();
        assert!(
            error.ends_with("`init.from` is given beside `init.text`, expected alone: it gives all weights"),
            "{error}"
        );
        assert!(InitSection::all_from("run").check(&[]).is_ok());
    }
}
