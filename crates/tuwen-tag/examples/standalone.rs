//! Tagging made-up hidden states: only Burn and this crate, a few steps of SGD by hand.
//!
//! Forty-eight clips with two of twenty tags each, every sixth without: its tags are missing, not empty. The imagined
//! encoder's `[CLS]` state is the sum of a vector for each tag; the head learns to take it apart.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Gradients, Tensor};
use tuwen_tag::{Aligned, HiddenStates, TagHead, TagHits, TagLabels, top_tag_hits};

const CLIPS: usize = 48;
const HIDDEN: usize = 64;
const TAGS: usize = 20;

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

    let tags = |clip: usize| [clip % TAGS, (7 * clip + 3) % TAGS];
    let lists: Vec<Option<Vec<u32>>> =
        (0..CLIPS).map(|clip| (clip % 6 != 5).then(|| tags(clip).map(|tag| tag as u32).to_vec())).collect();
    let labels = TagLabels::new(&lists, TAGS, &device).expect("most clips have tags");

    let meanings = Tensor::<2>::random([TAGS, HIDDEN], Distribution::Normal(0.0, 1.0), &device);
    let state = |clip: usize| tags(clip).map(|tag| meanings.clone().narrow(0, tag, 1)).into_iter().reduce(|a, b| a + b);
    let states = Tensor::cat((0..CLIPS).filter_map(state).collect(), 0); // [B, H]
    let states = HiddenStates::<Aligned>::new(states.unsqueeze_dim(1)); // [B, S = 1, H]

    let mut head = TagHead::init(HIDDEN, TAGS, &device);
    let share: f64 = 2.0 / TAGS as f64;
    let entropy = -share * share.ln() - (1.0 - share) * (1.0 - share).ln();
    println!("knowing only how frequent tags are: loss {entropy:.3}, precision@1 {share:.2}");
    for step in 0..=200 {
        let loss = head.loss_at(&states, 0, &labels);
        if step % 40 == 0 {
            let TagHits { hits, rows } = top_tag_hits(head.logits(states.at(0), &labels), labels.targets.clone());
            let (hits, rows) = (hits.into_scalar::<i64>(), rows.into_scalar::<i64>());
            println!("step {step:3}: loss {:.3}, {hits} of {rows} right", loss.clone().into_scalar::<f32>());
        }
        head = head.map(&mut Sgd { gradients: loss.backward(), learning_rate: 2.0 });
    }
}
