//! An ALBEF with its queue and its momentum encoder, stepped.

use burn::tensor::{Device, IndexingUpdateOp, Tensor};
use serde_json::{Value, json};
use tuwen_encoder::Tape;
use tuwen_itm::negative_uniforms;
use tuwen_ops::{Dropout, Precision};
use tuwen_random::Draws;
use tuwen_train::albef::{self, AlbefState, Batch, NEGATIVE_IMAGES, NEGATIVE_TEXTS, StepInput};
use tuwen_train::{Optimizer, Parameters};

use super::FAILED;
use crate::commands::CommandError;
use crate::commands::bench::exchange::Exchange;
use crate::commands::bench::measured::{Measured, Named, weighted};

/// One step of a run, again and again; dropout and momentum go on.
pub(in crate::commands::bench) struct AlbefSteps {
    pub(in crate::commands::bench) recipe: albef::Recipe,
    pub(in crate::commands::bench) batch: Batch,
    state: Option<AlbefState>,
    optimizer: Optimizer,
    at: u64,
    taken: u64,
}

impl AlbefSteps {
    /// Step `at` of a run of `recipe`.
    pub(in crate::commands::bench) fn new(recipe: albef::Recipe, state: AlbefState, batch: Batch, at: u64) -> Self {
        Self { state: Some(state), optimizer: Optimizer::new(recipe.optimizer.clone()), recipe, batch, at, taken: 0 }
    }

    /// What decides the step.
    pub(in crate::commands::bench) fn input(&self, dropout: Dropout) -> StepInput<'_> {
        self.recipe.step_input(self.at, dropout)
    }

    fn device(&self) -> Device {
        self.batch.input_ids.device()
    }

    /// A label at every position, -100 where nothing is masked, as the other side has it.
    fn labels_everywhere(&self) -> Option<Tensor<2, burn::tensor::Int>> {
        let labels = self.batch.token_labels.as_ref()?;
        let [rows, length] = self.batch.input_ids.dims();
        let everywhere = Tensor::full([rows * length], -100, &self.device());
        let ids = labels.ids.clone() + 100;
        Some(everywhere.scatter(0, labels.rows.clone(), ids, IndexingUpdateOp::Add).reshape([rows, length]))
    }
}

impl Measured for AlbefSteps {
    fn exchange(&self) -> Result<Exchange, CommandError> {
        let Self { recipe, batch, at, .. } = self;
        let state = self.state.as_ref().ok_or(FAILED)?;
        let mut config: Value = serde_json::to_value(recipe)?;
        config["alpha"] = json!(self.input(Dropout::off()).alpha);
        let queue = state.queue.as_ref().ok_or("PyTorch's side has no ALBEF without a queue")?;
        let stage = self.input(Dropout::off()).stage;
        if stage.ita.is_none() || stage.itm.is_none() || stage.mlm.is_none() {
            return Err("PyTorch's side has all three tasks of an ALBEF, or none".into());
        }
        let uniforms =
            |stream| negative_uniforms(batch.len(), &Draws::new(recipe.seed, stream, 0, *at), &self.device());
        let labels = self.labels_everywhere().ok_or("the batch has nothing masked")?;
        Ok(Exchange::new(config)
            .weights(&state.model)
            .floats("pixels", &batch.pixel_values)
            .indices("ids", &batch.input_ids)
            .indices("masked_ids", &batch.masked_ids)
            .flags("mask", &batch.attention_mask)
            .indices("labels", &labels)
            .floats("queue_image", &queue.image())
            .floats("queue_text", &queue.text())
            .floats("image_uniforms", &uniforms(NEGATIVE_IMAGES))
            .floats("text_uniforms", &uniforms(NEGATIVE_TEXTS)))
    }

    /// The momentum encoder follows a model that has not moved: it doesn't either.
    fn check(&mut self) -> Result<Named, CommandError> {
        let mut state = self.state.take().ok_or(FAILED)?;
        let losses =
            Precision::F32.within(|| albef::losses(&mut state, &self.batch, &self.input(Dropout::off()), &Tape::off()));
        self.state = Some(state);
        Ok(weighted(&losses))
    }

    fn step(&mut self) -> Result<f64, CommandError> {
        self.taken += 1;
        let dropout = Dropout::training(self.recipe.seed, self.taken);
        let mut state = self.state.take().ok_or(FAILED)?;
        let parameters = Parameters::of(&state.model);
        let tape = Tape::new(self.recipe.compute.recompute);
        let (total, gradients) = self.recipe.compute.precision.within(|| {
            let losses = albef::losses(&mut state, &self.batch, &self.input(dropout), &tape);
            let total = losses.total().ok_or("no task has anything to predict")?;
            let gradients = parameters.gradients(tape, &total);
            Ok::<_, CommandError>((total, gradients))
        })?;
        self.optimizer.read_along(total);
        let (state, _) = state.advance(&mut self.optimizer, &gradients, 1.0);
        self.state = Some(state);
        Ok(self.optimizer.read()[0])
    }
}
