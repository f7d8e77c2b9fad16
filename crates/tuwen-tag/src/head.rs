//! From one vector of a clip and its title to a logit for each tag.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use tuwen_core::{Aligned, HiddenStates, TagLabels};
use tuwen_ops::{Linear, relu};

use crate::tag_loss;

/// `relu(h)·W + b`; above 0 means the tag is there.
#[derive(Module, Debug)]
pub struct TagHead {
    /// H to K.
    pub classifier: Linear,
}

impl TagHead {
    /// A fresh head for `tags` (K) tags.
    pub fn init(hidden_size: usize, tags: usize, device: &Device) -> Self {
        Self { classifier: Linear::init(hidden_size, tags, device) }
    }

    /// Pooled states `[B, H]` to logits `[B, K]`.
    pub fn forward(&self, states: Tensor<2>) -> Tensor<2> {
        self.classifier.forward(relu(states))
    }

    /// Logits `[R, K]` of the rows whose tags are known, out of all rows' states `[B, H]`.
    pub fn logits(&self, states: Tensor<2>, labels: &TagLabels) -> Tensor<2> {
        self.forward(states.select(0, labels.rows.clone()))
    }

    /// The loss `[1]` over the rows whose tags are known, out of all rows' states `[B, H]`: the `[CLS]` state, or the
    /// embedding.
    pub fn loss(&self, states: Tensor<2>, labels: &TagLabels) -> Tensor<1> {
        tag_loss(self.logits(states, labels), labels.targets.clone())
    }

    /// [`Self::loss`] of the states at one position of every sequence, such as `[CLS]`.
    pub fn loss_at(&self, states: &HiddenStates<Aligned>, position: usize, labels: &TagLabels) -> Tensor<1> {
        self.loss(states.at(position), labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::{ModuleVisitor, Param};

    /// H = 2, K = 3.
    fn literal_head(device: &Device) -> TagHead {
        let weight = Param::from_tensor(Tensor::from_floats([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]], device));
        TagHead {
            classifier: Linear { weight, bias: Param::from_tensor(Tensor::from_floats([0.0, 0.0, 0.5], device)) },
        }
    }

    #[test]
    fn what_is_negative_does_not_reach_the_tags() {
        let device = Device::flex();
        let logits = literal_head(&device).forward(Tensor::from_floats([[3.0, -7.0], [-1.0, 2.0]], &device));
        assert_eq!(logits.try_into_vec_as::<f32>().unwrap(), [3.0, 0.0, -2.5, 0.0, 4.0, 2.5]);
    }

    #[test]
    fn a_row_of_missing_tags_changes_nothing() {
        let device = Device::flex();
        let head = literal_head(&device);
        let loss = |rows: &[[f32; 2]], lists: &[Option<Vec<u32>>]| {
            let states = Tensor::stack(rows.iter().map(|&row| Tensor::<1>::from_floats(row, &device)).collect(), 0);
            head.loss(states, &TagLabels::new(lists, 3, &device).unwrap()).into_scalar::<f32>()
        };
        let (first, last) = (Some(vec![0, 2]), Some(vec![]));
        let known = loss(&[[0.4, 1.0], [2.0, -1.0]], &[first.clone(), last.clone()]);
        let with_missing = loss(&[[0.4, 1.0], [50.0, 60.0], [2.0, -1.0]], &[first, None, last]);
        assert_eq!(known, with_missing);
    }

    #[test]
    fn the_missing_row_gets_no_gradient() {
        let device = Device::flex();
        let states = Tensor::<2>::from_floats([[0.4, 1.0], [2.0, 1.0]], &device.clone().autodiff()).require_grad();
        let labels = TagLabels::new(&[None, Some(vec![1])], 3, &device).unwrap();
        let loss = literal_head(&device).loss(states.clone(), &labels);
        let gradient: Vec<f32> = states.grad(&loss.backward()).unwrap().try_into_vec_as().unwrap();
        assert_eq!(gradient[..2], [0.0, 0.0]);
        assert!(gradient[2] != 0.0 && gradient[3] != 0.0);
    }

    #[test]
    fn all_missing_is_no_label_and_so_no_loss() {
        assert!(TagLabels::new(&[None, None], 3, &Device::flex()).is_none());
    }

    #[test]
    fn the_state_at_a_position_is_a_pooled_state() {
        let device = Device::flex();
        let labels = TagLabels::new(&[Some(vec![1])], 3, &device).unwrap();
        let states = HiddenStates::new(Tensor::from_floats([[[9.0, 9.0], [0.5, 1.0]]], &device));
        let head = literal_head(&device);
        let pooled = head.loss(Tensor::from_floats([[0.5, 1.0]], &device), &labels).into_scalar::<f32>();
        assert_eq!(head.loss_at(&states, 1, &labels).into_scalar::<f32>(), pooled);
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
        TagHead::init(2, 3, &Device::flex()).visit(&mut names);
        assert_eq!(names.1, ["classifier.weight", "classifier.bias"]);
    }
}
