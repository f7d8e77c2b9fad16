//! All that moves in a run of ALBEF: the trained weights, the momentum encoders that follow them, the queue.

use burn::tensor::{Device, Tensor};
use tuwen_encoder::albef::Albef;
use tuwen_encoder::{MomentumEncoder, frozen};
use tuwen_ita::{FeatureQueue, PairKeys, QUEUE_START};
use tuwen_mlm::TiedMlmHead;
use tuwen_random::Draws;

use super::AlbefPretraining;
use super::recipe::{QueueStart, Recipe};
use crate::gradients::ModelGradients;
use crate::optimizer::{Optimizer, StepOutcome};

/// Weights, momentum encoders and queue.
#[derive(Debug)]
pub struct AlbefState {
    /// What is trained.
    pub model: AlbefPretraining,
    /// What follows it; there is none before the first stage that asks for it.
    pub teacher: Option<Teacher>,
    /// The momentum encoder's features of pairs seen before; none if no stage uses one.
    pub queue: Option<FeatureQueue>,
    /// What goes into the queue once the step has succeeded.
    pub(super) pending: Option<Pending>,
}

/// The momentum encoders: of the encoder, and of the MLM head.
#[derive(Debug)]
pub struct Teacher {
    /// Image, text and fusion layers and the projections.
    pub encoder: MomentumEncoder<Albef>,
    /// The MLM head; its decoder is the momentum encoder's word table.
    pub mlm: MomentumEncoder<TiedMlmHead>,
}

/// Momentum features of a batch, `[B, E]` each.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(super) image: Tensor<2>,
    pub(super) text: Tensor<2>,
    pub(super) keys: Vec<PairKeys>,
}

impl Pending {
    /// Puts them into `queue`.
    pub(crate) fn enter(self, queue: &mut FeatureQueue) {
        queue.enqueue(self.image, self.text, &self.keys);
    }
}

impl Teacher {
    /// Equal to `model`.
    pub fn of(model: &AlbefPretraining) -> Self {
        Self { encoder: MomentumEncoder::of(&model.encoder), mlm: MomentumEncoder::of(&model.mlm) }
    }

    /// A step towards `model`.
    pub fn update(&mut self, model: &AlbefPretraining, momentum: f64) {
        self.encoder.update(&model.encoder, momentum);
        self.mlm.update(&model.mlm, momentum);
    }
}

impl AlbefState {
    /// Before the first step of `recipe`.
    pub fn start(recipe: &Recipe, device: &Device) -> Self {
        let capacity = recipe.stages.iter().map(super::Stage::queue).max().unwrap_or(0);
        let size = recipe.model.encoder.embedding_size;
        let queue = (capacity > 0).then(|| match recipe.momentum.queue_start {
            QueueStart::Empty => FeatureQueue::empty(capacity, size, device),
            QueueStart::Seed => {
                FeatureQueue::random(capacity, size, &Draws::new(recipe.seed, QUEUE_START, 0, 0), device)
            }
        });
        Self {
            model: frozen(AlbefPretraining::of(recipe, device), &recipe.optimizer.frozen),
            teacher: None,
            queue,
            pending: None,
        }
    }

    /// Of weights, momentum encoders and queue made elsewhere.
    pub fn from_parts(model: AlbefPretraining, teacher: Option<Teacher>, queue: Option<FeatureQueue>) -> Self {
        Self { model, teacher, queue, pending: None }
    }

    /// Moves the weights by `gradients`, brings the temperature back into its range, and puts the step's features into the
    /// queue. After a step that went wrong they are thrown away: they would spoil those after it.
    pub fn advance(self, optimizer: &mut Optimizer, gradients: &ModelGradients, factor: f64) -> (Self, StepOutcome) {
        let (model, outcome) = optimizer.step(self.model, gradients, factor);
        let mut state = Self { model: model.with_clamped_temperature(), ..self };
        match &outcome {
            StepOutcome::Moved(_) => state.enqueue(),
            StepOutcome::NotFinite(_) => state.pending = None,
        }
        (state, outcome)
    }

    /// Puts the last step's momentum features into the queue.
    pub fn enqueue(&mut self) {
        if let (Some(queue), Some(pending)) = (&mut self.queue, self.pending.take()) {
            pending.enter(queue);
        }
    }
}
