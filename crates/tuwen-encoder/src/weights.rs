//! The parameters of a module as named host arrays: out, in, their gradients, and their first values.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use tuwen_random::{Draws, Stream};
use tuwen_weights::{HostTensor, Weights};

const INITIALISE: Stream = Stream::named("encoder.initialise");

/// Weights that don't fit a module. Every offending name is listed, and nothing is loaded.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// Names and the module disagree.
    #[error("the weights don't fit the model: {}", list(missing, unused, misshaped))]
    Mismatch {
        /// In the module, not among the weights.
        missing: Vec<String>,
        /// Among the weights, not in the module.
        unused: Vec<String>,
        /// In both, with another shape: what is there and what is expected.
        misshaped: Vec<String>,
    },
}

fn list(missing: &[String], unused: &[String], misshaped: &[String]) -> String {
    [("missing", missing), ("unused", unused), ("of another shape", misshaped)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{what}: {}", names.join(", ")))
        .collect::<Vec<_>>()
        .join("; ")
}

/// Where in the module tree a visitor stands.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn name(&self) -> String {
        self.0.join(".")
    }
}

/// All parameters of `module`. Non-finite values are copied as they are.
pub fn weights_of<M: Module>(module: &M) -> Weights {
    let mut reader = Reader { path: Path::default(), weights: Weights::new(), gradients: None };
    module.visit(&mut reader);
    reader.weights
}

/// The gradients of those parameters of `module` that have one.
pub fn gradients_of<M: Module>(module: &M, gradients: &Gradients) -> Weights {
    let mut reader = Reader { path: Path::default(), weights: Weights::new(), gradients: Some(gradients) };
    module.visit(&mut reader);
    reader.weights
}

struct Reader<'a> {
    path: Path,
    weights: Weights,
    gradients: Option<&'a Gradients>,
}

impl ModuleVisitor for Reader<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.0.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.0.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let tensor = match self.gradients {
            Some(gradients) => parameter.val().grad(gradients),
            None => Some(parameter.val()),
        };
        if let Some(tensor) = tensor {
            self.weights.insert(self.path.name(), host(tensor));
        }
    }
}

fn host<const D: usize>(tensor: Tensor<D>) -> HostTensor {
    let shape = tensor.dims().to_vec();
    HostTensor { shape, values: tensor.into_data().iter::<f32>().collect() }
}

/// `module` with its parameters replaced by `weights`: all of them, by name and shape, or none.
pub fn load_weights<M: Module>(module: M, weights: &Weights) -> Result<M, WeightsError> {
    check(&module, weights, |_| true)?;
    let value = |name: &str, _: &[usize]| weights.get(name).map(|tensor| tensor.values.clone());
    Ok(module.map(&mut Writer { path: Path::default(), value }))
}

/// `module` with the parameters that `weights` names replaced, the rest as they are. Errors: a name that the module
/// doesn't have, another shape, and a name that `needed` asks for and `weights` lacks.
pub fn load_part<M: Module>(module: M, weights: &Weights, needed: impl Fn(&str) -> bool) -> Result<M, WeightsError> {
    check(&module, weights, needed)?;
    let value = |name: &str, _: &[usize]| weights.get(name).map(|tensor| tensor.values.clone());
    Ok(module.map(&mut Writer { path: Path::default(), value }))
}

fn check<M: Module>(module: &M, weights: &Weights, needed: impl Fn(&str) -> bool) -> Result<(), WeightsError> {
    let expected = shapes_of(module);
    let lacking = |name: &&String| needed(name) && !weights.contains_key(*name);
    let missing = expected.keys().filter(lacking).cloned().collect::<Vec<_>>();
    let unused = weights.keys().filter(|name| !expected.contains_key(*name)).cloned().collect::<Vec<_>>();
    let misshaped = expected.iter().filter_map(|(name, shape)| {
        let found = &weights.get(name)?.shape;
        (found != shape).then(|| format!("{name} ({found:?}, expected {shape:?})"))
    });
    let misshaped = misshaped.collect::<Vec<_>>();
    if missing.is_empty() && unused.is_empty() && misshaped.is_empty() {
        return Ok(());
    }
    Err(WeightsError::Mismatch { missing, unused, misshaped })
}

/// The shapes of all parameters of `module` by name, without reading a value.
pub fn shapes_of<M: Module>(module: &M) -> BTreeMap<String, Vec<usize>> {
    let mut shapes = Shapes::default();
    module.visit(&mut shapes);
    shapes.shapes
}

