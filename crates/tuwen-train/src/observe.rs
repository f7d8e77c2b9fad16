//! What a step observes beside its losses, of what it has computed anyway: numbers that the monitors of `tuwen-health` and
//! a reader of the curves need. All are outside of autodiff.

use burn::tensor::{Device, Int, Tensor};
use tuwen_core::{Losses, MatchLabels};
use tuwen_ita::{KeyCosines, Seen, mean_cosine};
use tuwen_mlm::token_hits;

/// τ, how pairs of the batch are told apart, how near keys are, and how alike the features of either side.
pub(crate) fn alignment(
    losses: &mut Losses,
    seen: Option<Seen>,
    in_batch: Option<Tensor<1>>,    // [1]: the loss, where it is the one within the batch
    [image, text]: [&Tensor<2>; 2], // [B, E], unit length
) {
    let Some(seen) = seen else { return };
    losses.observe("temperature", seen.temperature.clone());
    losses.observe("ita_in_batch", in_batch.unwrap_or_else(|| seen.in_batch_cross_entropy()));
    let KeyCosines { own, batch, queue } = seen.cosines();
    losses.observe("cosine_own", own);
    losses.observe("cosine_batch", batch);
    queue.into_iter().for_each(|queue| losses.observe("cosine_queue", queue));
    for (name, features) in [("image_similarity", image), ("text_similarity", text)] {
        if features.dims()[0] > 1 {
            losses.observe(name, mean_cosine(features.clone()));
        }
    }
}

/// Share of pairs that are told right.
pub(crate) fn matching(
    losses: &mut Losses,
    logits: &Tensor<2>,      // [N, 2]
    labels: &Tensor<1, Int>, // [N]
    usable: &Tensor<1>,      // [N]
) {
    let right = logits.clone().inner().argmax(1).squeeze_dim::<1>(1).equal(labels.clone()).float();
    losses.observe("itm_accuracy", (right * usable.clone()).sum() / usable.clone().sum());
}

/// Share of pairs that are told right by one logit, above 0 for a match.
pub(crate) fn one_logit_matching(
    losses: &mut Losses,
    logits: &Tensor<1>, // [B]
    labels: &MatchLabels,
) {
    let right = logits.clone().inner().greater_elem(0.0).equal(labels.matches.clone().greater_elem(0.5));
    losses.observe("itm_accuracy", right.float().mean());
}

/// Share of masked words that are named right.
pub(crate) fn words(
    losses: &mut Losses,
    logits: &Tensor<2>,   // [M, V]
    ids: &Tensor<1, Int>, // [M]
) {
    let [masked] = ids.dims();
    let hits = token_hits(logits.clone().inner(), ids.clone()).float();
    losses.observe("mlm_accuracy", hits.div_scalar(masked as f64));
}

/// How alike the states of the batch are.
pub(crate) fn states(
    losses: &mut Losses,
    states: Tensor<2>, // [B, H]
) {
    if states.dims()[0] > 1 {
        let states = states.inner();
        let lengths = (states.clone() * states.clone()).sum_dim(1).sqrt().clamp_min(1e-12); // [B, 1]
        losses.observe("state_similarity", mean_cosine(states / lengths));
    }
}

/// Of so many that could be, so many were masked; nothing where there was none to mask.
pub(crate) fn masked_share(losses: &mut Losses, name: &'static str, masked: usize, of: usize, device: &Device) {
    if of > 0 {
        losses.observe(name, Tensor::from_floats([masked as f32 / of as f32], device));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(losses: &Losses) -> Vec<(&'static str, f32)> {
        let values = losses.values().unwrap().try_into_vec_as::<f32>().unwrap();
        losses.observed().zip(values).collect()
    }

    #[test]
    fn pairs_that_do_not_count_are_left_out() {
        let (mut losses, device) = (Losses::default(), Device::flex());
        let logits = Tensor::from_floats([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], &device);
        let labels = Tensor::from_ints([1, 0, 0, 0], &device);
        matching(&mut losses, &logits, &labels, &Tensor::from_floats([1.0, 1.0, 1.0, 0.0], &device));
        assert_eq!(numbers(&losses), [("itm_accuracy", 2.0 / 3.0)]);
    }

    #[test]
    fn one_logit_tells_pairs_apart_at_zero() {
        let (mut losses, device) = (Losses::default(), Device::flex());
        let logits = Tensor::from_floats([2.0, -1.0, 0.0, 0.5], &device);
        one_logit_matching(&mut losses, &logits, &MatchLabels::new(&[true, true, false, false], &device));
        assert_eq!(numbers(&losses), [("itm_accuracy", 2.0 / 4.0)]);
    }

    #[test]
    fn states_are_compared_whatever_their_length() {
        let (mut losses, device) = (Losses::default(), Device::flex());
        states(&mut losses, Tensor::from_floats([[3.0, 0.0], [5.0, 0.0], [0.0, 2.0]], &device));
        let found = numbers(&losses)[0].1; // cosines 1, 0, 0
        assert!((found - 1.0 / 3.0).abs() < 1e-6, "{found}");
        states(&mut losses, Tensor::from_floats([[3.0, 0.0]], &device)); // one alone has no other
        assert_eq!(losses.observed().count(), 1);
    }

    #[test]
    fn shares_of_words_and_of_what_is_masked() {
        let (mut losses, device) = (Losses::default(), Device::flex());
        words(
            &mut losses,
            &Tensor::from_floats([[0.0, 9.0], [3.0, 2.0]], &device),
            &Tensor::from_ints([1, 1], &device),
        );
        masked_share(&mut losses, "mlm_masked_share", 3, 8, &device);
        masked_share(&mut losses, "mfm_masked_share", 0, 0, &device);
        assert_eq!(numbers(&losses), [("mlm_accuracy", 0.5), ("mlm_masked_share", 0.375)]);
    }
}
