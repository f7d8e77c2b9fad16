//! An own task as the training loop drives it.

use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};

use burn::module::Module;
use burn::tensor::Device;
use tuwen_core::Losses;
use tuwen_data::{Fingerprint, Loader};
use tuwen_encoder::{
    Imported, Naming, Tape, Weights, WeightsError, frozen, import_albef, import_unibert, load_weights, weights_of,
};

use super::assemble::own;
use super::{Answers, Assembly, Objective, Pass, Tally};
use crate::architecture::{Architecture, LoopSettings};
use crate::gradients::ModelGradients;
use crate::init::Beginning;
use crate::optimizer::{Optimizer, StepOutcome};
use crate::placed::Placed;
use crate::pretrained::Pretrained;
use crate::result::{answered_samples, write_result};
use crate::samples::Samples;
use crate::{Evaluation, Purpose, TrainError};

/// What stands before the names of what is beside the model.
const BESIDE: &str = "beside.";

/// All that moves in a run of an objective.
pub struct State<O: Objective> {
    /// What is trained.
    pub model: O::Model,
    /// What follows it.
    pub beside: O::Beside,
}

/// Where a model is, outside of autodiff.
fn device_of(model: &impl Module) -> Device {
    model.devices().into_iter().next().map_or_else(Device::flex, Device::inner)
}

/// Weights of any model known here under our names, and those of an own task as they are.
fn ours(found: &Pretrained) -> Result<Imported, TrainError> {
    match Naming::of(&found.weights) {
        Some(Naming::Albef) => found.imported(|theirs| Ok(import_albef(theirs)?.0)),
        Some(Naming::UniBert) => found.imported(import_unibert),
        _ => Ok(Imported { weights: found.model(), ..Imported::default() }),
    }
}

impl<O: Objective> Assembly<O> {
    /// What the last test answered. A panic of another thread while it was held costs the examples, not the run.
    fn latest(&self) -> MutexGuard<'_, Option<Answers>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Objective> Architecture for Assembly<O> {
    type Example = O::Example;
    type Heldout = Vec<Vec<O::Example>>;
    type Model = O::Model;
    type State = State<O>;

