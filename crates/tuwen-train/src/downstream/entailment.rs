//! Visual entailment (SNLI-VE, arXiv:1901.06706; ALBEF, arXiv:2107.07651, section 5.1): whether a sentence follows from a
//! picture, is contradicted by it, or neither.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use tuwen_annotation::{AnnotationError, Entailment, Images, Judgement, read_entailment, read_snli_ve};
use tuwen_data::{Fingerprint, Record, Source, Visit};
use tuwen_encoder::{Recompute, Tape, Weights, WeightsError, initialise_by_name};
use tuwen_ops::Dropout;
use tuwen_recipe::RecipeError;
use tuwen_text::TextInput;
use tuwen_vision::PixelPlanes;

use super::asked::{asked, class_answers, numbers};
use super::lists::{Opened, RecordList, Usable};
use super::{AlbefSection, DistillationSection, Downstream, Follower, Inputs, Lists};
use crate::Purpose;
use crate::albef::downstream::{ClassifyingModel, Texts};
use crate::albef::range_of;
use crate::objective::{Answered, Answers, Objective, Outcome, OwnResult, Pass, Recipe, Shown};

/// What a recipe says of visual entailment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntailmentSection {
    /// Sentences about pictures.
    pub data: Lists<SentenceList>,
    /// What the momentum model says; absent: it is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distillation: Option<DistillationSection>,
    /// Texts, pictures, encoder.
    pub albef: AlbefSection,
}

/// Sentences about pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentenceList {
    /// ALBEF's list.
    Albef(PathBuf),
    /// The official lines.
    SnliVe(PathBuf),
}

/// Visual entailment with its records.
pub struct VisualEntailment {
    section: EntailmentSection,
    seed: u64,
    inputs: Inputs,
    records: Opened<Entailment>,
}

/// A sentence and its picture.
pub struct EntailmentExample {
    place: usize,
    pixels: PixelPlanes,
    text: TextInput,
    label: u32,
}

impl RecordList for SentenceList {
    type Record = Entailment;

    fn files(&self) -> Vec<&Path> {
        let (Self::Albef(path) | Self::SnliVe(path)) = self;
        vec![path]
    }

    fn read(&self, images: &Images, usable: &mut Usable<'_>) -> Result<Vec<Entailment>, AnnotationError> {
        let read = match self {
            Self::Albef(path) => read_entailment(&usable.located(path), images)?,
            Self::SnliVe(path) => read_snli_ve(&usable.located(path), images)?,
        };
        Ok(usable.of(read))
    }
}

impl Downstream for VisualEntailment {
    type Section = EntailmentSection;

    fn check(section: &EntailmentSection) -> Result<(), RecipeError> {
        section.albef.check().map_err(|error| error.within("albef"))?;
        section.distillation.map_or(Ok(()), |section| section.check().map_err(|error| error.within("distillation")))
    }

    fn resolved(section: EntailmentSection) -> EntailmentSection {
        EntailmentSection { albef: section.albef.resolved(), ..section }
    }

    fn fit_to(section: &mut EntailmentSection, earlier: &crate::Recipe) -> Result<(), RecipeError> {
        section.albef.fit_to(earlier)
    }

    fn files(section: &EntailmentSection) -> Vec<(&'static str, &Path)> {
        section.albef.beside(section.data.files())
    }

    fn open(recipe: Recipe<EntailmentSection>, root: &Path) -> OwnResult<Self> {
        let (section, seed) = (recipe.task, recipe.seed);
        let (inputs, records) = (Inputs::open(&section.albef, seed, root)?, section.data.open(root)?);
        Ok(Self { section, seed, inputs, records })
    }
}

impl VisualEntailment {
    fn asked(&self, examples: &[EntailmentExample], device: &Device) -> (Tensor<4>, Texts) {
        asked(examples.iter().map(|example| (&example.pixels, &example.text)), self.inputs.pad(), device)
    }
}

impl Objective for VisualEntailment {
    type Example = EntailmentExample;
    type Model = ClassifyingModel;
    type Beside = Follower<ClassifyingModel>;

