//! A batch that is at hand, stepped again and again as a run steps it: what `bench compare` and `bench gpu` time.

use tuwen_core::Losses;
use tuwen_encoder::Tape;
use tuwen_itm::ItmPairing;
use tuwen_ops::Dropout;
use tuwen_train::albef::AlbefState;
use tuwen_train::unibert::{Plan, UniBertPretraining, encode};
use tuwen_train::{Optimizer, albef, unibert};

use crate::commands::CommandError;

/// Why there is no model: a step took it and did not bring it back.
pub(super) const FAILED: &str = "an earlier step of the case failed";

/// An ALBEF with its queue and its momentum encoder.
pub(super) struct AlbefSteps {
    pub(super) recipe: albef::Recipe,
    pub(super) batch: albef::Batch,
    state: Option<AlbefState>,
    optimizer: Optimizer,
}

impl AlbefSteps {
    pub(super) fn new(recipe: albef::Recipe, state: AlbefState, batch: albef::Batch) -> Self {
        Self { state: Some(state), optimizer: Optimizer::new(recipe.optimizer.clone()), recipe, batch }
    }

    pub(super) fn state(&self) -> Result<&AlbefState, CommandError> {
        self.state.as_ref().ok_or_else(|| FAILED.into())
    }

    /// The losses of step `at`; the momentum encoder follows.
    pub(super) fn losses(&mut self, at: u64, dropout: Dropout) -> Result<Losses, CommandError> {
        let mut state = self.state.take().ok_or(FAILED)?;
        let losses = albef::losses(&mut state, &self.batch, &self.recipe.step_input(at, dropout), &Tape::off());
        self.state = Some(state);
        Ok(losses)
    }

    /// Step `at`; its total loss, read with the norm of the gradients.
    pub(super) fn step(&mut self, at: u64, dropout: Dropout) -> Result<f64, CommandError> {
        let total = self.losses(at, dropout)?.total().ok_or("no task has anything to predict")?;
        self.optimizer.read_along(total.clone());
        let (state, gradients) = (self.state.take().ok_or(FAILED)?, total.backward().into());
        let (state, _) = state.advance(&mut self.optimizer, &gradients, 1.0);
        self.state = Some(state);
        Ok(self.optimizer.read()[0])
    }
}

/// A UniBERT and its passes.
pub(super) struct UniBertSteps {
    pub(super) recipe: unibert::Recipe,
    pub(super) batch: unibert::Batch,
    pub(super) plan: Plan,
    model: Option<UniBertPretraining>,
    optimizer: Optimizer,
}

impl UniBertSteps {
    pub(super) fn new(recipe: unibert::Recipe, model: UniBertPretraining, plan: Plan, batch: unibert::Batch) -> Self {
        Self { model: Some(model), optimizer: Optimizer::new(recipe.optimizer.clone()), recipe, batch, plan }
    }

    pub(super) fn model(&self) -> Result<&UniBertPretraining, CommandError> {
        self.model.as_ref().ok_or_else(|| FAILED.into())
    }

    /// The losses of `model`, whose false pairs are those of `pairing`.
    pub(super) fn losses(&self, model: &UniBertPretraining, pairing: Option<&ItmPairing>, dropout: &Dropout) -> Losses {
        let states = encode((model, &Tape::off()), &self.batch, &self.plan, pairing, dropout);
        unibert::losses(model, &self.batch, &states, &self.recipe.tasks)
    }

    /// A step; its total loss, read with the norm of the gradients.
    pub(super) fn step(&mut self, pairing: Option<&ItmPairing>, dropout: &Dropout) -> Result<f64, CommandError> {
        let model = self.model.take().ok_or(FAILED)?;
        let total = self.losses(&model, pairing, dropout).total().ok_or("no task has anything to predict")?;
        self.optimizer.read_along(total.clone());
        let (model, _) = self.optimizer.step(model, &total.backward().into(), 1.0);
        self.model = Some(model);
        Ok(self.optimizer.read()[0])
    }
}
