//! Image–text alignment on made-up features: only Burn and this crate, a few steps of SGD by hand.
//!
//! Images and captions are two fixed random views of the same 256 meanings. A linear map for each side learns to bring
//! the views of one meaning together; their momentum twins follow slowly and fill the queue.

use burn::tensor::{Device, Distribution, Int, Tensor};
use tuwen_ita::{AlphaRamp, FeatureQueue, PairKeys, Positives, alignment_loss, hard_targets, in_batch_hits};
use tuwen_ita::{positive_mask, similarities, soft_targets};

const PAIRS: i64 = 256;
const BATCH: i64 = 32;
const MEANING: usize = 16;
const EMBEDDING: usize = 16;
const MOMENTUM: f64 = 0.9;

/// `x · W`, scaled to unit length.
fn features(view: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    let projected = view.matmul(weight);
    let lengths = projected.clone().square().sum_dim(1).sqrt();
    projected / lengths
}

fn main() {
    let plain = Device::flex();
    plain.seed(42);
    let normal = |rows: usize, columns: usize| {
        Tensor::<2>::random([rows, columns], Distribution::Normal(0.0, 1.0 / (rows as f64).sqrt()), &plain)
    };
    let meanings = normal(PAIRS as usize, MEANING).mul_scalar((PAIRS as f64).sqrt());
    let views = [normal(MEANING, MEANING), normal(MEANING, MEANING)].map(|view| meanings.clone().matmul(view));

    let mut weights = [normal(MEANING, EMBEDDING), normal(MEANING, EMBEDDING)];
    let mut twins = weights.clone();
    let mut queue = FeatureQueue::empty(64, EMBEDDING, &plain);
    let alpha = AlphaRamp { alpha: 0.4, ramp: 100 };
    let temperature = Tensor::<1>::from_floats([0.1], &plain);
    println!("chance: loss {:.3} = ln {}, 1 hit", ((BATCH + 64) as f64).ln(), BATCH + 64);
    for step in 0..=200 {
        let rows = Tensor::<1, Int>::arange(0..BATCH, &plain).add_scalar(step * BATCH % PAIRS);
        let keys: Vec<PairKeys> = (0..BATCH).map(|i| (step * BATCH + i) % PAIRS).map(pair).collect();
        let batch = views.clone().map(|view| view.select(0, rows.clone()));

        let tracked = weights.clone().map(|weight| weight.autodiff().require_grad());
        let [image, text] = [0, 1].map(|side| features(batch[side].clone(), tracked[side].clone()));
        let [image_m, text_m] = [0, 1].map(|side| features(batch[side].clone(), twins[side].clone()));
        let all_images = Tensor::cat(vec![image_m.clone(), queue.image()], 0);
        let all_texts = Tensor::cat(vec![text_m.clone(), queue.text()], 0);
        let positives = positive_mask(Positives::default(), &keys, queue.keys(), &plain);
        let hard = hard_targets(positives.clone());

        let against = |student, keys: &Tensor<2>| similarities(student, keys.clone(), temperature.clone());
        let alpha = alpha.at(step as u64);
        let targets_i2t = soft_targets(against(image_m.clone(), &all_texts), hard.clone(), alpha);
        let targets_t2i = soft_targets(against(text_m.clone(), &all_images), hard, alpha);
        let [sim_i2t, sim_t2i] = [against(image, &all_texts), against(text, &all_images)];
        let loss = alignment_loss(sim_i2t.clone(), sim_t2i, targets_i2t, targets_t2i);
        if step % 25 == 0 {
            let own = BATCH as usize; // the batch's own columns stand first
            let hits = in_batch_hits(sim_i2t.narrow(1, 0, own), positives.narrow(1, 0, own));
            let hits = [hits.image_to_text, hits.text_to_image].map(|count| count.into_scalar::<i64>());
            println!("step {step:3}: loss {:.3}, hits {hits:?} of {BATCH}", loss.clone().into_scalar::<f32>());
        }

        let gradients = loss.backward();
        for side in [0, 1] {
            let Some(gradient) = tracked[side].grad(&gradients) else { continue };
            weights[side] = weights[side].clone() - gradient.mul_scalar(0.2);
            twins[side] = twins[side].clone().mul_scalar(MOMENTUM) + weights[side].clone().mul_scalar(1.0 - MOMENTUM);
        }
        queue.enqueue(image_m, text_m, &keys);
    }
}

fn pair(meaning: i64) -> PairKeys {
    PairKeys { image: meaning as u64, caption: meaning as u64 }
}
