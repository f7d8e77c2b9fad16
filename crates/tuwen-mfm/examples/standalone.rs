//! Masked frame modelling on made-up hidden states: only Burn and this crate, a few steps of SGD by hand.
//!
//! Sixteen clips of eight frames, one frame of each hidden. An imagined encoder has turned what surrounds the hidden
//! frame into a vector that depends on it linearly; the head learns to recognise the frame among all 128.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Gradients, Tensor};
use tuwen_mfm::{Aligned, FrameHead, FrameLabels, FrameSimilarity, HiddenStates};

const CLIPS: usize = 16;
const FRAMES: usize = 8;
const HIDDEN: usize = 32;
const FEATURE: usize = 24;

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
    let normal = |scale| Distribution::Normal(0.0, scale);

    let frames = Tensor::<2>::random([CLIPS * FRAMES, FEATURE], normal(1.0), &device); // [N, D]
    let to_hidden = Tensor::<2>::random([FEATURE, HIDDEN], normal(0.2), &device);
    let context = frames.clone().matmul(to_hidden).reshape([CLIPS, FRAMES, HIDDEN]);
    let states = context + Tensor::random([CLIPS, FRAMES, HIDDEN], normal(0.1), &device);
    let states = HiddenStates::<Aligned>::new(states);

    // Clip `b` hides its frame `3·b mod 8`. The sequence holds frames alone, so rows and targets coincide.
    let hidden: Vec<u32> = (0..CLIPS).map(|b| (b * FRAMES + 3 * b % FRAMES) as u32).collect();
    let labels = FrameLabels::new(&hidden, &hidden, frames, None).expect("every clip hides a frame");

    for measure in [FrameSimilarity::DotProduct, FrameSimilarity::Cosine { temperature: 0.1 }] {
        let mut head = FrameHead::init(HIDDEN, FEATURE, 1e-12, &device);
        println!("{measure:?}, chance: loss {:.3} = ln {}", ((CLIPS * FRAMES) as f64).ln(), CLIPS * FRAMES);
        for step in 0..=60 {
            let loss = head.loss(&states, &labels, &measure);
            if step % 20 == 0 {
                let hits = head.hits(&states, &labels, &measure).into_scalar::<i64>();
                println!("step {step:2}: loss {:.3}, {hits} of {CLIPS} right", loss.clone().into_scalar::<f32>());
            }
            head = head.map(&mut Sgd { gradients: loss.backward(), learning_rate: 0.1 });
        }
    }
}
