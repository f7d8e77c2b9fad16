//! The optimizer over a whole model: gradient norm, clipping, one step of every weight, and their running average.

mod config;
mod moved;
mod saved;

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use tuwen_encoder::shapes_of;
use tuwen_ops::sum_of_squares;

pub use config::{GroupOptions, GroupRule, OptimizerConfig, OptimizerForm};
use moved::{Mover, Replaced};
pub use saved::averaged_weights;
pub(crate) use saved::is_average;

use crate::gradients::ModelGradients;
use crate::not_finite::BadTensor;

/// The optimizer and its state.
#[derive(Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    step: u64,
    /// By name; nothing for frozen weights. Filled when the first model is seen.
    options: BTreeMap<String, Option<GroupOptions>>,
    moments: BTreeMap<String, Memory>,
    /// Waits to be read with the next norm.
    reading: Option<Tensor<1>>,
    read: Vec<f64>,
}

/// What is remembered of a weight, flat.
#[derive(Clone, Debug)]
struct Memory {
    shape: Vec<usize>,
    /// Running mean of the gradient.
    first: Tensor<1>,
    /// That of its square; Lion has none.
    second: Option<Tensor<1>>,
    /// That of the weight.
    average: Option<Tensor<1>>,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq)]
pub enum StepOutcome {
    /// The weights moved; the norm of all gradients together, before clipping.
    Moved(f64),
    /// This weight or gradient was not finite, so nothing moved.
    NotFinite(BadTensor),
}

impl Optimizer {
    /// A fresh optimizer at step 0.
    pub fn new(config: OptimizerConfig) -> Self {
        let (options, moments) = (BTreeMap::new(), BTreeMap::new());
        Self { config, step: 0, options, moments, reading: None, read: Vec::new() }
    }

    /// Has `numbers` read from the device together with the next step's norm. Each reading waits for the device, so a step
    /// makes do with one.
    pub fn read_along(&mut self, numbers: Tensor<1>) {
        self.reading = Some(numbers.inner());
    }

    /// What was read along with the last step.
    pub fn read(&self) -> &[f64] {
        &self.read
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// Moves every parameter that has a gradient and is not frozen, with the base rates times `factor`. A parameter without
    /// a gradient is left alone, undecayed.
    pub fn step<M: Module>(&mut self, model: M, gradients: &ModelGradients, factor: f64) -> (M, StepOutcome) {
        if self.options.is_empty() {
            let shapes = shapes_of(&model);
            let options = self.config.options(shapes.keys().map(String::as_str));
            self.options = options.into_iter().map(|(name, options)| (name.to_string(), options)).collect();
        }
        let norm = self.norm(&model, gradients);
        if !norm.is_finite() {
            let bad = BadTensor::first(&model, gradients);
            return (model, StepOutcome::NotFinite(bad));
        }
        self.step += 1;
        let scale = self.config.clip_norm.map_or(1.0, |limit| (limit / (norm + 1e-6)).min(1.0));
        (model.map(&mut Mover::new(self, gradients, [factor, scale])), StepOutcome::Moved(norm))
    }

    /// `model` with the running averages of its weights instead of the weights, where there are any.
    pub fn averaged<M: Module>(&self, model: M) -> M {
        if self.config.average.is_none() {
            return model;
        }
        model.map(&mut Replaced::by(|name| self.moments.get(name)?.average.clone()))
    }

    /// `√Σ g²` over all gradients; with it comes what was to be read along.
    fn norm<M: Module>(&mut self, model: &M, gradients: &ModelGradients) -> f64 {
        let squares = squared_norm(model, gradients);
        let known = usize::from(squares.is_some());
        let wanted: Vec<_> = squares.into_iter().chain(self.reading.take()).collect();
        if wanted.is_empty() {
            return 0.0;
        }
        let numbers: Vec<f64> = Tensor::cat(wanted, 0).into_data().iter::<f64>().collect();
        self.read = numbers[known..].to_vec();
        numbers[..known].iter().sum::<f64>().sqrt()
    }
}

/// `Σ g²` over all gradients, `[1]`; nothing if there is none.
fn squared_norm<M: Module>(model: &M, gradients: &ModelGradients) -> Option<Tensor<1>> {
    struct Sum<'a>(&'a ModelGradients, Vec<Tensor<1>>);
    impl ModuleVisitor for Sum<'_> {
        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
            if let Some(gradient) = self.0.of(parameter) {
                self.1.push(sum_of_squares(gradient));
            }
        }
    }
    let mut sum = Sum(gradients, Vec::new());
    model.visit(&mut sum);
    (!sum.1.is_empty()).then(|| Tensor::cat(sum.1, 0).sum())
}
