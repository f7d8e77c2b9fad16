//! A head whose decoder is the encoder's word table (Press & Wolf, arXiv:1608.05859): BERT's and ALBEF's.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use tuwen_ops::{LayerNorm, Linear, linear_gelu, tied_linear};

/// `norm(gelu(transform(h))) · Eᵀ + bias`, E the word embeddings. The head doesn't hold E: who has it passes it in.
#[derive(Module, Debug)]
pub struct TiedMlmHead {
    /// H to H.
    pub transform: Linear,
    /// Over H.
    pub norm: LayerNorm,
    /// `[V]`, starts at 0.
    pub bias: Param<Tensor<1>>,
}

impl TiedMlmHead {
    /// A fresh head; BERT's `layer_norm_eps` is 1e-12.
    pub fn init(hidden_size: usize, vocab_size: usize, layer_norm_eps: f64, device: &Device) -> Self {
        Self {
            transform: Linear::init(hidden_size, hidden_size, device),
            norm: LayerNorm::init(hidden_size, layer_norm_eps, device),
            bias: Param::from_tensor(Tensor::zeros([vocab_size], device)),
        }
    }

    /// Logits `[M, V]`. Under autodiff the table gets this gradient on top of that of its use as embedding.
    pub fn logits(
        &self,
        hidden: Tensor<2>,          // [M, H], masked positions alone
        word_embeddings: Tensor<2>, // [V, H]
    ) -> Tensor<2> {
        let words = self.norm.forward(linear_gelu(&self.transform, hidden)); // [M, H]
        tied_linear(words, word_embeddings, self.bias.val())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TokenPredictions, mlm_loss};
    use burn::module::ModuleVisitor;
    use burn::tensor::Int;
    use tuwen_ops::Embedding;

    /// A transform of 100 times the identity, so that gelu passes what is positive: H = 2.
    fn literal_head(bias: [f32; 3], device: &Device) -> TiedMlmHead {
        TiedMlmHead {
            transform: Linear {
                weight: Param::from_tensor(Tensor::from_floats([[100.0, 0.0], [0.0, 100.0]], device)),
                bias: Param::from_tensor(Tensor::zeros([2], device)),
            },
            norm: LayerNorm::init(2, 1e-12, device),
            bias: Param::from_tensor(Tensor::from_floats(bias, device)),
        }
    }

    #[test]
    fn logits_by_hand() {
        let device = Device::flex();
        let table = Tensor::from_floats([[1.0, 2.0], [3.0, 0.0], [0.0, -1.0]], &device);
        // gelu(100, 300) = (100, 300) → norm: (−1, 1). gelu(500, −100) = (500, 0) → (1, −1).
        let hidden = Tensor::from_floats([[1.0, 3.0], [5.0, -1.0]], &device);
        let logits = literal_head([0.0, 0.0, 10.0], &device).logits(hidden, table);
        let predictions = TokenPredictions::new(logits.clone(), Tensor::from_ints([2, 1], &device));
        for (logit, expected) in logits.try_into_vec_as::<f32>().unwrap().iter().zip([1.0, -3.0, 9.0, -1.0, 3.0, 11.0])
        {
            assert!((logit - expected).abs() < 1e-4, "{logit} is not {expected}");
        }
        assert_eq!(predictions.ids.try_into_vec_as::<i32>().unwrap(), [2, 2]);
        assert_eq!(predictions.hits.into_scalar::<i32>(), 1);
    }

    #[test]
    fn a_fresh_head_guesses_among_the_vocabulary() {
        let device = Device::flex();
        let head = TiedMlmHead::init(16, 50, 1e-12, &device);
        let table = Embedding::init(50, 16, &device).weight.val();
        let loss = mlm_loss(head.logits(Tensor::ones([3, 16], &device), table), Tensor::from_ints([1, 2, 3], &device));
        assert!((loss.into_scalar::<f32>() - 50.0_f32.ln()).abs() < 0.3);
    }

    #[test]
    fn the_table_gets_the_gradient_of_both_its_uses() {
        let device = Device::flex().autodiff();
        let head = TiedMlmHead {
            transform: Linear {
                weight: Param::from_tensor(Tensor::from_floats([[1., 2., 0.], [0., 1., -1.], [0.5, 0., 1.]], &device)),
                bias: Param::from_tensor(Tensor::zeros([3], &device)),
            },
            norm: LayerNorm::init(3, 1e-12, &device),
            bias: Param::from_tensor(Tensor::zeros([3], &device)),
        };
        let ids = || Tensor::<1, Int>::from_ints([1, 2], &device);
        // What the table is as embedding (`read`) and as decoder (`said`): both, or either one as a constant.
        let gradient = |read: bool, said: bool| {
            let table = [[0.3, -0.2, 0.9], [1.0, 0.4, -0.6], [-0.5, 0.8, 0.1]];
            let table = Tensor::<2>::from_floats(table, &device).require_grad();
            let used = |counts: bool| if counts { table.clone() } else { table.clone().detach() };
            let hidden = used(read).select(0, Tensor::<1, Int>::from_ints([0, 1], &device)); // [M, H]
            let loss = mlm_loss(head.logits(hidden, used(said)), ids());
            table.grad(&loss.backward()).unwrap()
        };
        let (both, read, said) = (gradient(true, true), gradient(true, false), gradient(false, true));
        for part in [&read, &said] {
            assert!(part.clone().abs().sum().into_scalar::<f32>() > 0.1);
        }
        assert!(both.all_close(read + said, Some(1e-5), Some(1e-6)));
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
        TiedMlmHead::init(2, 3, 1e-12, &Device::flex()).visit(&mut names);
        let expected = ["transform.weight", "transform.bias", "norm.weight", "norm.bias", "bias"];
        assert_eq!(names.1, expected);
    }
}
