//! Fine-tuning on pictures with captions by alignment and matching: what retrieval and weakly supervised grounding share.
//!
//! The step is that of pre-training without masked words (ALBEF, arXiv:2107.07651, section 5.1). Captions of one picture are
//! right answers to it, whichever of them came with it, and no negatives.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use tuwen_annotation::{Captioned, Images};
use tuwen_core::Losses;
use tuwen_data::{Source, Visit};
use tuwen_encoder::{Tape, Weights, WeightsError, initialise_by_name};
use tuwen_ita::{FeatureQueue, PairKeys, Positives};
use tuwen_ops::Dropout;
use tuwen_recipe::RecipeError;
use tuwen_text::MaskedText;

use super::lists::picture;
use super::{AlbefSection, Inputs};
use crate::albef::check::{share, temperature};
use crate::albef::example::key_of;
use crate::albef::saved::{restore_beside, save_beside};
use crate::albef::{
    AlbefPretraining, Batch, Example, Negatives, Pending, Savings, Stage, StepInput, Teacher, losses_beside, range_of,
};
use crate::objective::{Numbers, OwnResult};
use crate::{Purpose, TrainError};

/// How pictures and captions are aligned and matched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlignmentSection {
    /// The losses, as in a stage of pre-training: `ita`, `itm`, `alpha`.
    pub losses: Stage,
    /// Which pairs are right answers, and no negatives.
    pub positives: Positives,
    /// τ where no earlier run is begun with.
    pub temperature: f64,
    /// The share that stays of the momentum encoder at each step.
    pub momentum: f64,
}

impl AlignmentSection {
    /// Refuses losses that need what is not there, and numbers out of their range.
    pub(super) fn check(&self) -> Result<(), RecipeError> {
        let Stage { steps, ita, itm, mlm, .. } = &self.losses;
        let wrong = |key: &str, reason: &str| Err(RecipeError::invalid(key, reason));
        if steps.is_some() {
            return wrong("losses.steps", "is given, expected none: fine-tuning has one stage");
        }
        if mlm.is_some() {
            return wrong("losses.mlm", "is given, expected none: fine-tuning hides no words");
        }
        if ita.is_none() || itm.is_none() {
            return wrong("losses", "lacks `ita` or `itm`, expected both");
        }
        share("momentum", self.momentum)?;
        temperature("temperature", self.temperature)
    }
}

/// A picture with one of its captions.
struct Pair {
    picture: usize,
    caption: String,
}

/// What is fine-tuned, and on what.
pub(super) struct Alignment {
    section: AlignmentSection,
    albef: AlbefSection,
    seed: u64,
    pub(super) inputs: Inputs,
    images: Images,
    pictures: Vec<(String, u64)>,
    pairs: Vec<Pair>,
}

/// What moves beside the model.
#[derive(Default)]
pub struct BesideAlignment {
    teacher: Option<Teacher>,
    queue: Option<FeatureQueue>,
    pending: Option<Pending>,
}

impl Alignment {
    /// On the captions of `captioned`, one of them at a time.
    pub(super) fn open(
        (section, albef): (AlignmentSection, AlbefSection),
        (images, captioned): (&Images, Vec<Captioned>),
        seed: u64,
        root: &Path,
    ) -> Result<Self, TrainError> {
        let inputs = Inputs::open(&albef, seed, root)?;
        let (mut pictures, mut pairs) = (Vec::new(), Vec::new());
        for Captioned { image, image_id, captions } in captioned {
            pairs.extend(captions.into_iter().map(|caption| Pair { picture: pictures.len(), caption }));
            pictures.push((image, key_of(&image_id)));
        }
        Ok(Self { section, albef, seed, inputs, images: images.clone(), pictures, pairs })
    }

    pub(super) fn source(&self) -> Arc<dyn Source> {
        Arc::new(Numbers(self.pairs.len()))
    }

    /// The pair of a visit.
    pub(super) fn example(&self, visit: Visit) -> OwnResult<Example> {
        let Pair { picture: place, caption } = &self.pairs[visit.index];
        let (image, key) = &self.pictures[*place];
        let text = self.inputs.caption(caption)?;
        let pixels = picture(&self.images, image)?;
        Ok(Example {
            id: image.clone(),
            masked_text: MaskedText { input_ids: text.input_ids.clone(), positions: Vec::new(), labels: Vec::new() },
            keys: PairKeys { image: *key, caption: key_of(&text.input_ids) },
            pixels: self.inputs.pixels(&pixels, visit, (Purpose::Training, 0))?,
            text,
        })
    }

    /// Before the first step.
    pub(super) fn model(&self, device: &Device) -> AlbefPretraining {
        let ranges = &self.albef.model.initializer_range;
        let fresh = AlbefPretraining::init(&self.albef.model.encoder, self.section.temperature, None, device);
        initialise_by_name(fresh, |name| range_of(name, ranges), self.seed)
    }

    /// The losses of a step, the towers on a tape.
    pub(super) fn losses<'a>(
        &self,
        (model, tape): (&'a AlbefPretraining, &Tape<'a>),
        examples: &[Example],
        beside: &mut BesideAlignment,
        (step, device): (u64, &Device),
    ) -> Losses {
        let stage = &self.section.losses;
        let (entries, size) = (stage.queue(), self.albef.model.encoder.embedding_size);
        if entries > 0 && beside.queue.is_none() {
            beside.queue = Some(FeatureQueue::empty(entries, size, device));
        }
        let input = StepInput {
            stage,
            alpha: stage.alpha(step),
            momentum: self.section.momentum,
            positives: self.section.positives,
            savings: Savings::default(),
            negatives: Negatives::Drawn { seed: self.seed, step },
            dropout: Dropout::training(self.seed, step),
        };
        let batch = Batch::new(examples, self.inputs.pad(), device);
        let BesideAlignment { teacher, queue, pending } = beside;
        losses_beside(model, (teacher, queue, pending), &batch, &input, tape)
    }

    /// What [`BesideAlignment::save`] saved.
    pub(super) fn restore(&self, model: &AlbefPretraining, saved: &Weights) -> Result<BesideAlignment, WeightsError> {
        let device = model.temperature.val().device().inner();
        let (entries, size) = (self.section.losses.queue(), self.albef.model.encoder.embedding_size);
        let fresh = (entries > 0 && !saved.is_empty()).then(|| FeatureQueue::empty(entries, size, &device));
        let (teacher, queue) = restore_beside(model, fresh, saved.clone())?;
        Ok(BesideAlignment { teacher, queue, pending: None })
    }
}

impl BesideAlignment {
    /// Puts the features of a step that has succeeded into the queue.
    pub(super) fn follow(&mut self) {
        if let (Some(queue), Some(pending)) = (&mut self.queue, self.pending.take()) {
            pending.enter(queue);
        }
    }

    pub(super) fn save(&self) -> Weights {
        save_beside(self.teacher.as_ref(), self.queue.as_ref())
    }
}
