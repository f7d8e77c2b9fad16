//! Tests a model on held-out records: each task's loss, its hits, and what guessing would reach.

use std::collections::HashMap;

use burn::tensor::{Device, Int, Tensor};
use tuwen_encoder::Tape;
use tuwen_itm::MatchCounts;
use tuwen_ops::Dropout;
use tuwen_tag::{TagHits, top_tag_hits};

use super::Example;
use super::batch::{Batch, BatchShape};
use super::model::UniBertPretraining;
use super::plan::Plan;
use super::recipe::TasksSection;
use super::step::{TaskStates, encode, losses, pairing_of};
use crate::TrainError;
use crate::evaluation::{Evaluation, TaskResult};

/// Sums over batches; means are taken at the end, so that a small last batch weighs as little as it should.
#[derive(Default)]
struct Totals {
    loss: f64,
    hits: u64,
    predictions: u64,
    /// MFM: Σ 1/N over predictions.
    chance: f64,
    /// MLM and tags: how often each answer is right.
    answers: HashMap<u32, u64>,
    /// ITM: hits among true pairs and among false ones.
    matching: MatchCounts,
}

/// Tests `model` on `batches` of examples, dropout off. ITM pairs and masks are the same at every call.
pub fn evaluate(
    model: &UniBertPretraining,
    batches: &[Vec<Example>],
    shape: &BatchShape,
    (tasks, plan, seed): (&TasksSection, &Plan, u64),
    device: &Device,
) -> Result<Evaluation, TrainError> {
    let mut totals: HashMap<&'static str, Totals> = HashMap::new();
    for (index, examples) in batches.iter().enumerate() {
        let batch = Batch::new(examples, shape, device)?;
        // A last batch of one has no false pair: it is left out of ITM alone.
        let rule = tasks.itm.as_ref().filter(|_| examples.len() > 1).map(|itm| itm.pairing.for_evaluation());
        let pairing = rule.map(|rule| pairing_of(rule, &batch, seed, u64::MAX - index as u64)).transpose()?;
        let states = encode((model, &Tape::off()), &batch, plan, pairing.as_ref(), &Dropout::off());
        for loss in losses(model, &batch, &states, tasks).iter() {
            let total = totals.entry(loss.name).or_default();
            let counted = count(loss.name, model, &batch, &states, tasks, total);
            total.loss += f64::from(loss.value.clone().into_scalar::<f32>()) * counted as f64;
            total.predictions += counted;
        }
    }
    let tasks = totals.into_iter().map(|(task, total)| (task.to_string(), result(task, &total))).collect();
    Ok(Evaluation { tasks, ..Evaluation::default() })
}

/// Adds hits and chances of one batch, and returns how many predictions it held.
fn count(
    task: &str,
    model: &UniBertPretraining,
    batch: &Batch,
    states: &TaskStates,
    tasks: &TasksSection,
    total: &mut Totals,
) -> u64 {
    match task {
        "mlm" => mlm(model, batch, states, total),
        "mfm" => mfm(model, batch, states, tasks, total),
        "itm" => itm(model, states, total),
        _ => tag(model, batch, states, total),
    }
    .unwrap_or(0)
}

fn mlm(model: &UniBertPretraining, batch: &Batch, states: &TaskStates, total: &mut Totals) -> Option<u64> {
    let (head, states, labels) = (model.mlm.as_ref()?, states.mlm.as_ref()?, batch.token_labels.as_ref()?);
    total.hits += number(head.predict(&states.hidden_states, labels).hits);
    let ids: Vec<u32> = labels.ids.to_data().iter::<u32>().collect();
    ids.iter().for_each(|&id| *total.answers.entry(id).or_default() += 1);
    Some(ids.len() as u64)
}

fn mfm(
    model: &UniBertPretraining,
    batch: &Batch,
    states: &TaskStates,
    tasks: &TasksSection,
    total: &mut Totals,
) -> Option<u64> {
    let (head, states, labels) = (model.mfm.as_ref()?, states.mfm.as_ref()?, batch.frame_labels.as_ref()?);
    total.hits += number(head.hits(&states.hidden_states, labels, &tasks.mfm.as_ref()?.similarity));
    let ([masked], [frames, _]) = (labels.targets.dims(), labels.frames.dims());
    // A twin of the target counts as a hit, so it counts as a chance too.
    let twins = labels.twins.clone().map_or(0, |twins| number(twins.int().sum()));
    total.chance += (masked as f64 + twins as f64) / frames as f64;
    Some(masked as u64)
}

fn itm(model: &UniBertPretraining, states: &TaskStates, total: &mut Totals) -> Option<u64> {
    let (head, (states, labels)) = (model.itm.as_ref()?, states.itm.as_ref()?);
    let logits: Vec<f32> = head.forward(states.hidden_states.at(states.cls_position)).to_data().iter::<f32>().collect();
    let matches: Vec<bool> = labels.matches.to_data().iter::<f32>().map(|label| label > 0.5).collect();
    total.matching += MatchCounts::new(&logits, &matches);
    Some(logits.len() as u64)
}

fn tag(model: &UniBertPretraining, batch: &Batch, states: &TaskStates, total: &mut Totals) -> Option<u64> {
    let (head, states, labels) = (model.tag.as_ref()?, states.tag.as_ref()?, batch.tag_labels.as_ref()?);
    let TagHits { hits, rows } = top_tag_hits(head.logits(model.tag_states(states), labels), labels.targets.clone());
    total.hits += number(hits);
    let [_, tags] = labels.targets.dims();
    let targets: Vec<f32> = labels.targets.to_data().iter::<f32>().collect();
    for row in targets.chunks(tags) {
        (0..tags).filter(|&t| row[t] > 0.0).for_each(|t| *total.answers.entry(t as u32).or_default() += 1);
    }
    Some(number(rows))
}

fn number(count: Tensor<1, Int>) -> u64 {
    count.into_scalar::<i64>() as u64
}

fn result(task: &str, total: &Totals) -> TaskResult {
    let predictions = total.predictions.max(1) as f64;
    let commonest = total.answers.values().copied().max().unwrap_or(0) as f64 / predictions;
    let share = total.hits as f64 / predictions;
    let (accuracy, chance) = match task {
        "itm" => (total.matching.balanced_accuracy().unwrap_or(0.0), 0.5),
        "mfm" => (share, total.chance / predictions),
        _ => (share, commonest),
    };
    TaskResult { loss: total.loss / predictions, accuracy, chance, predictions: total.predictions }
}
