//! One ALBEF step up to its losses (arXiv:2107.07651, §3): encode each modality, align them, draw hard negatives, fuse,
//! match and fill in words. The momentum encoder moves before it is asked.

use burn::tensor::{Int, Tensor};
use tuwen_core::{Losses, TokenLabels};
use tuwen_encoder::Tape;
use tuwen_encoder::albef::Albef;
use tuwen_ita::{
    FeatureQueue, Positives, Seen, alignment_loss, contrastive_loss, hard_targets, positive_mask, sigmoid_loss,
    similarities, soft_targets,
};
use tuwen_itm::{HardNegatives, draw_hard_negatives, negative_uniforms, weighted_pair_loss};
use tuwen_mlm::{TiedMlmHead, mlm_loss, soft_mlm_loss};
use tuwen_ops::{Dropout, select_rows};
use tuwen_random::{Draws, Stream};

use super::state::Pending;
use super::towers::{Texts, fused, image_states, text_states};
use super::{AlbefPretraining, AlbefState, Batch, ItaLoss, ItaStage, Savings, Stage, Teacher};
use crate::observe;

/// Images drawn for texts.
pub const NEGATIVE_IMAGES: Stream = Stream::named("itm.negative_images");
/// Texts drawn for images.
pub const NEGATIVE_TEXTS: Stream = Stream::named("itm.negative_texts");

/// What a step is told beside the batch.
#[derive(Clone, Debug)]
pub struct StepInput<'a> {
    /// The stage it belongs to.
    pub stage: &'a Stage,
    /// α now.
    pub alpha: f64,
    /// The momentum encoder's rate.
    pub momentum: f64,
    /// Which pairs are positives.
    pub positives: Positives,
    /// What is computed once.
    pub savings: Savings,
    /// Where hard negatives come from.
    pub negatives: Negatives,
    /// Dropout of this step.
    pub dropout: Dropout,
}

/// Where hard negatives come from.
#[derive(Clone, Debug)]
pub enum Negatives {
    /// Drawn with this seed at this step.
    Drawn {
        /// The run's seed.
        seed: u64,
        /// The step.
        step: u64,
    },
    /// Given, `[B]` each: the image for each text, the text for each image.
    Given(Box<[Tensor<1, Int>; 2]>),
}

/// The losses of `batch`, to go back from by way of `tape`; the momentum encoder moves, and its features wait to enter the
/// queue.
pub fn losses<'a>(state: &'a mut AlbefState, batch: &Batch, input: &StepInput<'_>, tape: &Tape<'a>) -> Losses {
    let AlbefState { model, teacher, queue, pending } = state;
    losses_beside(model, (teacher, queue, pending), batch, input, tape)
}

/// What moves beside the model: momentum encoders, queue, and what waits to enter it.
pub(crate) type BesideModel<'s> = (&'s mut Option<Teacher>, &'s mut Option<FeatureQueue>, &'s mut Option<Pending>);

/// [`losses`], with all that moves beside the model by itself.
pub(crate) fn losses_beside<'a>(
    model: &'a AlbefPretraining,
    (teacher, queue, pending): BesideModel<'_>,
    batch: &Batch,
    input: &StepInput<'_>,
    tape: &Tape<'a>,
) -> Losses {
    let (encoder, stage, dropout) = (&model.encoder, input.stage, &input.dropout);
    let image_states = image_states(encoder.on(tape), batch); // [B, 1 + P, W]
    let words = batch.token_labels.as_ref().filter(|_| stage.mlm.is_some());
    let texts = text_states(encoder.on(tape), batch, words.is_some(), &input.savings, &dropout.at(0));
    let student = Features::of(encoder, &image_states, &texts, batch);

    let taught = stage.needs_teacher().then(|| {
        let teacher = teacher.get_or_insert_with(|| Teacher::of(model));
        teacher.update(model, input.momentum);
        teach(
            teacher,
            batch,
            words.filter(|_| input.alpha > 0.0 || !input.savings.idle_teacher.is_on()),
            (&input.savings, &tape.unrecorded()),
        )
    });
    let mut losses = Losses::default();
    let aligned = align(model, &student, taught.as_ref().map(|taught| &taught.features), queue.as_ref(), batch, input);
    if let (Some(loss), Some(ita)) = (aligned.loss, stage.ita) {
        let in_batch = (ita.loss == ItaLoss::InBatch).then(|| loss.clone());
        losses.push("ita", loss, ita.weight);
        observe::alignment(&mut losses, aligned.seen, in_batch, [&student.image, &student.text]);
    }
    let negatives = stage.itm.map(|itm| draw(&aligned.i2t, &aligned.t2i, batch, itm.hardness, input));
    let states = (&image_states, &texts);
    let fused = fused(encoder.on(tape), states, batch, negatives.as_ref(), &input.savings, &dropout.at(1));
    if let (Some(states), Some([images, texts]), Some(itm)) = (fused.matching, negatives, stage.itm) {
        let (labels, usable) = match_labels(batch.len(), &images, &texts);
        let logits = model.itm.forward(states);
        observe::matching(&mut losses, &logits, &labels, &usable);
        losses.push("itm", weighted_pair_loss(logits, labels, usable), itm.weight);
    }
    if let (Some(states), Some(labels), Some(mlm)) = (fused.words, words, stage.mlm) {
        let logits = word_logits(&model.mlm, encoder, states, labels, &input.savings);
        observe::words(&mut losses, &logits, &labels.ids);
        let answers = taught.as_ref().and_then(|taught| taught.word_logits.clone()).filter(|_| input.alpha > 0.0);
        let loss = match answers {
            Some(answers) => soft_mlm_loss(logits, labels.ids.clone(), answers, input.alpha),
            None => mlm_loss(logits, labels.ids.clone()),
        };
        losses.push("mlm", loss, mlm.weight);
    }
    *pending = taught.map(|Taught { features: Features { image, text }, .. }| Pending {
        image,
        text,
        keys: batch.keys.clone(),
    });
    losses
}

