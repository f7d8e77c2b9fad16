//! Case: ALBEF's pre-training step with momentum encoder, a full queue and three losses, as a recipe has it, against the
//! plain composition of the same step: every pass by itself, the vocabulary at every position.

use std::path::Path;

use burn::tensor::Device;
use serde_json::{Value, json};
use tuwen_core::Losses;
use tuwen_encoder::Tape;
use tuwen_ita::{FeatureQueue, Positives, QUEUE_START};
use tuwen_itm::negative_uniforms;
use tuwen_ops::Dropout;
use tuwen_random::Draws;
use tuwen_train::albef::{
    AlbefPretraining, AlbefState, Assembly, Batch, NEGATIVE_IMAGES, NEGATIVE_TEXTS, Negatives, StepInput, Teacher,
    losses, stage_at,
};
use tuwen_train::{Optimizer, Recipe, find_recipe};

use super::exchange::Exchange;
use super::unibert::weighted;
use super::worker::{FAILED, Measured, Named};
use crate::commands::{CommandError, overrides};

/// State, batch and optimizer.
pub(super) struct AlbefStep {
    assembly: Assembly,
    state: Option<AlbefState>,
    optimizer: Optimizer,
    batch: Batch,
    at: u64,
    step: u64,
}

impl AlbefStep {
    /// The first batch of `recipe` with these values changed, stepped as step `at` of the run.
    pub(super) fn new(
        recipe: &str,
        set: &[String],
        at: u64,
        root: &Path,
        device: &Device,
    ) -> Result<Self, CommandError> {
        let Recipe::Albef(recipe) = find_recipe(recipe, &[], &overrides(set)?)? else {
            return Err("a case of ALBEF needs a recipe of ALBEF".into());
        };
        let assembly = Assembly::of(*recipe, root)?;
        let examples = assembly.training_loader()?.next_batch()?.items;
        let pad = assembly.text.tokenizer.special_ids().pad;
        Ok(Self {
            state: Some(start(&assembly, device)),
            optimizer: Optimizer::new(assembly.recipe.optimizer.clone()),
            batch: Batch::new(&examples, pad, device),
            assembly,
            at,
            step: 0,
        })
    }

    fn input(&self, dropout: Dropout) -> StepInput<'_> {
        let recipe = &self.assembly.recipe;
        let (stage, inner) = stage_at(&recipe.stages, self.at);
        StepInput {
            stage,
            alpha: stage.alpha(inner),
            momentum: recipe.momentum.rate,
            positives: Positives::OwnPairOnly,
            savings: recipe.savings,
            negatives: Negatives::Drawn { seed: recipe.seed, step: self.at },
            dropout,
        }
    }

    fn losses(&mut self, dropout: Dropout) -> Result<Losses, CommandError> {
        let mut state = self.state.take().ok_or(FAILED)?;
        let losses = losses(&mut state, &self.batch, &self.input(dropout), &Tape::off());
        self.state = Some(state);
        Ok(losses)
    }
}

/// With a queue full of random directions, as the official code starts.
fn start(assembly: &Assembly, device: &Device) -> AlbefState {
    let recipe = &assembly.recipe;
    let model = AlbefPretraining::of(recipe, &device.clone().autodiff());
    let entries = recipe.stages.iter().map(|stage| stage.queue()).max().unwrap_or(0);
    let draws = Draws::new(recipe.seed, QUEUE_START, 0, 0);
    let queue = FeatureQueue::random(entries.max(1), recipe.model.encoder.embedding_size, &draws, device);
    let teacher = Teacher::of(&model);
    AlbefState::from_parts(model, Some(teacher), Some(queue))
}

impl Measured for AlbefStep {
    fn exchange(&self) -> Result<Exchange, CommandError> {
        let (recipe, batch) = (&self.assembly.recipe, &self.batch);
        let state = self.state.as_ref().ok_or(FAILED)?;
        let device = batch.input_ids.device();
        let mut config: Value = serde_json::to_value(recipe)?;
        config["alpha"] = json!(self.input(Dropout::off()).alpha);
        let queue = state.queue.as_ref().ok_or("a case without a queue")?;
        let uniforms = |stream| negative_uniforms(batch.len(), &Draws::new(recipe.seed, stream, 0, self.at), &device);
        let labels = batch.token_labels.as_ref().ok_or("the batch has nothing masked")?;
        // The other side has a label at every position, -100 where nothing is masked.
        let [rows, length] = batch.input_ids.dims();
        let everywhere = burn::tensor::Tensor::full([rows * length], -100, &device);
        let spots =
            everywhere.scatter(0, labels.rows.clone(), labels.ids.clone() + 100, burn::tensor::IndexingUpdateOp::Add);
        Ok(Exchange::new(config)
            .weights(&state.model)
            .floats("pixels", &batch.pixel_values)
            .indices("ids", &batch.input_ids)
            .indices("masked_ids", &batch.masked_ids)
            .flags("mask", &batch.attention_mask)
            .indices("labels", &spots.reshape([rows, length]))
            .floats("queue_image", &queue.image())
            .floats("queue_text", &queue.text())
            .floats("image_uniforms", &uniforms(NEGATIVE_IMAGES))
            .floats("text_uniforms", &uniforms(NEGATIVE_TEXTS)))
    }

    fn check(&mut self) -> Result<Named, CommandError> {
        Ok(weighted(&self.losses(Dropout::off())?))
    }

    fn step(&mut self) -> Result<f64, CommandError> {
        self.step += 1;
        let losses = self.losses(Dropout::training(self.assembly.recipe.seed, self.step))?;
        let total = losses.total().ok_or("no task has anything to predict")?;
        let gradients = total.backward().into();
        let state = self.state.take().ok_or(FAILED)?;
        let (state, _) = state.advance(&mut self.optimizer, &gradients, 1.0);
        self.state = Some(state);
        Ok(f64::from(total.into_scalar::<f32>()))
    }
}
