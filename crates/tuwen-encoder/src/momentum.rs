//! Momentum encoders: modules that follow another one slowly.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use tuwen_ops::moving_average;

/// A copy of a module that no optimizer knows: its parameters have identities of their own, take no gradient, and move
/// only by [`MomentumEncoder::update`] (He et al., arXiv:1911.05722).
#[derive(Debug)]
pub struct MomentumEncoder<M> {
    module: Option<M>,
}

impl<M: Module> MomentumEncoder<M> {
    /// Starts equal to `student`.
    pub fn of(student: &M) -> Self {
        Self { module: Some(student.clone().map(&mut Detached)) }
    }

    /// The module, to compute with. Its tensors are outside of autodiff.
    pub fn module(&self) -> &M {
        let Some(module) = &self.module else { unreachable!("the module is put back after every update") };
        module
    }

    /// `θ ← momentum·θ + (1−momentum)·student`, for every parameter.
    pub fn update(&mut self, student: &M, momentum: f64) {
        let mut values = Values::default();
        student.visit(&mut values);
        let Some(module) = self.module.take() else { unreachable!("the module is put back after every update") };
        self.module = Some(module.map(&mut Follow { values, momentum, next: 0 }));
    }

    /// The module replaced as `change` says, such as by loaded weights. Identities stay apart.
    pub fn replaced<E>(&self, change: impl FnOnce(M) -> Result<M, E>) -> Result<Self, E> {
        Ok(Self { module: Some(change(self.module().clone())?) })
    }
}

/// Gives every parameter a new identity, outside of autodiff.
struct Detached;

impl ModuleMapper for Detached {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        Param::from_tensor(parameter.val().inner()).set_require_grad(false)
    }
}

/// Parameters in the order of the visit, flat.
#[derive(Default)]
struct Values(BTreeMap<usize, Tensor<1>>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let value = parameter.val().inner();
        let count = value.shape().num_elements();
        self.0.insert(self.0.len(), value.reshape([count]));
    }
}

struct Follow {
    values: Values,
    momentum: f64,
    next: usize,
}

impl ModuleMapper for Follow {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(student) = self.values.0.remove(&self.next) else { return parameter };
        self.next += 1;
        let (id, teacher, mapper) = parameter.consume();
        let student = student.reshape(teacher.dims());
        let moved = moving_average(teacher, student, self.momentum);
        Param::from_mapped_value(id, moved, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use tuwen_ops::Linear;

    fn linear(weight: [[f32; 3]; 2], device: &Device) -> Linear {
        let fresh = Linear::init(2, 3, device);
        Linear { weight: Param::from_tensor(Tensor::from_floats(weight, device)), ..fresh }
    }

    /// The literal of TorchMultimodal's `test_momentum_update`: m = 0.75.
    #[test]
    fn a_quarter_of_the_way() {
        let device = Device::flex().autodiff();
        let mut teacher = MomentumEncoder::of(&linear([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device));
        // m·teacher + (1−m)·student with the roles as in that test: 0.75·6 + 0.25·1 = 4.75, and so on.
        let student = linear([[6.0, 5.0, 4.0], [3.0, 2.0, 1.0]], &device);
        teacher.update(&student, 0.25);
        let weight: Vec<f32> = teacher.module().weight.val().try_into_vec_as().unwrap();
        assert_eq!(weight, [4.75, 4.25, 3.75, 3.25, 2.75, 2.25]);
    }

    #[test]
    fn identities_are_its_own_and_no_gradient_passes() {
        let device = Device::flex().autodiff();
        let student = linear([[1.0; 3]; 2], &device);
        let mut teacher = MomentumEncoder::of(&student);
        assert_ne!(teacher.module().weight.id, student.weight.id);
        let before = teacher.module().weight.id;
        teacher.update(&student, 0.9);
        assert_eq!(teacher.module().weight.id, before);
        assert!(!teacher.module().weight.val().is_require_grad());
    }
}
