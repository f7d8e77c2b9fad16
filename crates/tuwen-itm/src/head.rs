//! From the `[CLS]` state of a pair to one logit: do clip and text belong together?

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use tuwen_core::{HiddenStates, MatchLabels, Shuffled};
use tuwen_ops::Linear;

use crate::match_loss;

/// `w·h + b`; above 0 means match.
#[derive(Module, Debug)]
pub struct MatchHead {
    /// H to 1.
    pub classifier: Linear,
}

impl MatchHead {
    /// A fresh head.
    pub fn init(hidden_size: usize, device: &Device) -> Self {
        Self { classifier: Linear::init(hidden_size, 1, device) }
    }

    /// `[CLS]` states `[B, H]` to logits `[B]`.
    pub fn forward(&self, states: Tensor<2>) -> Tensor<1> {
        self.classifier.forward(states).squeeze_dim(1)
    }

    /// The loss `[1]` of states whose `[CLS]` stands at position `cls` of each sequence. States of an aligned batch
    /// are no input, as they hold no mismatch:
    ///
    /// ```compile_fail,E0308
    /// # use burn::tensor::{Device, Tensor};
    /// # use tuwen_core::Aligned;
    /// # use tuwen_itm::{HiddenStates, MatchHead, MatchLabels};
    /// # let device = Device::flex();
    /// # let (head, labels) = (MatchHead::init(8, &device), MatchLabels::new(&[true], &device));
    /// head.loss(&HiddenStates::<Aligned>::new(Tensor::ones([1, 4, 8], &device)), 0, &labels);
    /// ```
    pub fn loss(&self, states: &HiddenStates<Shuffled>, cls: usize, labels: &MatchLabels) -> Tensor<1> {
        match_loss(self.forward(states.at(cls)), labels.matches.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::{ModuleVisitor, Param};

    #[test]
    fn the_cls_state_alone_decides() {
        let device = Device::flex();
        let head = MatchHead {
            classifier: Linear {
                weight: Param::from_tensor(Tensor::from_floats([[1.0], [-2.0]], &device)),
                bias: Param::from_tensor(Tensor::from_floats([0.5], &device)),
            },
        };
        let states = Tensor::from_floats([[[9.0, 9.0], [3.0, 1.0]], [[-9.0, 9.0], [0.0, 1.0]]], &device);
        let states = HiddenStates::new(states);
        // `[CLS]` at position 1: 3 − 2 + 0.5 and 0 − 2 + 0.5.
        assert_eq!(head.forward(states.at(1)).try_into_vec_as::<f32>().unwrap(), [1.5, -1.5]);
        let loss = head.loss(&states, 1, &MatchLabels::new(&[true, false], &device)).into_scalar::<f32>();
        assert!((loss - (-1.5_f32).exp().ln_1p()).abs() < 1e-6);
    }

    #[test]
    fn weights_are_named_as_in_checkpoints() {
        #[derive(Default)]
        struct Names(Vec<String>, Vec<String>); // where the visit is, and what it has seen
        impl ModuleVisitor for Names {
            fn enter_module(&mut self, name: &str, _: &str) {
                self.0.push(name.to_owned());
            }
            fn exit_module(&mut self, _: &str, _: &str) {
                self.0.pop();
            }
            fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
                self.1.push(self.0.join("."));
            }
        }
        let mut names = Names::default();
        MatchHead::init(2, &Device::flex()).visit(&mut names);
        assert_eq!(names.1, ["classifier.weight", "classifier.bias"]);
    }
}
