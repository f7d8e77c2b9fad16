//! One UniBERT step up to its losses: encode each view once, let every task read the states it asked for.

use tuwen_core::{Aligned, HiddenStates, Losses, MatchLabels, Shuffled};
use tuwen_encoder::Tape;
use tuwen_encoder::unibert::ClipTextStates;
use tuwen_itm::{ItmError, ItmPairing, ItmRule, PAIRING, match_loss};
use tuwen_mlm::mlm_loss;
use tuwen_ops::Dropout;
use tuwen_random::Draws;

use super::batch::Batch;
use super::model::UniBertPretraining;
use super::plan::{Arrangement, Plan, Task};
use super::recipe::TasksSection;
use crate::observe;

/// The hidden states that each task reads. ITM alone sees shuffled pairs, and by type nothing else can.
#[derive(Debug, Default)]
pub struct TaskStates {
    /// For masked language modelling.
    pub mlm: Option<ClipTextStates<Aligned>>,
    /// For masked frame modelling.
    pub mfm: Option<ClipTextStates<Aligned>>,
    /// For tags.
    pub tag: Option<ClipTextStates<Aligned>>,
    /// For matching, with the answers.
    pub itm: Option<(ClipTextStates<Shuffled>, MatchLabels)>,
}

/// The false pairs that `rule` makes at step `step`.
pub fn pairing_of(rule: ItmRule, batch: &Batch, seed: u64, step: u64) -> Result<ItmPairing, ItmError> {
    let texts: Vec<&[u32]> = batch.texts.iter().map(Vec::as_slice).collect();
    rule.pairing(&batch.identities, &texts, &Draws::new(seed, PAIRING, 0, step))
}

/// Runs the passes of `plan`, their layers on the tape. A pass over shuffled pairs without a `pairing` is left out.
pub fn encode<'a>(
    (model, tape): (&'a UniBertPretraining, &Tape<'a>),
    batch: &Batch,
    plan: &Plan,
    pairing: Option<&ItmPairing>,
    dropout: &Dropout,
) -> TaskStates {
    let mut states = TaskStates::default();
    for (index, pass) in plan.0.iter().enumerate() {
        let (view, dropout) = (pass.view, dropout.at(index as u64));
        match (view.arrangement, pairing) {
            (Arrangement::Aligned, _) => {
                let encoded = model.encoder.forward_on(tape, &batch.aligned(view.text, view.frames), &dropout);
                hand_out(&encoded, &pass.tasks, &mut states);
            }
            (Arrangement::Shuffled, Some(pairing)) => {
                let view = batch.shuffled(view.text, view.frames, ItmRule::Balanced, pairing);
                states.itm = Some((model.encoder.forward_on(tape, &view, &dropout), pairing.labels(&batch.device())));
            }
            (Arrangement::SeedShuffled, Some(pairing)) => {
                let view = batch.shuffled(view.text, view.frames, ItmRule::Seed, pairing);
                let encoded = model.encoder.forward_on(tape, &view, &dropout);
                states.itm = Some((encoded.clone(), pairing.labels(&batch.device())));
                hand_out(&pretend_aligned(encoded), &pass.tasks, &mut states);
            }
            (Arrangement::Shuffled | Arrangement::SeedShuffled, None) => {}
        }
    }
    states
}

fn hand_out(encoded: &ClipTextStates<Aligned>, tasks: &[Task], states: &mut TaskStates) {
    for task in tasks {
        let place = match task {
            Task::Mlm => &mut states.mlm,
            Task::Mfm => &mut states.mfm,
            Task::Tag => &mut states.tag,
            Task::Itm => continue,
        };
        *place = Some(encoded.clone());
    }
}

/// The reference's first ITM fault: its other tasks read the shuffled pass. See `compat = "seed"`.
fn pretend_aligned(states: ClipTextStates<Shuffled>) -> ClipTextStates<Aligned> {
    let ClipTextStates { hidden_states, attention_mask, cls_position } = states;
    let hidden_states: HiddenStates<Aligned> = hidden_states.pretend_aligned_as_seed_does();
    ClipTextStates { hidden_states, attention_mask, cls_position }
}

/// The loss of each task that has something to predict in this batch.
pub fn losses(model: &UniBertPretraining, batch: &Batch, states: &TaskStates, tasks: &TasksSection) -> Losses {
    let mut losses = Losses::default();
    if let (Some(head), Some(states), Some(labels), Some(task)) =
        (&model.mlm, &states.mlm, &batch.token_labels, &tasks.mlm)
    {
        let logits = head.logits(&states.hidden_states, labels);
        observe::words(&mut losses, &logits, &labels.ids);
        losses.push("mlm", mlm_loss(logits, labels.ids.clone()), task.weight);
    }
    if let (Some(head), Some(states), Some(labels), Some(task)) =
        (&model.mfm, &states.mfm, &batch.frame_labels, &tasks.mfm)
    {
        losses.push("mfm", head.loss(&states.hidden_states, labels, &task.similarity), task.weight);
    }
    if let (Some(head), Some((states, labels)), Some(task)) = (&model.itm, &states.itm, &tasks.itm) {
        let logits = head.forward(states.hidden_states.at(states.cls_position));
        observe::one_logit_matching(&mut losses, &logits, labels);
        losses.push("itm", match_loss(logits, labels.matches.clone()), task.weight);
    }
    if let (Some(head), Some(states), Some(labels), Some(task)) =
        (&model.tag, &states.tag, &batch.tag_labels, &tasks.tag)
    {
        losses.push("tag", head.loss(model.tag_states(states), labels), task.weight);
    }
    if let Some(states) = states.mlm.as_ref().or(states.mfm.as_ref()).or(states.tag.as_ref()) {
        observe::states(&mut losses, states.hidden_states.at(states.cls_position));
    }
    losses
}
