//! Which tensor of a step is the first that is not finite.

use std::fmt;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use tuwen_ops::sum_of_squares;

use crate::gradients::ModelGradients;

/// The first thing in a step that is not finite: weights come before losses, losses before gradients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadTensor {
    /// A weight, before the step: everything that follows is spoilt by it.
    Weight(String),
    /// The loss of a task.
    Loss(String),
    /// The gradient of a weight, or the sum of its squares.
    Gradient(String),
    /// The sum of all squares, though none of them alone.
    Norm,
}

impl fmt::Display for BadTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weight(name) => write!(f, "weight `{name}`"),
            Self::Loss(name) => write!(f, "loss `{name}`"),
            Self::Gradient(name) => write!(f, "the gradient of `{name}`"),
            Self::Norm => write!(f, "the norm of all gradients"),
        }
    }
}

impl BadTensor {
    /// The first weight of `model`, or else the first gradient, that is not finite, in the order of the model's fields.
    pub(crate) fn first<M: Module>(model: &M, gradients: &ModelGradients) -> Self {
        let mut squares = Squares { gradients, path: Vec::new(), weights: Vec::new(), slopes: Vec::new() };
        model.visit(&mut squares);
        let Squares { weights, slopes, .. } = squares;
        first_bad(weights).map(Self::Weight).or_else(|| first_bad(slopes).map(Self::Gradient)).unwrap_or(Self::Norm)
    }
}

type Named = Vec<(String, Tensor<1>)>;

/// `Σ x²` of each weight and of each gradient: one number tells whether a whole tensor is finite.
struct Squares<'a> {
    gradients: &'a ModelGradients,
    path: Vec<String>,
    weights: Named,
    slopes: Named,
}

impl ModuleVisitor for Squares<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_string());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let (name, weight) = (self.path.join("."), parameter.val());
        if let Some(gradient) = self.gradients.of(parameter) {
            self.slopes.push((name.clone(), sum_of_squares(gradient)));
        }
        self.weights.push((name, sum_of_squares(weight)));
    }
}

fn first_bad(named: Named) -> Option<String> {
    let (names, squares): (Vec<_>, Vec<_>) = named.into_iter().unzip();
    if squares.is_empty() {
        return None;
    }
    let bad = Tensor::cat(squares, 0).into_data().iter::<f64>().position(|square| !square.is_finite())?;
    names.into_iter().nth(bad)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[derive(Module, Debug)]
    struct Two {
        first: Param<Tensor<1>>,
        second: Param<Tensor<1>>,
    }

    /// Of `Σ first + Σ √second`, whose slope along `second` is 1 / (2√second).
    fn bad(first: [f32; 2], second: [f32; 2]) -> BadTensor {
        let device = Device::flex().autodiff();
        let [first, second] = [first, second].map(|values| Param::from_tensor(Tensor::from_floats(values, &device)));
        let model = Two { first, second };
        let sum = model.first.val().sum() + model.second.val().sqrt().sum();
        BadTensor::first(&model, &sum.backward().into())
    }

    #[test]
    fn a_gradient_is_named_where_all_weights_are_finite() {
        let found = bad([1.0, 2.0], [4.0, 0.0]); // 1 / (2√0)
        assert_eq!(found, BadTensor::Gradient("second".to_string()));
        assert_eq!(found.to_string(), "the gradient of `second`");
    }

    #[test]
    fn a_weight_comes_before_any_gradient() {
        assert_eq!(bad([0.0, f32::NAN], [0.0, 0.0]), BadTensor::Weight("first".to_string()));
        assert_eq!(bad([1.0, 1.0], [f32::INFINITY, 1.0]), BadTensor::Weight("second".to_string()));
    }

    #[test]
    fn nothing_bad_alone_leaves_the_sum() {
        assert_eq!(bad([1.0, 1.0], [1.0, 1.0]), BadTensor::Norm);
    }
}