/// Unit features `[B, E]` of both modalities.
struct Features {
    image: Tensor<2>,
    text: Tensor<2>,
}

impl Features {
    fn of(encoder: &Albef, image_states: &Tensor<3>, texts: &Texts, batch: &Batch) -> Self {
        let text = encoder.text_features(&texts.clean, &batch.attention_mask);
        Self { image: encoder.image_features(image_states), text }
    }
}

/// What the momentum encoder says, without dropout and outside of autodiff.
struct Taught {
    features: Features,
    /// `[M, V]`, if it was asked.
    word_logits: Option<Tensor<2>>,
}

fn teach<'a>(
    teacher: &'a Teacher,
    batch: &Batch,
    words: Option<&TokenLabels>,
    (savings, tape): (&Savings, &Tape<'a>),
) -> Taught {
    let encoder = teacher.encoder.module();
    let image_states = image_states(encoder.on(tape), batch);
    let texts = text_states(encoder.on(tape), batch, words.is_some(), savings, &Dropout::off());
    let fused = fused(encoder.on(tape), (&image_states, &texts), batch, None, savings, &Dropout::off());
    let word_logits = words
        .zip(fused.words)
        .map(|(labels, fused)| word_logits(teacher.mlm.module(), encoder, fused, labels, savings));
    let features = Features::of(encoder, &image_states, &texts, batch);
    Taught { features, word_logits }
}

/// The alignment loss, and the similarities `[B, B]` within the batch that hard negatives are drawn by.
struct Aligned {
    loss: Option<Tensor<1>>,
    i2t: Tensor<2>,
    t2i: Tensor<2>,
    seen: Option<Seen>,
}

fn align(
    model: &AlbefPretraining,
    student: &Features,
    taught: Option<&Features>,
    queue: Option<&FeatureQueue>,
    batch: &Batch,
    input: &StepInput<'_>,
) -> Aligned {
    let temperature = model.temperature.val();
    let Some(ItaStage { loss, .. }) = input.stage.ita else {
        let i2t = similarities(student.image.clone().inner(), student.text.clone().inner(), temperature.inner());
        return Aligned { loss: None, t2i: i2t.clone().transpose(), i2t, seen: None };
    };
    if let (ItaLoss::Queue(entries), Some(taught)) = (loss, taught) {
        return align_to_queue(student, taught, queue.map(|queue| (queue, entries)), temperature, batch, input);
    }
    let positives = positive_mask(input.positives, &batch.keys, &[], &batch.input_ids.device());
    let i2t = similarities(student.image.clone(), student.text.clone(), temperature.clone()); // [B, B]
    let loss = match (loss, &model.sigmoid_bias) {
        (ItaLoss::Sigmoid, Some(bias)) => {
            let cosines = student.image.clone().matmul(student.text.clone().transpose());
            sigmoid_loss(cosines, positives.clone(), temperature.clone().recip(), bias.val())
        }
        _ => contrastive_loss(i2t.clone(), positives.clone()),
    };
    let i2t = i2t.inner();
    let t2i = i2t.clone().transpose();
    let seen = Some(Seen { i2t: i2t.clone(), t2i: t2i.clone(), positives, temperature });
    Aligned { loss: Some(loss), t2i, i2t, seen }
}