    fn source(&self, purpose: Purpose) -> Arc<dyn Source> {
        self.records.source(purpose)
    }

    fn example(&self, _: Record, visit: Visit, purpose: Purpose) -> OwnResult<EntailmentExample> {
        let Entailment { image, text, label } = self.records.record(purpose, visit.index);
        let pixels = self.records.picture(image)?;
        Ok(EntailmentExample {
            place: visit.index,
            pixels: self.inputs.pixels(&pixels, visit, (purpose, 0))?,
            text: self.inputs.caption(text)?,
            label: label.class() as u32,
        })
    }

    fn model(&self, device: &Device) -> ClassifyingModel {
        let model = &self.section.albef.model;
        let fresh = ClassifyingModel::init(&model.encoder, Judgement::ALL.len(), device);
        initialise_by_name(fresh, |name| range_of(name, &model.initializer_range), self.seed)
    }

    fn forward(
        &self,
        model: &ClassifyingModel,
        examples: &[EntailmentExample],
        pass: Pass<'_, Self>,
    ) -> OwnResult<Outcome> {
        self.forward_on(model, examples, pass, &Tape::off())
    }

    fn forward_on<'a>(
        &self,
        model: &'a ClassifyingModel,
        examples: &[EntailmentExample],
        pass: Pass<'_, Self>,
        tape: &Tape<'a>,
    ) -> OwnResult<Outcome> {
        let ((pixels, texts), dropout) = (self.asked(examples, pass.device), pass.dropout());
        let Some(follower) = pass.beside else {
            let labels = examples.iter().map(|example| example.label).collect();
            return Ok(Outcome::default().classes("entailment", 1.0, model.logits(pixels, &texts, &dropout), labels));
        };
        let labels = numbers(examples.iter().map(|example| example.label), pass.device);
        let asked = self.section.distillation.zip(Some(follower));
        let teacher = asked.map(|(section, follower)| section.teacher(follower, model, pass.step));
        let loss = model.loss(tape, (pixels, &texts), (labels, teacher), &dropout);
        Ok(Outcome::default().loss("entailment", 1.0, loss, examples.len()))
    }

    fn recomputes(what: Recompute) -> bool {
        !matches!(what, Recompute::Rows(_))
    }

    fn answers(
        &self,
        model: &ClassifyingModel,
        batches: &[Vec<EntailmentExample>],
        device: &Device,
    ) -> OwnResult<Option<Answers>> {
        let names = Judgement::ALL.map(Judgement::word);
        let mut answered = Vec::new();
        for examples in batches {
            let (pixels, texts) = self.asked(examples, device);
            let logits = model.logits(pixels, &texts, &Dropout::off());
            for (example, guesses) in examples.iter().zip(class_answers(logits, &names)) {
                let Entailment { image, text, label } = &self.records.heldout[example.place];
                let right = guesses.first().is_some_and(|(class, _)| *class == label.class());
                answered.push(Answered {
                    text: text.clone(),
                    pictures: vec![Shown::File(self.records.images.path(image))],
                    expected: vec![label.word().to_string()],
                    answers: guesses.into_iter().map(|(_, answer)| answer).collect(),
                    score: f64::from(u8::from(right)),
                    chance: 1.0 / names.len() as f64,
                    ..Answered::default()
                });
            }
        }
        Ok(Some(Answers::shares("accuracy", answered)))
    }

    fn doubts(&self) -> Vec<String> {
        self.records.doubts.clone()
    }

    fn fingerprints(&self) -> OwnResult<Vec<(&'static str, Fingerprint)>> {
        Ok(self.records.fingerprints.clone())
    }

    fn save_beside(&self, beside: &Follower<ClassifyingModel>) -> Weights {
        beside.save()
    }

    fn restore_beside(
        &self,
        model: &ClassifyingModel,
        saved: &Weights,
    ) -> Result<Follower<ClassifyingModel>, WeightsError> {
        Follower::restore(model, saved)
    }
}
