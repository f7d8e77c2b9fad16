//! A recipe with every shape a schema may have, for the tests of the whole crate.

mod layers;
mod messages;
mod messages_tagged;
mod mutations;
mod overrides;
mod round_trip;
mod types;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use crate::{Override, RecipeError, parse};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recipe {
    pub(super) seed: u64,
    #[serde(default)]
    pub(super) compat: Compat,
    pub(super) data: Data,
    pub(super) optimizer: Optimizer,
    #[serde(default)]
    pub(super) tasks: BTreeMap<String, Task>,
    #[serde(default)]
    pub(super) stages: Vec<Stage>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Compat {
    #[default]
    Corrected,
    Seed,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Data {
    pub(super) batch_size: NonZeroUsize,
    #[serde(default)]
    pub(super) workers: u8,
    pub(super) mean: Option<[f32; 3]>,
    #[serde(default)]
    pub(super) files: Vec<String>,
    #[serde(default)]
    pub(super) shuffle: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Optimizer {
    AdamW { lr: f64, betas: (f64, f64), groups: Vec<Group> },
    Sgd { lr: f64, momentum: Option<f64> },
    Frozen,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) pattern: String,
    pub(super) lr: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Task {
    pub(super) weight: f32,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stage {
    Warm,
    Train(usize),
    Cool { epochs: usize },
}

/// A valid recipe; its lines are what the expectations count.
pub(super) const TEXT: &str = r#"seed = 42
[data]
batch_size = 32 # pairs
mean = [0.5, 0.5, 1]
[optimizer]
kind = "adamw"
lr = 1
betas = [0.9, 0.999]
[[optimizer.groups]]
pattern = "text.*"
lr = 1e-4
[[optimizer.groups]]
pattern = "vision.*"
lr = 1e-5
[tasks.mlm]
weight = 0.5
"#;

/// The recipe `text` with `--set` texts.
pub(super) fn read(text: &str, sets: &[&str]) -> Result<Recipe, RecipeError> {
    let sets: Vec<Override> = sets.iter().map(|set| Override::parse(set)).collect::<Result<_, _>>()?;
    parse("x.toml", text, &sets)
}

/// The message for [`TEXT`] with `from` replaced by `to`.
pub(super) fn message(from: &str, to: &str) -> String {
    assert!(TEXT.contains(from), "{from} is not in the text");
    read(&TEXT.replacen(from, to, 1), &[]).unwrap_err().to_string()
}

/// The message for [`TEXT`] with one `--set`.
pub(super) fn set_message(set: &str) -> String {
    read(TEXT, &[set]).unwrap_err().to_string()
}
