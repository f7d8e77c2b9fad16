//! Case: ALBEF's pre-training step with momentum encoder, a full queue and three losses, as a recipe has it, against the
//! plain composition of the same step: every pass by itself, the vocabulary at every position.

use std::path::Path;

use burn::tensor::Device;
use serde_json::{Value, json};
use tuwen_ita::{FeatureQueue, Positives, QUEUE_START};
use tuwen_itm::negative_uniforms;
use tuwen_ops::Dropout;
use tuwen_random::Draws;
use tuwen_train::albef::{AlbefPretraining, AlbefState, Assembly, Batch, NEGATIVE_IMAGES, NEGATIVE_TEXTS, Teacher};
use tuwen_train::{Recipe, find_recipe};

use super::exchange::Exchange;
use super::unibert::weighted;
use super::worker::{Measured, Named};
use crate::commands::bench::stepped::AlbefSteps;
use crate::commands::{CommandError, overrides};

/// One step of a run, again and again.
pub(super) struct AlbefStep {
    steps: AlbefSteps,
    at: u64,
    taken: u64,
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
        let mut assembly = Assembly::of(*recipe, root)?;
        assembly.recipe.tasks.positives = Positives::OwnPairOnly; // as the other side has it
        let examples = assembly.training_loader()?.next_batch()?.items;
        let batch = Batch::new(&examples, assembly.text.tokenizer.special_ids().pad, device);
        let state = start(&assembly, device);
        Ok(Self { steps: AlbefSteps::new(assembly.recipe, state, batch), at, taken: 0 })
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
        let AlbefSteps { recipe, batch, .. } = &self.steps;
        let state = self.steps.state()?;
        let device = batch.input_ids.device();
        let mut config: Value = serde_json::to_value(recipe)?;
        config["alpha"] = json!(self.steps.recipe.step_input(self.at, Dropout::off()).alpha);
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
        Ok(weighted(&self.steps.losses(self.at, Dropout::off())?))
    }

    fn step(&mut self) -> Result<f64, CommandError> {
        self.taken += 1;
        self.steps.step(self.at, Dropout::training(self.steps.recipe.seed, self.taken))
    }
}
