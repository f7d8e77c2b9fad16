//! UniBERT as the training loop drives it.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use tuwen_core::Losses;
use tuwen_data::{Fingerprint, Loader};
use tuwen_encoder::{Tape, Weights, WeightsError, frozen, load_weights, weights_of};
use tuwen_health::{Facts, HealthConfig};
use tuwen_ops::Dropout;

use super::{Assembly, Batch, Example, UniBertPretraining, encode, evaluate, init, losses, pairing_of};
use crate::architecture::{Architecture, LoopSettings};
use crate::gradients::ModelGradients;
use crate::init::Beginning;
use crate::optimizer::{Optimizer, StepOutcome};
use crate::samples::Samples;
use crate::{Evaluation, TrainError};

impl Architecture for Assembly {
    type Example = Example;
    type Heldout = Vec<Vec<Example>>;
    type Model = UniBertPretraining;
    type State = UniBertPretraining;

    fn settings(&self) -> LoopSettings<'_> {
        let recipe = &self.recipe;
        LoopSettings {
            name: &recipe.name,
            batch_size: recipe.data.loader.batch_size,
            optimizer: &recipe.optimizer,
            schedule: &recipe.schedule,
            evaluate_every: recipe.evaluation.every,
            checkpoint: &recipe.checkpoint,
            compute: &recipe.compute,
        }
    }

    fn records(&self) -> [usize; 2] {
        [self.train.len(), self.heldout.len()]
    }

    fn companions(&self) -> Result<Vec<(&'static str, String)>, TrainError> {
        self.files()
    }

    fn plan(&self) -> String {
        self.plan.to_string()
    }

    fn health(&self) -> (HealthConfig, Facts) {
        (self.recipe.health, self.facts())
    }

    fn loader(&self) -> Result<Loader<Example>, TrainError> {
        self.training_loader()
    }

    fn heldout(&self, report: &mut dyn FnMut(&str)) -> Result<Self::Heldout, TrainError> {
        self.heldout_batches(report)
    }

    fn start(&self, device: &Device) -> UniBertPretraining {
        frozen(self.fresh_model(device), &self.recipe.optimizer.frozen)
    }

    fn begin_with(
        &self,
        model: UniBertPretraining,
        report: &mut dyn FnMut(&str),
    ) -> Result<(UniBertPretraining, Vec<Beginning>), TrainError> {
        self.recipe.init.fill(model, init::place, report)
    }

    fn save(&self, model: &UniBertPretraining) -> Weights {
        weights_of(model)
    }

    fn restore(&self, model: UniBertPretraining, saved: &Weights) -> Result<UniBertPretraining, WeightsError> {
        load_weights(model, saved)
    }

    fn model<'s>(&self, model: &'s UniBertPretraining) -> &'s UniBertPretraining {
        model
    }

    fn losses<'a>(
        &self,
        model: &'a mut UniBertPretraining,
        examples: &[Example],
        step: u64,
        tape: &Tape<'a>,
    ) -> Result<Losses, TrainError> {
        let recipe = &self.recipe;
        let device = model.projection.weight.val().device().inner();
        let batch = Batch::new(examples, &self.shape, &device)?;
        let rule = recipe.tasks.itm.as_ref().map(|itm| itm.pairing);
        let pairing = rule.map(|rule| pairing_of(rule, &batch, recipe.seed, step)).transpose()?;
        let dropout = Dropout::training(recipe.seed, step);
        let states = encode((model, tape), &batch, &self.plan, pairing.as_ref(), &dropout);
        let mut losses = losses(model, &batch, &states, &recipe.tasks);
        self.observe_masking(&mut losses, examples, &device);
        Ok(losses)
    }

    fn advance(
        &self,
        model: UniBertPretraining,
        optimizer: &mut Optimizer,
        gradients: &ModelGradients,
        factor: f64,
    ) -> (UniBertPretraining, StepOutcome) {
        optimizer.step(model, gradients, factor)
    }

    fn evaluate(
        &self,
        model: &UniBertPretraining,
        heldout: &Self::Heldout,
        _step: u64,
    ) -> Result<Evaluation, TrainError> {
        let device = model.projection.weight.val().device();
        let what = (&self.recipe.tasks, &self.plan.for_evaluation(), self.recipe.seed);
        evaluate(model, heldout, &self.shape, what, &device)
    }

    fn samples(
        &self,
        model: &UniBertPretraining,
        heldout: &Self::Heldout,
        step: u64,
        folder: &Path,
    ) -> Result<Samples, TrainError> {
        let device = model.projection.weight.val().device();
        self.samples_of(model, heldout, (step, folder), &device)
    }

    fn fingerprints(&self) -> Result<Vec<(&'static str, Fingerprint)>, TrainError> {
        self.recipe.data.fingerprints()
    }

    fn draw(&self, _: &UniBertPretraining, _: &Self::Heldout, _: &Path) -> Result<Vec<PathBuf>, TrainError> {
        Ok(Vec::new())
    }
}
