//! Case: UniBERT's pre-training step with its four tasks, as a recipe has it.

use std::path::Path;

use burn::module::Module as _;
use burn::tensor::Device;
use serde_json::{Value, json};
use tuwen_core::{Losses, Pairing};
use tuwen_encoder::Tape;
use tuwen_itm::{ItmPairing, ItmRule};
use tuwen_ops::Dropout;
use tuwen_train::unibert::{Assembly, Batch, Content, UniBertPretraining, encode, losses, pairing_of};
use tuwen_train::{Optimizer, Recipe, find_recipe};

use super::exchange::Exchange;
use super::worker::{FAILED, Measured, Named};
use crate::commands::{CommandError, overrides};

/// Model, batch and optimizer.
pub(super) struct UniBertStep {
    assembly: Assembly,
    model: Option<UniBertPretraining>,
    optimizer: Optimizer,
    batch: Batch,
    pairing: ItmPairing,
    step: u64,
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
        Ok(Self {
            model: Some(assembly.fresh_model(&device.clone().autodiff())),
            optimizer: Optimizer::new(assembly.recipe.optimizer.clone()),
            pairing: pairing_of(ItmRule::Balanced, &batch, assembly.recipe.seed, 0)?,
            assembly,
            batch,
            step: 0,
        })
    }

    fn model(&self) -> Result<&UniBertPretraining, CommandError> {
        self.model.as_ref().ok_or_else(|| FAILED.into())
    }

    fn losses(&self, model: &UniBertPretraining, dropout: &Dropout) -> Losses {
        let states = encode((model, &Tape::off()), &self.batch, &self.assembly.plan, Some(&self.pairing), dropout);
        losses(model, &self.batch, &states, &self.assembly.recipe.tasks)
    }
}

impl Measured for UniBertStep {
    fn exchange(&self) -> Result<Exchange, CommandError> {
        let (recipe, batch) = (&self.assembly.recipe, &self.batch);
        let mut config: Value = serde_json::to_value(recipe)?;
        config["tags"] = json!(self.assembly.tags.len());
        let mut case = Exchange::new(config).weights(self.model()?);
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
        Ok(weighted(&self.losses(&self.model()?.valid(), &Dropout::off())))
    }

    fn step(&mut self) -> Result<f64, CommandError> {
        self.step += 1;
        let model = self.model.take().ok_or(FAILED)?;
        let losses = self.losses(&model, &Dropout::training(self.assembly.recipe.seed, self.step));
        let total = losses.total().ok_or("no task has anything to predict")?;
        let gradients = total.backward().into();
        let (model, _) = self.optimizer.step(model, &gradients, 1.0);
        self.model = Some(model);
        Ok(f64::from(total.into_scalar::<f32>()))
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
