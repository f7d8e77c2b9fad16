//! Masked language modelling on made-up hidden states: only Burn and this crate, a few steps of SGD by hand.
//!
//! Sixty-four sentences of eight tokens; an imagined encoder has turned the context of each masked token into a vector
//! near the word that is missing. The head learns to read the word off it.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Gradients, Int, Tensor};
use tuwen_mlm::{Aligned, HiddenStates, MlmHead, TokenLabels};

const SENTENCES: usize = 64;
const LENGTH: usize = 8;
const HIDDEN: usize = 32;
const WORDS: usize = 50;

struct Sgd {
    gradients: Gradients,
    learning_rate: f64,
}

impl ModuleMapper for Sgd {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = param.val().grad(&self.gradients) else { return param };
        let step = gradient.mul_scalar(self.learning_rate);
        param.map(|weight| Tensor::from_inner(weight.inner() - step).require_grad())
    }
}

fn main() {
    let device = Device::flex().autodiff();
    device.seed(42);

    // One masked token in each sentence: sentence `b` misses word `7·b mod 50` at place `b mod 8`.
    let rows: Vec<u32> = (0..SENTENCES).map(|b| (b * LENGTH + b % LENGTH) as u32).collect();
    let ids: Vec<u32> = (0..SENTENCES).map(|b| (7 * b % WORDS) as u32).collect();
    let labels = TokenLabels::new(&rows, &ids, &device).expect("every sentence has a masked token");

    let normal = |scale| Distribution::Normal(0.0, scale);
    let meanings = Tensor::<2>::random([WORDS, HIDDEN], normal(1.0), &device);
    let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
    let context = meanings.select(0, Tensor::<1, Int>::from_ints(ids.as_slice(), &device)); // [B, H]
    let context = context.unsqueeze_dim::<3>(1).expand([SENTENCES, LENGTH, HIDDEN]);
    let states = context + Tensor::random([SENTENCES, LENGTH, HIDDEN], normal(0.3), &device);
    let states = HiddenStates::<Aligned>::new(states);

    let mut head = MlmHead::init(HIDDEN, WORDS, 1e-12, &device);
    println!("chance: loss {:.3} = ln {WORDS}", (WORDS as f64).ln());
    for step in 0..=60 {
        let loss = head.loss(&states, &labels);
        if step % 10 == 0 {
            let hits = head.predict(&states, &labels).hits.into_scalar::<i64>();
            println!("step {step:2}: loss {:.3}, {hits} of {SENTENCES} right", loss.clone().into_scalar::<f32>());
        }
        head = head.map(&mut Sgd { gradients: loss.backward(), learning_rate: 1.0 });
    }
}
