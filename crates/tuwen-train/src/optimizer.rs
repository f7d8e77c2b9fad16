//! AdamW over a whole model: groups by name, gradient norm, and a state that is named like the weights.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use tuwen_encoder::{HostTensor, Weights};
use tuwen_ops::{AdamW, AdamWForm, Moments, adamw_step, sum_of_squares};

use crate::gradients::ModelGradients;
use crate::not_finite::BadTensor;

/// The numbers of the optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizerConfig {
    /// Which published AdamW.
    pub form: AdamWForm,
    /// β₁ and β₂.
    pub betas: [f64; 2],
    /// ε.
    pub epsilon: f64,
    /// Decoupled decay of weights that are not excluded.
    pub weight_decay: f64,
    /// Endings of names that are not decayed.
    pub no_decay: Vec<String>,
    /// The base rate of parameters in no group.
    pub learning_rate: f64,
    /// Groups with a rate of their own; the first that matches a name counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRule>,
    /// Largest norm of all gradients together; absent: no clipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Steps with a loss or gradient that is not finite, which are skipped, before the run stops.
    pub max_skipped_steps: u64,
}

/// Parameters with a learning rate of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRule {
    /// Beginnings of the names it holds for.
    pub prefixes: Vec<String>,
    /// Their base rate.
    pub learning_rate: f64,
}

/// What holds for one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupOptions {
    /// Base rate, before the schedule.
    pub learning_rate: f64,
    /// Decay.
    pub weight_decay: f64,
}

impl OptimizerConfig {
    /// What holds for the parameter of this name.
    pub fn options_of(&self, name: &str) -> GroupOptions {
        let group = self.groups.iter().find(|group| group.prefixes.iter().any(|prefix| name.starts_with(prefix)));
        let decays = !self.no_decay.iter().any(|ending| name.ends_with(ending));
        GroupOptions {
            learning_rate: group.map_or(self.learning_rate, |group| group.learning_rate),
            weight_decay: if decays { self.weight_decay } else { 0.0 },
        }
    }

    /// Groups as they fall out for parameters of these names and shapes, one line each: rate, decay, tensors, numbers.
    pub fn describe(&self, shapes: &BTreeMap<String, Vec<usize>>) -> Vec<String> {
        let mut groups: Vec<(GroupOptions, usize, usize)> = Vec::new();
        for (name, shape) in shapes {
            let (options, count) = (self.options_of(name), shape.iter().product::<usize>());
            match groups.iter_mut().find(|(known, ..)| *known == options) {
                Some((_, tensors, numbers)) => (*tensors, *numbers) = (*tensors + 1, *numbers + count),
                None => groups.push((options, 1, count)),
            }
        }
        groups
            .iter()
            .map(|(options, tensors, numbers)| {
                let GroupOptions { learning_rate, weight_decay } = options;
                format!("learning rate {learning_rate:e}, decay {weight_decay}: {tensors} tensors, {numbers} numbers")
            })
            .collect()
    }
}

/// The optimizer and its moments.
#[derive(Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    step: u64,
    moments: BTreeMap<String, (Vec<usize>, Moments<1>)>,
    /// Waits to be read with the next norm.
    reading: Option<Tensor<1>>,
    read: Vec<f64>,
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
        Self { config, step: 0, moments: BTreeMap::new(), reading: None, read: Vec::new() }
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

    /// Moves every parameter that has a gradient, with the base rates times `factor`. A parameter without a gradient
    /// is left alone, undecayed.
    pub fn step<M: Module>(&mut self, model: M, gradients: &ModelGradients, factor: f64) -> (M, StepOutcome) {
        let norm = self.norm(&model, gradients);
        if !norm.is_finite() {
            let bad = BadTensor::first(&model, gradients);
            return (model, StepOutcome::NotFinite(bad));
        }
        self.step += 1;
        let scale = self.config.clip_norm.map_or(1.0, |limit| (limit / (norm + 1e-6)).min(1.0));
        let mut mover = Mover { optimizer: self, gradients, path: Vec::new(), factor, scale };
        (model.map(&mut mover), StepOutcome::Moved(norm))
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

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.step
    }

    /// The state by name: `first.<weight>` and `second.<weight>`, and the number of steps done.
    pub fn state(&self) -> (Weights, u64) {
        let mut state = Weights::new();
        for (name, (shape, moments)) in &self.moments {
            for (kind, tensor) in [("first", &moments.first), ("second", &moments.second)] {
                let values = tensor.to_data().iter::<f32>().collect();
                state.insert(format!("{kind}.{name}"), HostTensor { shape: shape.clone(), values });
            }
        }
        (state, self.step)
    }

    /// Takes over a saved state for parameters of these names and shapes, onto `device`; a moment whose name or shape is
    /// another is returned by name and nothing is taken over.
    pub fn restore(
        &mut self,
        shapes: &BTreeMap<String, Vec<usize>>,
        state: &Weights,
        step: u64,
        device: &Device,
    ) -> Result<(), Vec<String>> {
        let (mut moments, mut bad) = (BTreeMap::new(), Vec::new());
        let load = |tensor: &HostTensor| Tensor::from_floats(tensor.values.as_slice(), device);
        for (name, shape) in shapes {
            let saved = |kind: &str| state.get(&format!("{kind}.{name}"));
            let (Some(first), Some(second)) = (saved("first"), saved("second")) else { continue };
            if first.shape != *shape || second.shape != *shape {
                bad.push(name.clone());
                continue;
            }
            moments.insert(name.clone(), (shape.clone(), Moments { first: load(first), second: load(second) }));
        }
        let known = |name: &str| {
            let weight = name.strip_prefix("first.").or_else(|| name.strip_prefix("second."));
            weight.is_some_and(|weight| moments.contains_key(weight))
        };
        bad.extend(state.keys().filter(|name| !known(name)).cloned());
        if !bad.is_empty() {
            return Err(bad);
        }
        (self.moments, self.step) = (moments, step);
        Ok(())
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

struct Mover<'a> {
    optimizer: &'a mut Optimizer,
    gradients: &'a ModelGradients,
    path: Vec<String>,
    factor: f64,
    scale: f64,
}

impl ModuleMapper for Mover<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.of(&parameter) else { return parameter };
        let name = self.path.join(".");
        let Optimizer { config, step, moments, .. } = &mut *self.optimizer;
        let GroupOptions { learning_rate, weight_decay } = config.options_of(&name);
        let options = AdamW {
            form: config.form,
            learning_rate: learning_rate * self.factor,
            betas: config.betas,
            epsilon: config.epsilon,
            weight_decay,
            gradient_scale: self.scale,
        };
        let (id, tensor, mapper) = parameter.consume();
        let shape = tensor.dims();
        let count = shape.iter().product::<usize>();
        let weight = tensor.inner().reshape([count]);
        let (_, old) = moments.remove(&name).unwrap_or_else(|| (shape.to_vec(), Moments::zeros(&weight)));
        let (weight, new) = adamw_step(weight, gradient, old, *step, &options);
        moments.insert(name, (shape.to_vec(), new));
        let moved = weight.reshape(shape).autodiff().require_grad();
        Param::from_mapped_value(id, moved, mapper)
    }
}