#[derive(Default)]
struct Shapes {
    path: Path,
    shapes: BTreeMap<String, Vec<usize>>,
}

impl ModuleVisitor for Shapes {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.0.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.0.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.shapes.insert(self.path.name(), parameter.lazy_shape().to_vec());
    }
}

/// `module` with every matrix drawn from N(0, `range`), keyed by its name: two modules that share a name and a shape
/// start equal whatever else they hold. Vectors (biases and norms) keep their constant first values.
pub fn initialise<M: Module>(module: M, range: f64, seed: u64) -> M {
    initialise_by_name(module, |_| range, seed)
}

/// As [`initialise`], with a range for each name.
pub fn initialise_by_name<M: Module>(module: M, range: impl Fn(&str) -> f64, seed: u64) -> M {
    let value = |name: &str, shape: &[usize]| {
        let (count, range) = (shape.iter().product::<usize>(), range(name));
        let draws = Draws::new(seed, INITIALISE, 0, Stream::named(name).id());
        (shape.len() == 2).then(|| (0..count).map(|i| (draws.normal(i as u64) * range) as f32).collect())
    };
    module.map(&mut Writer { path: Path::default(), value })
}

/// `module` with the parameters whose names begin with one of `prefixes` left out of every gradient.
pub fn frozen<M: Module>(module: M, prefixes: &[String]) -> M {
    if prefixes.is_empty() {
        return module;
    }
    module.map(&mut Frozen { path: Path::default(), prefixes })
}

struct Frozen<'a> {
    path: Path,
    prefixes: &'a [String],
}

impl ModuleMapper for Frozen<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.0.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.0.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        let is_frozen = self.prefixes.iter().any(|prefix| name.starts_with(prefix));
        if is_frozen { parameter.set_require_grad(false) } else { parameter }
    }
}

/// Replaces each parameter for which `value` gives values of its shape.
struct Writer<F> {
    path: Path,
    value: F,
}

impl<F: Fn(&str, &[usize]) -> Option<Vec<f32>>> ModuleMapper for Writer<F> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.0.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.0.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = parameter.consume();
        let shape = tensor.dims();
        let Some(values) = (self.value)(&self.path.name(), &shape) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let fresh = Tensor::from_data(TensorData::new(values, shape), &tensor.device());
        let fresh = if tensor.is_require_grad() { fresh.require_grad() } else { fresh };
        Param::from_mapped_value(id, fresh, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use tuwen_ops::Linear;

    #[test]
    fn out_and_in_again() {
        let linear = initialise(Linear::init(3, 2, &Device::flex()), 0.5, 7);
        let weights = weights_of(&linear);
        assert_eq!(weights["weight"].shape, [3, 2]);
        assert_eq!(weights["bias"].values, [0.0, 0.0]);
        let other = load_weights(Linear::init(3, 2, &Device::flex()), &weights).unwrap();
        assert_eq!(weights_of(&other), weights);
    }

    #[test]
    fn a_misfit_lists_every_name() {
        let mut weights = weights_of(&Linear::init(3, 2, &Device::flex()));
        let bias = weights.remove("bias").unwrap();
        weights.insert("extra".to_string(), bias);
        weights.get_mut("weight").unwrap().shape = vec![2, 3];
        let error = load_weights(Linear::init(3, 2, &Device::flex()), &weights).unwrap_err().to_string();
        let expected = "the weights don't fit the model: missing: bias; unused: extra; \
                        of another shape: weight ([2, 3], expected [3, 2])";
        assert_eq!(error, expected);
    }

    #[test]
    fn first_values_depend_on_seed_and_name_alone() {
        let fresh = |seed| weights_of(&initialise(Linear::init(40, 50, &Device::flex()), 0.5, seed));
        assert_eq!(fresh(7), fresh(7));
        assert_ne!(fresh(7), fresh(8));
        let values = &fresh(7)["weight"].values;
        let variance = values.iter().map(|v| v * v).sum::<f32>() / 2000.0;
        assert!((variance - 0.25).abs() < 5.0 * 0.25 * (2.0_f32 / 2000.0).sqrt(), "{variance}");
    }

    #[test]
    fn gradients_bear_the_names_of_their_parameters() {
        let device = Device::flex().autodiff();
        let linear = Linear::init(2, 1, &device);
        let loss = linear.forward(Tensor::<2>::from_floats([[3.0, 5.0]], &device)).sum();
        let gradients = gradients_of(&linear, &loss.backward());
        assert_eq!(gradients["weight"].values, [3.0, 5.0]);
        assert_eq!(gradients["bias"].values, [1.0]);
    }
}
