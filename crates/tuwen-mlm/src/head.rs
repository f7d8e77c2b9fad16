//! From the hidden state of a masked position to a score for each word.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use tuwen_core::{Aligned, HiddenStates, TokenLabels};
use tuwen_ops::{LayerNorm, Linear, linear_gelu};

use crate::{mlm_loss, token_hits};

/// `decoder(norm(gelu(transform(h))))`, BERT's head over the vocabulary; its decoder is its own (untied).
#[derive(Module, Debug)]
pub struct MlmHead {
    /// H to H.
    pub transform: Linear,
    /// Over H.
    pub norm: LayerNorm,
    /// H to V.
    pub decoder: Linear,
}

/// What the head says about the masked tokens.
#[derive(Clone, Debug)]
pub struct TokenPredictions {
    /// `[M]`: the likeliest id of each; of equally likely ones the lowest.
    pub ids: Tensor<1, Int>,
    /// `[1]`: how many of them are right.
    pub hits: Tensor<1, Int>,
}

impl TokenPredictions {
    /// What the logits of any head say.
    pub fn new(
        logits: Tensor<2>,   // [M, V]
        ids: Tensor<1, Int>, // [M], what stood there
    ) -> Self {
        let hits = token_hits(logits.clone(), ids);
        Self { ids: logits.argmax(1).squeeze_dim(1), hits }
    }
}

impl MlmHead {
    /// A fresh head; BERT's `layer_norm_eps` is 1e-12.
    pub fn init(hidden_size: usize, vocab_size: usize, layer_norm_eps: f64, device: &Device) -> Self {
        Self {
            transform: Linear::init(hidden_size, hidden_size, device),
            norm: LayerNorm::init(hidden_size, layer_norm_eps, device),
            decoder: Linear::init(hidden_size, vocab_size, device),
        }
    }

    /// Hidden states of masked positions `[M, H]` to logits `[M, V]`.
    pub fn forward(&self, hidden: Tensor<2>) -> Tensor<2> {
        self.decoder.forward(self.norm.forward(linear_gelu(&self.transform, hidden)))
    }

    /// Logits `[M, V]` of the labelled positions alone: the other positions never meet the vocabulary.
    pub fn logits(&self, states: &HiddenStates<Aligned>, labels: &TokenLabels) -> Tensor<2> {
        self.forward(states.rows(labels.rows.clone()))
    }

    /// The loss `[1]` over the labelled positions. States of a shuffled pairing are no input:
    ///
    /// ```compile_fail,E0308
    /// # use burn::tensor::{Device, Tensor};
    /// # use tuwen_core::Shuffled;
    /// # use tuwen_mlm::{HiddenStates, MlmHead, TokenLabels};
    /// # let (head, device) = (MlmHead::init(8, 30, 1e-12, &Device::flex()), Device::flex());
    /// # let labels = TokenLabels::new(&[1], &[17], &device).unwrap();
    /// head.loss(&HiddenStates::<Shuffled>::new(Tensor::ones([2, 4, 8], &device)), &labels);
    /// ```
    pub fn loss(&self, states: &HiddenStates<Aligned>, labels: &TokenLabels) -> Tensor<1> {
        mlm_loss(self.logits(states, labels), labels.ids.clone())
    }

    /// The likeliest ids of the labelled positions, and how many are right.
    pub fn predict(&self, states: &HiddenStates<Aligned>, labels: &TokenLabels) -> TokenPredictions {
        TokenPredictions::new(self.logits(states, labels), labels.ids.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::{ModuleVisitor, Param};

    /// A head whose transform is 100 times the identity, so that gelu passes what is positive, and whose decoder
    /// reads off the normalised state: H = V = 2.
    fn literal_head(device: &Device) -> MlmHead {
        let linear = |scale: f32| Linear {
            weight: Param::from_tensor(Tensor::from_floats([[scale, 0.0], [0.0, scale]], device)),
            bias: Param::from_tensor(Tensor::zeros([2], device)),
        };
        MlmHead { transform: linear(100.0), norm: LayerNorm::init(2, 1e-12, device), decoder: linear(1.0) }
    }

    #[test]
    fn logits_by_hand() {
        let device = Device::flex();
        // gelu(100, 300) = (100, 300) → norm: (−1, 1). gelu(500, −100) = (500, 0) → (1, −1).
        let logits = literal_head(&device).forward(Tensor::from_floats([[1.0, 3.0], [5.0, -1.0]], &device));
        for (logit, expected) in logits.try_into_vec_as::<f32>().unwrap().iter().zip([-1.0, 1.0, 1.0, -1.0]) {
            assert!((logit - expected).abs() < 1e-5, "{logit} is not {expected}");
        }
    }

    #[test]
    fn one_of_two_labelled_positions_is_right() {
        let device = Device::flex();
        let states = Tensor::from_floats([[[0.0, 0.0], [1.0, 3.0]], [[5.0, -1.0], [0.0, 0.0]]], &device);
        let labels = TokenLabels::new(&[1, 2], &[1, 1], &device).unwrap();
        let (head, states) = (literal_head(&device), HiddenStates::new(states));
        let predictions = head.predict(&states, &labels);
        assert_eq!(predictions.ids.try_into_vec_as::<i32>().unwrap(), [1, 0]);
        assert_eq!(predictions.hits.into_scalar::<i32>(), 1);
        // Right by 2 and wrong by 2: (ln(1 + e⁻²) + ln(1 + e²)) / 2.
        let expected = ((-2.0_f32).exp().ln_1p() + 2.0_f32.exp().ln_1p()) / 2.0;
        assert!((head.loss(&states, &labels).into_scalar::<f32>() - expected).abs() < 1e-5);
    }

    #[test]
    fn positions_without_a_label_change_nothing() {
        let device = Device::flex();
        let head = MlmHead::init(2, 5, 1e-12, &device);
        let labels = TokenLabels::new(&[1], &[3], &device).unwrap();
        let loss = |other: f32| {
            let states = Tensor::from_floats([[[other, 1.0], [0.5, -0.5]]], &device);
            head.loss(&HiddenStates::new(states), &labels).into_scalar::<f32>()
        };
        assert_eq!(loss(0.0), loss(1e6));
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
        MlmHead::init(2, 3, 1e-12, &Device::flex()).visit(&mut names);
        let expected =
            ["transform", "norm", "decoder"].map(|layer| [format!("{layer}.weight"), format!("{layer}.bias")]);
        assert_eq!(names.1, expected.concat());
    }
}
