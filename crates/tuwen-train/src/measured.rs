//! A metric of one's own beside those that an architecture reports.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use tuwen_core::Losses;
use tuwen_data::{Fingerprint, Loader};
use tuwen_encoder::{Tape, Weights, WeightsError};
use tuwen_health::{Facts, HealthConfig};

use crate::TrainError;
use crate::architecture::{Architecture, LoopSettings};
use crate::evaluation::{Evaluation, Measure};
use crate::gradients::ModelGradients;
use crate::init::Beginning;
use crate::objective::{OwnResult, own};
use crate::optimizer::{Optimizer, StepOutcome};
use crate::samples::Samples;

/// Computes a metric from a model, which is outside of autodiff, and the held-out records.
type Metric<A> = dyn Fn(&<A as Architecture>::Model, &<A as Architecture>::Heldout) -> OwnResult<Measure>;

/// Any architecture, built-in or own, with further metrics: each is computed at every evaluation, and stands in
/// `metrics.jsonl`, in the summary and on the screen under its name.
pub struct Measured<A: Architecture> {
    inner: A,
    metrics: Vec<(String, Box<Metric<A>>)>,
}

impl<A: Architecture> Measured<A> {
    /// Without further metrics yet.
    pub fn new(inner: A) -> Self {
        Self { inner, metrics: Vec::new() }
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &str, metric: impl Fn(&A::Model, &A::Heldout) -> OwnResult<Measure> + 'static) -> Self {
        self.metrics.push((name.to_string(), Box::new(metric)));
        self
    }
}

impl<A: Architecture> Architecture for Measured<A> {
    type Example = A::Example;
    type Heldout = A::Heldout;
    type Model = A::Model;
    type State = A::State;

    fn evaluate(&self, model: &A::Model, heldout: &A::Heldout, step: u64) -> Result<Evaluation, TrainError> {
        let mut evaluation = self.inner.evaluate(model, heldout, step)?;
        for (name, metric) in &self.metrics {
            evaluation.metrics.insert(name.clone(), metric(model, heldout).map_err(own)?);
        }
        Ok(evaluation)
    }

    fn samples(&self, model: &A::Model, heldout: &A::Heldout, step: u64, folder: &Path) -> Result<Samples, TrainError> {
        self.inner.samples(model, heldout, step, folder)
    }

    fn fingerprints(&self) -> Result<Vec<(&'static str, Fingerprint)>, TrainError> {
        self.inner.fingerprints()
    }

    fn settings(&self) -> LoopSettings<'_> {
        self.inner.settings()
    }

    fn records(&self) -> [usize; 2] {
        self.inner.records()
    }

    fn companions(&self) -> Result<Vec<(&'static str, String)>, TrainError> {
        self.inner.companions()
    }

    fn plan(&self) -> String {
        self.inner.plan()
    }

    fn doubts(&self) -> Vec<String> {
        self.inner.doubts()
    }

    fn health(&self) -> (HealthConfig, Facts) {
        self.inner.health()
    }

    fn loader(&self) -> Result<Loader<A::Example>, TrainError> {
        self.inner.loader()
    }

    fn heldout(&self, report: &mut dyn FnMut(&str)) -> Result<A::Heldout, TrainError> {
        self.inner.heldout(report)
    }

    fn start(&self, device: &Device) -> A::State {
        self.inner.start(device)
    }

    fn begin_with(
        &self,
        state: A::State,
        report: &mut dyn FnMut(&str),
    ) -> Result<(A::State, Vec<Beginning>), TrainError> {
        self.inner.begin_with(state, report)
    }

    fn save(&self, state: &A::State) -> Weights {
        self.inner.save(state)
    }

    fn restore(&self, state: A::State, saved: &Weights) -> Result<A::State, WeightsError> {
        self.inner.restore(state, saved)
    }

    fn model<'s>(&self, state: &'s A::State) -> &'s A::Model {
        self.inner.model(state)
    }

    fn losses<'a>(
        &self,
        state: &'a mut A::State,
        examples: &[A::Example],
        step: u64,
        tape: &Tape<'a>,
    ) -> Result<Losses, TrainError> {
        self.inner.losses(state, examples, step, tape)
    }

    fn advance(
        &self,
        state: A::State,
        optimizer: &mut Optimizer,
        gradients: &ModelGradients,
        factor: f64,
    ) -> (A::State, StepOutcome) {
        self.inner.advance(state, optimizer, gradients, factor)
    }

    fn draw(&self, model: &A::Model, heldout: &A::Heldout, folder: &Path) -> Result<Vec<PathBuf>, TrainError> {
        self.inner.draw(model, heldout, folder)
    }
}
