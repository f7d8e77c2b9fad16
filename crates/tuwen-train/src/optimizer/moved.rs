//! A model's weights one step further, or replaced.

use burn::module::{ModuleMapper, Param};
use burn::tensor::Tensor;
use tuwen_ops::{AdamW, AdamWForm, Lion, Moments, adamw_step, lion_step, moving_average};

use super::{GroupOptions, Memory, Optimizer, OptimizerConfig, OptimizerForm};
use crate::gradients::ModelGradients;

/// Moves each weight by its gradient.
pub(super) struct Mover<'a> {
    optimizer: &'a mut Optimizer,
    gradients: &'a ModelGradients,
    path: Vec<String>,
    factor: f64,
    scale: f64,
}

impl<'a> Mover<'a> {
    /// Rates are multiplied by the one, gradients by the other.
    pub(super) fn new(optimizer: &'a mut Optimizer, gradients: &'a ModelGradients, [factor, scale]: [f64; 2]) -> Self {
        Self { optimizer, gradients, path: Vec::new(), factor, scale }
    }
}

impl ModuleMapper for Mover<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        let Optimizer { config, step, options, moments, .. } = &mut *self.optimizer;
        let Some(&Some(mut options)) = options.get(&name) else { return parameter };
        let Some(gradient) = self.gradients.of(&parameter) else { return parameter };
        options.learning_rate *= self.factor;
        let (id, tensor, mapper) = parameter.consume();
        let shape = tensor.dims();
        let count = shape.iter().product::<usize>();
        let weight = tensor.inner().reshape([count]);
        let memory = moments.remove(&name).unwrap_or_else(|| Memory::of(&weight, &shape));
        let (weight, memory) = moved(weight, gradient, memory, *step, (config, options, self.scale));
        moments.insert(name, memory);
        let moved = weight.reshape(shape).autodiff().require_grad();
        Param::from_mapped_value(id, moved, mapper)
    }
}

impl Memory {
    fn of(weight: &Tensor<1>, shape: &[usize]) -> Self {
        Self { shape: shape.to_vec(), first: weight.zeros_like(), second: None, average: None }
    }
}

/// The weight after the step, and what is remembered of it.
fn moved(
    weight: Tensor<1>,
    gradient: Tensor<1>,
    memory: Memory,
    step: u64,
    (config, options, gradient_scale): (&OptimizerConfig, GroupOptions, f64),
) -> (Tensor<1>, Memory) {
    let GroupOptions { learning_rate, weight_decay } = options;
    let (betas, epsilon) = (config.betas, config.epsilon);
    let Memory { shape, first, second, average } = memory;
    let adamw = |form, weight, first: Tensor<1>, second: Option<Tensor<1>>| {
        let second = second.unwrap_or_else(|| first.zeros_like());
        let options = AdamW { form, learning_rate, betas, epsilon, weight_decay, gradient_scale };
        let (weight, moments) = adamw_step(weight, gradient.clone(), Moments { first, second }, step, &options);
        (weight, moments.first, Some(moments.second))
    };
    let (weight, first, second) = match config.form {
        OptimizerForm::Torch => adamw(AdamWForm::Torch, weight, first, second),
        OptimizerForm::Transformers => adamw(AdamWForm::Transformers, weight, first, second),
        OptimizerForm::Lion => {
            let options = Lion { learning_rate, betas, weight_decay, gradient_scale };
            let (weight, momentum) = lion_step(weight, gradient, first, &options);
            (weight, momentum, None)
        }
    };
    // Of one weight only its own value is an average: the first step's is a start, and a copy, as it is changed in place.
    let average = config.average.map(|rate| match average {
        Some(average) => moving_average(average, weight.clone(), rate),
        None => weight.clone().mul_scalar(1.0),
    });
    (weight, Memory { shape, first, second, average })
}

/// Replaces each weight for which `value` has another, flat.
pub(super) struct Replaced<F> {
    path: Vec<String>,
    value: F,
}

impl<F: Fn(&str) -> Option<Tensor<1>>> Replaced<F> {
    pub(super) fn by(value: F) -> Self {
        Self { path: Vec::new(), value }
    }
}

impl<F: Fn(&str) -> Option<Tensor<1>>> ModuleMapper for Replaced<F> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(value) = (self.value)(&self.path.join(".")) else { return parameter };
        let (id, tensor, mapper) = parameter.consume();
        let value = value.reshape(tensor.dims());
        Param::from_mapped_value(id, if tensor.device().is_autodiff() { value.autodiff() } else { value }, mapper)
    }
}