fn align_to_queue(
    student: &Features,
    taught: &Features,
    queue: Option<(&FeatureQueue, usize)>,
    temperature: Tensor<1>,
    batch: &Batch,
    input: &StepInput<'_>,
) -> Aligned {
    let queue = queue.filter(|(queue, entries)| !queue.is_empty() && *entries > 0);
    let with = |own: &Tensor<2>, older: Option<Tensor<2>>| match older {
        Some(older) => Tensor::cat(vec![own.clone(), older], 0),
        None => own.clone(),
    };
    let images = with(&taught.image, queue.map(|(queue, entries)| queue.image_newest(entries))); // [B + Q, E]
    let texts = with(&taught.text, queue.map(|(queue, entries)| queue.text_newest(entries)));
    let older = queue.map_or(Vec::new(), |(queue, entries)| queue.keys_newest(entries));
    let positives = positive_mask(input.positives, &batch.keys, &older, &batch.input_ids.device());
    let own_positives = positives.clone().narrow(1, 0, batch.len()); // [B, B]
    let hard = hard_targets(positives); // [B, B + Q]
    let constant = temperature.clone().inner();
    let soft = |own: &Tensor<2>, keys: &Tensor<2>| {
        soft_targets(similarities(own.clone(), keys.clone(), constant.clone()), hard.clone(), input.alpha)
    };
    let (targets_i2t, targets_t2i) = (soft(&taught.image, &texts), soft(&taught.text, &images));
    let i2t = similarities(student.image.clone(), texts, temperature.clone()); // [B, B + Q]
    let t2i = similarities(student.text.clone(), images, temperature.clone());
    let batch_part = |sim: &Tensor<2>| sim.clone().inner().narrow(1, 0, batch.len());
    let (own_i2t, own_t2i) = (batch_part(&i2t), batch_part(&t2i));
    let seen = Seen { i2t: i2t.clone(), t2i: t2i.clone(), positives: own_positives, temperature };
    let loss = Some(alignment_loss(i2t, t2i, targets_i2t, targets_t2i));
    Aligned { loss, i2t: own_i2t, t2i: own_t2i, seen: Some(seen) }
}

/// The image for each text and the text for each image.
pub(super) fn draw(
    i2t: &Tensor<2>,
    t2i: &Tensor<2>,
    batch: &Batch,
    hardness: f64,
    input: &StepInput<'_>,
) -> [HardNegatives; 2] {
    let device = batch.input_ids.device();
    match &input.negatives {
        Negatives::Drawn { seed, step } => {
            let forbidden = positive_mask(input.positives, &batch.keys, &[], &device);
            let uniforms = |stream| negative_uniforms(batch.len(), &Draws::new(*seed, stream, 0, *step), &device);
            let drawn = |sim: &Tensor<2>, stream| {
                draw_hard_negatives(sim.clone(), forbidden.clone(), uniforms(stream), hardness)
            };
            [drawn(t2i, NEGATIVE_IMAGES), drawn(i2t, NEGATIVE_TEXTS)]
        }
        Negatives::Given(given) => given
            .each_ref()
            .map(|indices| HardNegatives { indices: indices.clone(), usable: Tensor::ones([batch.len()], &device) }),
    }
}

/// B ones and 2B zeros; a drawn pair that is no negative, because the batch holds none, does not count.
pub(super) fn match_labels(batch: usize, images: &HardNegatives, texts: &HardNegatives) -> (Tensor<1, Int>, Tensor<1>) {
    let device = images.indices.device();
    let labels = Tensor::cat(vec![Tensor::ones([batch], &device), Tensor::zeros([2 * batch], &device)], 0);
    (labels, Tensor::cat(vec![Tensor::ones([batch], &device), images.usable.clone(), texts.usable.clone()], 0))
}

/// Logits `[M, V]` of the masked positions, from the states `[B, L, H]` of the whole text.
pub(super) fn word_logits(
    head: &TiedMlmHead,
    encoder: &Albef,
    states: Tensor<3>,
    labels: &TokenLabels,
    savings: &Savings,
) -> Tensor<2> {
    let [batch, length, hidden] = states.dims();
    let states = states.reshape([batch * length, hidden]);
    if !savings.masked_positions.is_on() {
        return head.logits(states, encoder.word_table()).select(0, labels.rows.clone());
    }
    let [masked] = labels.rows.dims();
    let rows = if savings.fixed_shapes.is_on() { filled(&labels.rows) } else { labels.rows.clone() };
    head.logits(select_rows(states, rows), encoder.word_table()).narrow(0, 0, masked)
}

/// Rows filled up to a multiple of 32 with row 0, whose logits are thrown away.
fn filled(rows: &Tensor<1, Int>) -> Tensor<1, Int> {
    let [masked] = rows.dims();
    let missing = masked.next_multiple_of(32) - masked;
    if missing == 0 {
        return rows.clone();
    }
    Tensor::cat(vec![rows.clone(), Tensor::zeros([missing], &rows.device())], 0)
}
