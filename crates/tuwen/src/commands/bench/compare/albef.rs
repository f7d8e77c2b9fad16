//! Case: ALBEF's pre-training step with momentum encoder, a full queue and three losses, as a recipe has it, against the
//! plain composition of the same step: every pass by itself, the vocabulary at every position.

use std::path::Path;

use burn::tensor::Device;
use tuwen_ita::Positives;
use tuwen_train::albef::recipe::QueueStart;
use tuwen_train::albef::{AlbefState, Assembly, Batch};
use tuwen_train::{Recipe, find_recipe};

use crate::commands::bench::stepped::AlbefSteps;
use crate::commands::{CommandError, overrides};

/// The first batch of `recipe` with these values changed, stepped as step `at` of the run.
pub(super) fn albef(
    recipe: &str,
    set: &[String],
    at: u64,
    root: &Path,
    device: &Device,
) -> Result<AlbefSteps, CommandError> {
    let Recipe::Albef(recipe) = find_recipe(recipe, &[], &overrides(set)?)? else {
        return Err("a case of ALBEF needs a recipe of ALBEF".into());
    };
    let mut assembly = Assembly::of(*recipe, root)?;
    assembly.recipe.tasks.positives = Positives::OwnPairOnly; // as the other side has it
    assembly.recipe.momentum.queue_start = QueueStart::Seed; // full, as the official code starts
    let examples = assembly.training_loader()?.next_batch()?.items;
    let batch = Batch::new(&examples, assembly.text.tokenizer.special_ids().pad, device);
    let state = AlbefState::start(&assembly.recipe, &device.clone().autodiff());
    Ok(AlbefSteps::new(assembly.recipe, state, batch, at))
}
