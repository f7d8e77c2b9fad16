//! Momentum distillation in fine-tuning: a copy of the whole model that follows it slowly and says what it holds likely
//! (ALBEF, arXiv:2107.07651, section 3.3).

use burn::module::Module;
use serde::{Deserialize, Serialize};
use tuwen_encoder::{MomentumEncoder, Weights, WeightsError, load_weights, weights_of};
use tuwen_ita::AlphaRamp;
use tuwen_recipe::RecipeError;

use crate::albef::check::share;

/// How much the follower's opinion weighs, and how fast it follows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistillationSection {
    /// The share that stays of it at each step.
    pub momentum: f64,
    /// The weight of what it says.
    pub alpha: AlphaRamp,
}

impl DistillationSection {
    pub(super) fn check(&self) -> Result<(), RecipeError> {
        share("momentum", self.momentum)
    }

    /// The follower after a step towards `model`, and how much it weighs at step `step`.
    pub(super) fn teacher<'f, M: Module>(&self, follower: &'f mut Follower<M>, model: &M, step: u64) -> (&'f M, f64) {
        (follower.following(model, self.momentum), self.alpha.at(step))
    }
}

/// A copy of a model that follows it; none before it is asked.
#[derive(Debug)]
pub struct Follower<M>(Option<MomentumEncoder<M>>);

// By hand, since deriving would ask for `M: Default`.
impl<M> Default for Follower<M> {
    fn default() -> Self {
        Self(None)
    }
}

impl<M: Module> Follower<M> {
    /// The copy after a step towards `model`. At first it is equal to it.
    fn following(&mut self, model: &M, momentum: f64) -> &M {
        let follower = self.0.get_or_insert_with(|| MomentumEncoder::of(model));
        follower.update(model, momentum);
        follower.module()
    }

    /// Its weights; nothing where there is none.
    pub(super) fn save(&self) -> Weights {
        self.0.as_ref().map(|follower| weights_of(follower.module())).unwrap_or_default()
    }

    /// What [`Follower::save`] saved. Errors: weights that don't fit `model`.
    pub(super) fn restore(model: &M, saved: &Weights) -> Result<Self, WeightsError> {
        if saved.is_empty() {
            return Ok(Self(None));
        }
        Ok(Self(Some(MomentumEncoder::of(model).replaced(|module| load_weights(module, saved))?)))
    }
}
