//! What the training loop has to know of an architecture, and nothing more.

use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::Device;
use tuwen_core::Losses;
use tuwen_data::{Fingerprint, Loader};
use tuwen_encoder::{Tape, Weights, WeightsError};
use tuwen_health::{Facts, HealthConfig};

use crate::gradients::ModelGradients;
use crate::init::Beginning;
use crate::optimizer::{Optimizer, OptimizerConfig, StepOutcome};
use crate::samples::Samples;
use crate::schedule::ScheduleConfig;
use crate::sections::{CheckpointSection, ComputeSection};
use crate::{Evaluation, TrainError};

/// The numbers of a recipe that the loop itself obeys.
#[derive(Clone, Copy, Debug)]
pub struct LoopSettings<'a> {
    /// The recipe's name.
    pub name: &'a str,
    /// Records a batch.
    pub batch_size: usize,
    /// How weights move.
    pub optimizer: &'a OptimizerConfig,
    /// How far and how fast.
    pub schedule: &'a ScheduleConfig,
    /// Steps between evaluations.
    pub evaluate_every: u64,
    /// When it is saved.
    pub checkpoint: &'a CheckpointSection,
    /// In which format, and what of a step twice to save memory.
    pub compute: &'a ComputeSection,
}

/// A recipe with everything it names at hand. The loop in `run` drives it; what a step computes is its own affair.
pub trait Architecture {
    /// What the loader yields.
    type Example: Send + 'static;
    /// What it is tested on.
    type Heldout;
    /// What is trained.
    type Model: Module;
    /// All that moves in training: the model, and whatever else has to be saved with it.
    type State;

    /// The loop's numbers.
    fn settings(&self) -> LoopSettings<'_>;
    /// Training and held-out records.
    fn records(&self) -> [usize; 2];
    /// What a checkpoint carries so that it can be used without the run around it: name and content.
    fn companions(&self) -> Result<Vec<(&'static str, String)>, TrainError>;
    /// What a step computes, a line each.
    fn plan(&self) -> String;
    /// What is allowed and probably not meant, a sentence each.
    fn doubts(&self) -> Vec<String> {
        Vec::new()
    }
    /// What the monitors go by, and what they have to know; by default they know nothing and say little.
    fn health(&self) -> (HealthConfig, Facts) {
        <(HealthConfig, Facts)>::default()
    }
    /// The loader of the training records, at their beginning.
    fn loader(&self) -> Result<Loader<Self::Example>, TrainError>;
    /// The held-out records, always the same ones; unreadable ones are told to `report`.
    fn heldout(&self, report: &mut dyn FnMut(&str)) -> Result<Self::Heldout, TrainError>;

    /// The state before the first step.
    fn start(&self, device: &Device) -> Self::State;
    /// The state before the first step with the weights of the files that the recipe names, whose stories are told to
    /// `report`; a run that goes on needs none of them. By default there are no such files.
    fn begin_with(
        &self,
        state: Self::State,
        _report: &mut dyn FnMut(&str),
    ) -> Result<(Self::State, Vec<Beginning>), TrainError> {
        Ok((state, Vec::new()))
    }
    /// The state as named tensors.
    fn save(&self, state: &Self::State) -> Weights;
    /// `state` replaced by saved tensors: all of it, or an error that names what does not fit.
    fn restore(&self, state: Self::State, saved: &Weights) -> Result<Self::State, WeightsError>;
    /// What the optimizer moves of it.
    fn model<'s>(&self, state: &'s Self::State) -> &'s Self::Model;

    /// The losses of step `step` (from 0) over `examples`, to go back from by way of `tape`.
    fn losses<'a>(
        &self,
        state: &'a mut Self::State,
        examples: &[Self::Example],
        step: u64,
        tape: &Tape<'a>,
    ) -> Result<Losses, TrainError>;
    /// Moves the weights, and what follows them, by `gradients`.
    fn advance(
        &self,
        state: Self::State,
        optimizer: &mut Optimizer,
        gradients: &ModelGradients,
        factor: f64,
    ) -> (Self::State, StepOutcome);
    /// Tests a model, which is outside of autodiff, as it is after `step` steps.
    fn evaluate(&self, model: &Self::Model, heldout: &Self::Heldout, step: u64) -> Result<Evaluation, TrainError>;
    /// What such a model makes of a few held-out records, always the same ones; their pictures go below the run's `folder`.
    fn samples(
        &self,
        _model: &Self::Model,
        _heldout: &Self::Heldout,
        step: u64,
        _folder: &Path,
    ) -> Result<Samples, TrainError> {
        Ok(Samples { step, samples: Vec::new() })
    }
    /// What tells the data from other data, under the names `train` and `heldout`.
    fn fingerprints(&self) -> Result<Vec<(&'static str, Fingerprint)>, TrainError> {
        Ok(Vec::new())
    }
    /// Draws what such a model has learned into the run's folder at its end; returns the files.
    fn draw(&self, model: &Self::Model, heldout: &Self::Heldout, folder: &Path) -> Result<Vec<PathBuf>, TrainError>;
}
