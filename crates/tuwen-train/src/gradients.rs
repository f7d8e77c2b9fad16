//! The gradients of a step by parameter, whether it was computed at once or in parts.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{Gradients, Tensor};
use tuwen_encoder::Tape;

/// Gradients of a model's parameters.
pub struct ModelGradients(Kind);

enum Kind {
    Whole(Gradients),
    /// Flat.
    Summed(HashMap<ParamId, Tensor<1>>),
}

impl From<Gradients> for ModelGradients {
    fn from(gradients: Gradients) -> Self {
        Self(Kind::Whole(gradients))
    }
}

impl ModelGradients {
    /// That of a parameter, flat and outside of autodiff; none if the loss does not depend on it.
    pub fn of<const D: usize>(&self, parameter: &Param<Tensor<D>>) -> Option<Tensor<1>> {
        match &self.0 {
            Kind::Whole(gradients) => parameter.val().grad(gradients).map(flat),
            Kind::Summed(sums) => sums.get(&parameter.id).cloned(),
        }
    }
}

fn flat<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let count = tensor.shape().num_elements();
    tensor.reshape([count])
}

type Reader = Box<dyn Fn(&Gradients) -> Option<Tensor<1>>>;

/// The parameters of a model, to read gradients by while the model is in use.
pub struct Parameters(Vec<(ParamId, Reader)>);

impl Parameters {
    /// Those of `model`.
    pub fn of<M: Module>(model: &M) -> Self {
        let mut parameters = Self(Vec::new());
        model.visit(&mut parameters);
        parameters
    }

    /// The gradients of `total`, whose step was recorded on `tape`.
    pub fn gradients(self, tape: Tape<'_>, total: &Tensor<1>) -> ModelGradients {
        if tape.is_empty() {
            return total.backward().into();
        }
        let mut sums = HashMap::new();
        tape.backward(total, &mut |part| self.add(part, &mut sums));
        ModelGradients(Kind::Summed(sums))
    }

    fn add(&self, part: &Gradients, sums: &mut HashMap<ParamId, Tensor<1>>) {
        for (id, read) in &self.0 {
            let Some(gradient) = read(part) else { continue };
            let sum = match sums.remove(id) {
                Some(sum) => sum + gradient,
                None => gradient,
            };
            sums.insert(*id, sum);
        }
    }
}

impl ModuleVisitor for Parameters {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let value = parameter.val();
        self.0.push((parameter.id, Box::new(move |gradients| value.grad(gradients).map(flat))));
    }
}
