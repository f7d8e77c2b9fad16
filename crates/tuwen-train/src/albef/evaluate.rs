//! Tests ALBEF on held-out pairs: each task's loss, its hits, and what guessing would reach.

use std::collections::{BTreeMap, HashMap};

use burn::tensor::{Int, Tensor};
use tuwen_encoder::Tape;
use tuwen_ita::{InBatchHits, contrastive_loss, in_batch_hits, positive_mask, similarities};
use tuwen_itm::{MatchCounts, match_margins, weighted_pair_loss};
use tuwen_mlm::{mlm_loss, token_hits};
use tuwen_ops::Dropout;

use super::fusion::Fused;
use super::step::{Negatives, StepInput, draw, match_labels, word_logits};
use super::towers::{fused, image_states, text_states};
use super::{AlbefPretraining, Batch, Example, Stage};
use crate::evaluation::TaskResult;

/// What the tests need beside the model.
#[derive(Clone, Debug)]
pub struct Test<'a> {
    /// The step's settings; negatives are drawn anew for each batch, as hard as they come.
    pub input: StepInput<'a>,
    /// The run's seed.
    pub seed: u64,
    /// The id that fills up short captions.
    pub pad: u32,
}

/// Sums over batches; means are taken at the end, so that a small last batch weighs as little as it should.
#[derive(Default)]
struct Totals {
    losses: [f64; 3], // ita, itm, mlm: Σ loss · predictions
    counts: [f64; 3],
    hits: [f64; 3],
    /// ITA: Σ of what guessing hits.
    guessed: f64,
    words: HashMap<u32, u64>,
    matching: MatchCounts,
}

/// The results of the tasks that some stage trains, dropout off. Alignment and matching are tested within the batch.
pub fn evaluate(
    model: &AlbefPretraining,
    batches: &[Vec<Example>],
    stages: &[Stage],
    test: &Test<'_>,
) -> BTreeMap<String, TaskResult> {
    let mut totals = Totals::default();
    for (index, examples) in batches.iter().enumerate() {
        let batch = Batch::new(examples, test.pad, &model.temperature.val().device());
        let negatives = Negatives::Drawn { seed: test.seed, step: u64::MAX - index as u64 };
        one_batch(model, &batch, &StepInput { negatives, ..test.input.clone() }, &mut totals);
    }
    let trained = [
        ("ita", stages.iter().any(|stage| stage.ita.is_some())),
        ("itm", stages.iter().any(|stage| stage.itm.is_some())),
        ("mlm", stages.iter().any(|stage| stage.mlm.is_some())),
    ];
    let results =
        trained.into_iter().enumerate().filter(|(place, (_, trained))| *trained && totals.counts[*place] > 0.0);
    results.filter_map(|(place, (task, _))| Some((task.to_string(), result(place, &totals)?))).collect()
}

fn one_batch(model: &AlbefPretraining, batch: &Batch, input: &StepInput<'_>, totals: &mut Totals) {
    let (encoder, off, tape) = (&model.encoder, Dropout::off(), Tape::off());
    let image_states = image_states(encoder.on(&tape), batch);
    let texts = text_states(encoder.on(&tape), batch, batch.token_labels.is_some(), &input.savings, &off);
    let (image, text) =
        (encoder.image_features(&image_states), encoder.text_features(&texts.clean, &batch.attention_mask));
    let i2t = similarities(image, text, model.temperature.val()); // [B, B]
    let positives = positive_mask(input.positives, &batch.keys, &[], &i2t.device());
    let size = batch.len() as f64;
    totals.guessed += number(positives.clone().int().sum()) / size * 2.0;
    let InBatchHits { image_to_text, text_to_image } = in_batch_hits(i2t.clone(), positives.clone());
    let hits = number(image_to_text) + number(text_to_image);
    totals.add(0, &contrastive_loss(i2t.clone(), positives), hits, 2.0 * size);
    // A batch of one has no negative: it is left out of matching alone.
    let negatives = (batch.len() > 1).then(|| draw(&i2t, &i2t.clone().transpose(), batch, 1.0, input));
    let states = (&image_states, &texts);
    let Fused { matching, words } = fused(encoder.on(&tape), states, batch, negatives.as_ref(), &input.savings, &off);
    if let (Some(states), Some([images, texts])) = (matching, negatives) {
        let (labels, usable) = match_labels(batch.len(), &images, &texts);
        let logits = model.itm.forward(states); // [3·B, 2]
        let flags =
            |tensor: Tensor<1>| tensor.into_data().iter::<f32>().map(|value| value > 0.5).collect::<Vec<bool>>();
        let (matches, counted) = (flags(labels.clone().float()), flags(usable.clone()));
        let margins: Vec<f32> = match_margins(logits.clone()).into_data().iter::<f32>().collect();
        let kept: Vec<(f32, bool)> =
            (0..margins.len()).filter(|&i| counted[i]).map(|i| (margins[i], matches[i])).collect();
        let (margins, matches): (Vec<f32>, Vec<bool>) = kept.into_iter().unzip();
        totals.matching += MatchCounts::new(&margins, &matches);
        totals.add(1, &weighted_pair_loss(logits, labels, usable), 0.0, matches.len() as f64);
    }
    if let (Some(states), Some(labels)) = (words, &batch.token_labels) {
        let logits = word_logits(&model.mlm, encoder, states, labels, &input.savings);
        let ids: Vec<u32> = labels.ids.to_data().iter::<u32>().collect();
        ids.iter().for_each(|&id| *totals.words.entry(id).or_default() += 1);
        let hits = number(token_hits(logits.clone(), labels.ids.clone()));
        totals.add(2, &mlm_loss(logits, labels.ids.clone()), hits, ids.len() as f64);
    }
}

impl Totals {
    fn add(&mut self, place: usize, loss: &Tensor<1>, hits: f64, count: f64) {
        self.losses[place] += f64::from(loss.clone().into_scalar::<f32>()) * count;
        self.hits[place] += hits;
        self.counts[place] += count;
    }
}

fn number(count: Tensor<1, Int>) -> f64 {
    count.into_scalar::<i64>() as f64
}

/// Nothing where no batch held a negative to tell true pairs from.
fn result(place: usize, totals: &Totals) -> Option<TaskResult> {
    let predictions = totals.counts[place];
    let (accuracy, chance) = match place {
        0 => (totals.hits[0] / predictions, totals.guessed / predictions),
        1 => (totals.matching.balanced_accuracy()?, 0.5),
        _ => {
            let commonest = totals.words.values().copied().max().unwrap_or(0) as f64;
            (totals.hits[2] / predictions, commonest / predictions)
        }
    };
    Some(TaskResult { loss: totals.losses[place] / predictions, accuracy, chance, predictions: predictions as u64 })
}
