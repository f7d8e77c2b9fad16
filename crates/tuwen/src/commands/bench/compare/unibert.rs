//! Case: UniBERT's pre-training step with its four tasks, as a recipe has it.

use std::path::Path;

use burn::tensor::Device;
use tuwen_train::unibert::{Assembly, Batch};
use tuwen_train::{Recipe, find_recipe};

use crate::commands::bench::stepped::UniBertSteps;
use crate::commands::{CommandError, overrides};

/// The first batch of `recipe` with these values changed.
pub(super) fn unibert(
    recipe: &str,
    set: &[String],
    root: &Path,
    device: &Device,
) -> Result<UniBertSteps, CommandError> {
    let Recipe::UniBert(recipe) = find_recipe(recipe, &[], &overrides(set)?)? else {
        return Err("a case of UniBERT needs a recipe of UniBERT".into());
    };
    let assembly = Assembly::of(*recipe, root)?;
    let examples = assembly.training_loader()?.next_batch()?.items;
    let batch = Batch::new(&examples, &assembly.shape, device)?;
    let model = assembly.fresh_model(&device.clone().autodiff());
    UniBertSteps::new(assembly.recipe, model, batch, assembly.tags.len())
}
