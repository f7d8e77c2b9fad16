//! Video–text matching on made-up hidden states: only Burn and this crate, a few steps of SGD by hand.
//!
//! Thirty-two clips and titles that show and say the same thing, a vector each. Every step mismatches another half of
//! them; the imagined encoder's `[CLS]` state holds the products of clip and title, the head learns to read them.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Gradients, Tensor};
use tuwen_itm::{Draws, HiddenStates, MatchCounts, MatchHead, PAIRING, PairIdentity, Shuffled};
use tuwen_itm::{ItmError, balanced_pairing, shuffle_clips};

const PAIRS: usize = 32;
const FEATURE: usize = 64;

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

fn main() -> Result<(), ItmError> {
    let device = Device::flex().autodiff();
    device.seed(42);

    let meanings = Tensor::<3>::random([PAIRS, 1, FEATURE], Distribution::Normal(0.0, 1.0), &device); // [B, T, D]
    let frame_mask = Tensor::full([PAIRS, 1], true, &device);
    let identities: Vec<PairIdentity> = (0..PAIRS as u64).map(|i| PairIdentity { clip: i, text: i }).collect();

    let mut head = MatchHead::init(FEATURE, &device);
    println!("chance: loss {:.3} = ln 2, balanced accuracy 0.5", 2.0_f64.ln());
    for step in 0..=60 {
        let pairing = balanced_pairing(&identities, &Draws::new(42, PAIRING, 0, step))?;
        let (clips, _mask) = shuffle_clips(meanings.clone(), frame_mask.clone(), &pairing);
        let states = HiddenStates::<Shuffled>::new(clips * meanings.clone()); // [B, S = 1, H = D]
        let loss = head.loss(&states, 0, &pairing.labels(&device));
        if step % 10 == 0 {
            let logits: Vec<f32> = head.forward(states.at(0)).into_data().iter::<f32>().collect();
            let accuracy = MatchCounts::new(&logits, &pairing.matches).balanced_accuracy().unwrap_or(f64::NAN);
            println!("step {step:2}: loss {:.3}, balanced accuracy {accuracy:.3}", loss.clone().into_scalar::<f32>());
        }
        head = head.map(&mut Sgd { gradients: loss.backward(), learning_rate: 0.1 });
    }
    Ok(())
}