    fn settings(&self) -> LoopSettings<'_> {
        let recipe = &self.recipe;
        LoopSettings {
            name: &recipe.name,
            batch_size: recipe.loader.batch_size,
            optimizer: &recipe.optimizer,
            schedule: &recipe.schedule,
            evaluate_every: recipe.evaluation.every,
            checkpoint: &recipe.checkpoint,
            compute: &recipe.compute,
        }
    }

    fn records(&self) -> [usize; 2] {
        [Purpose::Training, Purpose::Evaluation].map(|purpose| self.objective.source(purpose).len())
    }

    fn companions(&self) -> Result<Vec<(&'static str, String)>, TrainError> {
        let mut files = vec![("recipe.toml", self.toml.clone())];
        files.extend(self.objective.companions().map_err(own)?);
        Ok(files)
    }

    fn doubts(&self) -> Vec<String> {
        self.objective.doubts()
    }

    fn plan(&self) -> String {
        self.objective.plan()
    }

    fn loader(&self) -> Result<Loader<O::Example>, TrainError> {
        self.training_loader()
    }

    fn heldout(&self, report: &mut dyn FnMut(&str)) -> Result<Self::Heldout, TrainError> {
        self.heldout_batches(report)
    }

    fn start(&self, device: &Device) -> State<O> {
        let model = frozen(self.objective.model(device), &self.recipe.optimizer.frozen);
        State { model, beside: O::Beside::default() }
    }

    fn begin_with(
        &self,
        state: State<O>,
        report: &mut dyn FnMut(&str),
    ) -> Result<(State<O>, Vec<Beginning>), TrainError> {
        let place = |_: &str, found: &Pretrained, model: &O::Model| {
            let Imported { weights, unused, notes } = ours(found)?;
            let adopted = self.objective.adopted(weights).map_err(|source| found.unfit(source))?;
            let mut placed = Placed::by_name(model, adopted).map_err(|source| found.unfit(source))?;
            placed.imported.unused.extend(unused);
            placed.imported.notes.extend(notes);
            Ok(placed)
        };
        let (model, beginnings) = self.recipe.init.fill(state.model, place, report)?;
        Ok((State { model, ..state }, beginnings))
    }

    fn fingerprints(&self) -> Result<Vec<(&'static str, Fingerprint)>, TrainError> {
        self.objective.fingerprints().map_err(own)
    }

    fn save(&self, state: &State<O>) -> Weights {
        let mut saved = weights_of(&state.model);
        let beside = self.objective.save_beside(&state.beside);
        saved.extend(beside.into_iter().map(|(name, tensor)| (format!("{BESIDE}{name}"), tensor)));
        saved
    }

    fn restore(&self, state: State<O>, saved: &Weights) -> Result<State<O>, WeightsError> {
        let (mut trained, mut beside) = (Weights::new(), Weights::new());
        for (name, tensor) in saved {
            match name.strip_prefix(BESIDE) {
                Some(name) => beside.insert(name.to_string(), tensor.clone()),
                None => trained.insert(name.clone(), tensor.clone()),
            };
        }
        let model = load_weights(state.model, &trained)?;
        let beside = self.objective.restore_beside(&model, &beside)?;
        Ok(State { model, beside })
    }

    fn model<'s>(&self, state: &'s State<O>) -> &'s O::Model {
        &state.model
    }

    fn losses<'a>(
        &self,
        state: &'a mut State<O>,
        examples: &[O::Example],
        step: u64,
        tape: &Tape<'a>,
    ) -> Result<Losses, TrainError> {
        let State { model, beside } = state;
        let (seed, device) = (self.recipe.seed, &device_of(model));
        let pass = Pass { seed, purpose: Purpose::Training, step, device, beside: Some(beside) };
        Ok(self.objective.forward_on(model, examples, pass, tape).map_err(own)?.losses())
    }

    fn advance(
        &self,
        state: State<O>,
        optimizer: &mut Optimizer,
        gradients: &ModelGradients,
        factor: f64,
    ) -> (State<O>, StepOutcome) {
        let (model, outcome) = optimizer.step(state.model, gradients, factor);
        let mut beside = state.beside;
        if matches!(outcome, StepOutcome::Moved(_)) {
            self.objective.follow(&model, &mut beside);
        }
        (State { model, beside }, outcome)
    }

    fn evaluate(&self, model: &O::Model, heldout: &Self::Heldout, _step: u64) -> Result<Evaluation, TrainError> {
        let (device, mut tally) = (&device_of(model), Tally::default());
        for (number, examples) in heldout.iter().enumerate() {
            let step = u64::MAX - number as u64;
            let pass = Pass { seed: self.recipe.seed, purpose: Purpose::Evaluation, step, device, beside: None };
            tally.add(self.objective.forward(model, examples, pass).map_err(own)?);
        }
        self.objective.measure(model, heldout, device, &mut tally).map_err(own)?;
        let answers = self.objective.answers(model, heldout, device).map_err(own)?;
        if let Some(answers) = &answers {
            let all = answers.measure()?;
            tally.measured(answers.metric, all.value, all.chance);
            answers.further.iter().for_each(|(name, measure)| tally.measured(name, measure.value, measure.chance));
        }
        *self.latest() = answers;
        Ok(tally.evaluation())
    }

    fn samples(
        &self,
        model: &O::Model,
        heldout: &Self::Heldout,
        step: u64,
        folder: &Path,
    ) -> Result<Samples, TrainError> {
        let own_samples = self.objective.samples(model, heldout, &device_of(model), folder).map_err(own)?;
        let samples = match &*self.latest() {
            Some(answers) if own_samples.is_empty() => answered_samples(answers, folder)?,
            _ => own_samples,
        };
        Ok(Samples { step, samples })
    }

    fn draw(&self, model: &O::Model, heldout: &Self::Heldout, folder: &Path) -> Result<Vec<PathBuf>, TrainError> {
        let mut drawn = self.objective.draw(model, heldout, folder).map_err(own)?;
        if let Some(answers) = self.latest().take() {
            drawn.push(write_result(&self.recipe.name, &answers, folder)?);
        }
        Ok(drawn)
    }
}
