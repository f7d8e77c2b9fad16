//! Case: UniBERT's pre-training step with its four tasks, as a recipe has it.

use std::path::Path;

use burn::module::Module as _;
use burn::tensor::Device;
use serde_json::{Value, json};
use tuwen_core::{Losses, Pairing};
use tuwen_itm::{ItmPairing, ItmRule};
use tuwen_ops::Dropout;
use tuwen_train::unibert::{Assembly, Batch, Content, pairing_of};
use tuwen_train::{Recipe, find_recipe};

use super::exchange::Exchange;
use super::worker::{Measured, Named};
use crate::commands::bench::stepped::UniBertSteps;
use crate::commands::{CommandError, overrides};

/// One step of a run, again and again, with the same false pairs.
pub(super) struct UniBertStep {
    steps: UniBertSteps,
    pairing: ItmPairing,
    tags: usize,
    taken: u64,
}

impl UniBertStep {
    /// The first batch of `recipe` with these values changed.
    pub(super) fn new(recipe: &str, set: &[String], root: &Path, device: &Device) -> Result<Self, CommandError> {
        let Recipe::UniBert(recipe) = find_recipe(recipe, &[], &overrides(set)?)? else {
            return Err("a case of UniBERT needs a recipe of UniBERT".into());
        };
        let assembly = Assembly::of(*recipe, root)?;
        let examples = assembly.training_loader()?.next_batch()?.items;
        let batch = Batch::new(&examples, &assembly.shape, device)?;
        let model = assembly.fresh_model(&device.clone().autodiff());
        Ok(Self {
            pairing: pairing_of(ItmRule::Balanced, &batch, assembly.recipe.seed, 0)?,
            tags: assembly.tags.len(),
            steps: UniBertSteps::new(assembly.recipe, model, assembly.plan, batch),
            taken: 0,
        })
    }
}

impl Measured for UniBertStep {
    fn exchange(&self) -> Result<Exchange, CommandError> {
        let UniBertSteps { recipe, batch, .. } = &self.steps;
        let mut config: Value = serde_json::to_value(recipe)?;
        config["tags"] = json!(self.tags);
        let mut case = Exchange::new(config).weights(self.steps.model()?);
        case = view(case, "aligned", &batch.aligned(Content::Masked, Content::Masked));
        let shuffled = batch.shuffled(Content::Clean, Content::Clean, ItmRule::Balanced, &self.pairing);
        case = view(case, "shuffled", &shuffled);
        case = case.floats("matches", &self.pairing.labels(&batch.device()).matches);
        let missing = || "the batch has nothing to predict for one of the tasks";
        let (tokens, frames, tags) = (
            batch.token_labels.as_ref().ok_or_else(missing)?,
            batch.frame_labels.as_ref().ok_or_else(missing)?,
            batch.tag_labels.as_ref().ok_or_else(missing)?,
        );
        case = case.indices("token_rows", &tokens.rows).indices("token_labels", &tokens.ids);
        case = case.indices("frame_rows", &frames.rows).indices("frame_targets", &frames.targets);
        case = case.floats("frames", &frames.frames).flags("twins", frames.twins.as_ref().ok_or_else(missing)?);
        Ok(case.indices("tag_rows", &tags.rows).floats("tag_targets", &tags.targets))
    }

    fn check(&mut self) -> Result<Named, CommandError> {
        let model = self.steps.model()?.valid();
        Ok(weighted(&self.steps.losses(&model, Some(&self.pairing), &Dropout::off())))
    }

    fn step(&mut self) -> Result<f64, CommandError> {
        self.taken += 1;
        let dropout = Dropout::training(self.steps.recipe.seed, self.taken);
        self.steps.step(Some(&self.pairing), &dropout)
    }
}

fn view<P: Pairing>(case: Exchange, name: &str, view: &tuwen_core::ClipTextView<P>) -> Exchange {
    case.indices(&format!("{name}.ids"), &view.input_ids())
        .flags(&format!("{name}.text_mask"), &view.attention_mask())
        .floats(&format!("{name}.frames"), &view.frame_features())
        .flags(&format!("{name}.frame_mask"), &view.frame_mask())
}

/// Losses times their weights.
pub(super) fn weighted(losses: &Losses) -> Named {
    let value = |loss: &tuwen_core::NamedLoss| f64::from(loss.value.clone().into_scalar::<f32>()) * loss.weight;
    losses.iter().map(|loss| (loss.name, value(loss))).collect()
}
