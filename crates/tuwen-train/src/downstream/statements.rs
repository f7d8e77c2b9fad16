//! Statements about two pictures (NLVR2, arXiv:1811.00491; ALBEF, arXiv:2107.07651, section 5.1): true or false.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use tuwen_annotation::{AnnotationError, Images, Statement, read_nlvr2, read_statements};
use tuwen_data::{Fingerprint, Record, Source, Visit};
use tuwen_encoder::{Weights, WeightsError, initialise_by_name};
use tuwen_ops::Dropout;
use tuwen_random::Stream;
use tuwen_recipe::RecipeError;
use tuwen_text::{TextInput, pre_caption};
use tuwen_vision::PixelPlanes;

use super::asked::{class_answers, numbers};
use super::beginning::adopted_by_pairs;
use super::lists::Opened;
use super::{AlbefSection, DistillationSection, Downstream, Follower, Inputs, Lists, RecordList, Usable};
use crate::Purpose;
use crate::albef::downstream::{StatementModel, Texts};
use crate::albef::{pixel_tensor, range_of};
use crate::objective::{Answered, Answers, Objective, Outcome, OwnResult, Pass, Recipe, Shown};

const TURN: Stream = Stream::named("downstream.picture_order");
/// What is said of a statement, by class.
const NAMES: [&str; 2] = ["false", "true"];

/// What a recipe says of statements about two pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementSection {
    /// In which order the pictures are trained on.
    #[serde(default)]
    pub order: PictureOrder,
    /// Statements about pictures.
    pub data: Lists<StatementList>,
    /// What the momentum model says; absent: it is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distillation: Option<DistillationSection>,
    /// Texts, pictures, encoder; `fusion_layers` counts pairs of layers.
    pub albef: AlbefSection,
}

/// In which order two pictures are trained on; a test has them as they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureOrder {
    /// As they stand.
    #[default]
    AsGiven,
    /// One or the other, drawn, unless the statement has the word `left` or `right` (ALBEF, `dataset/nlvr_dataset.py`).
    DrawnUnlessSidesAreNamed,
}

/// Statements about two pictures each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementList {
    /// ALBEF's list.
    Albef(PathBuf),
    /// The official lines.
    Nlvr2(PathBuf),
}

/// Statements about two pictures with their records.
pub struct Statements {
    section: StatementSection,
    seed: u64,
    inputs: Inputs,
    records: Opened<Statement>,
}

/// A statement and its pictures.
pub struct StatementExample {
    place: usize,
    pixels: [PixelPlanes; 2],
    text: TextInput,
    label: u32,
}

impl RecordList for StatementList {
    type Record = Statement;

    fn files(&self) -> Vec<&Path> {
        let (Self::Albef(path) | Self::Nlvr2(path)) = self;
        vec![path]
    }

    fn read(&self, images: &Images, usable: &mut Usable<'_>) -> Result<Vec<Statement>, AnnotationError> {
        let read = match self {
            Self::Albef(path) => read_statements(&usable.located(path), images)?,
            Self::Nlvr2(path) => read_nlvr2(&usable.located(path), images)?,
        };
        Ok(usable.of(read))
    }
}

impl Downstream for Statements {
    type Section = StatementSection;

    fn check(section: &StatementSection) -> Result<(), RecipeError> {
        section.albef.check().map_err(|error| error.within("albef"))?;
        section.distillation.map_or(Ok(()), |section| section.check().map_err(|error| error.within("distillation")))
    }

    fn resolved(section: StatementSection) -> StatementSection {
        StatementSection { albef: section.albef.resolved(), ..section }
    }

    fn fit_to(section: &mut StatementSection, earlier: &crate::Recipe) -> Result<(), RecipeError> {
        section.albef.fit_to(earlier)
    }

    fn files(section: &StatementSection) -> Vec<(&'static str, &Path)> {
        section.albef.beside(section.data.files())
    }

    fn open(recipe: Recipe<StatementSection>, root: &Path) -> OwnResult<Self> {
        let (section, seed) = (recipe.task, recipe.seed);
        let (inputs, records) = (Inputs::open(&section.albef, seed, root)?, section.data.open(root)?);
        Ok(Self { section, seed, inputs, records })
    }
}

impl Statements {
    /// Whether the pictures change places at this visit.
    fn turned(&self, text: &str, visit: Visit, purpose: Purpose) -> bool {
        let names_side = || pre_caption(text, usize::MAX).split(' ').any(|word| word == "left" || word == "right");
        purpose == Purpose::Training
            && self.section.order == PictureOrder::DrawnUnlessSidesAreNamed
            && !names_side()
            && visit.draws(self.seed, TURN).uniform(0) >= 0.5
    }

    /// All first pictures, all second ones, and the statements.
    fn asked(&self, examples: &[StatementExample], device: &Device) -> ([Tensor<4>; 2], Texts) {
        let texts: Vec<&TextInput> = examples.iter().map(|example| &example.text).collect();
        let pictures = [0, 1].map(|side| {
            let pictures: Vec<&PixelPlanes> = examples.iter().map(|example| &example.pixels[side]).collect();
            pixel_tensor(&pictures, device)
        });
        (pictures, Texts::new(&texts, self.inputs.pad(), device))
    }
}

impl Objective for Statements {
    type Example = StatementExample;
    type Model = StatementModel;
    type Beside = Follower<StatementModel>;

    fn source(&self, purpose: Purpose) -> Arc<dyn Source> {
        self.records.source(purpose)
    }

    fn example(&self, _: Record, visit: Visit, purpose: Purpose) -> OwnResult<StatementExample> {
        let Statement { images: [left, right], text, label } = self.records.record(purpose, visit.index);
        let pixels = |image: &str, place| -> OwnResult<PixelPlanes> {
            Ok(self.inputs.pixels(&self.records.picture(image)?, visit, (purpose, place))?)
        };
        let [first, second] = if self.turned(text, visit, purpose) { [right, left] } else { [left, right] };
        Ok(StatementExample {
            place: visit.index,
            pixels: [pixels(first, 0)?, pixels(second, 1)?],
            text: self.inputs.caption(text)?,
            label: u32::from(*label),
        })
    }

    fn model(&self, device: &Device) -> StatementModel {
        let model = &self.section.albef.model;
        let fresh = StatementModel::init(&model.encoder, device);
        initialise_by_name(fresh, |name| range_of(name, &model.initializer_range), self.seed)
    }

    fn forward(
        &self,
        model: &StatementModel,
        examples: &[StatementExample],
        pass: Pass<'_, Self>,
    ) -> OwnResult<Outcome> {
        let ((pictures, texts), dropout) = (self.asked(examples, pass.device), pass.dropout());
        let Some(follower) = pass.beside else {
            let labels = examples.iter().map(|example| example.label).collect();
            return Ok(Outcome::default().classes("statements", 1.0, model.logits(pictures, &texts, &dropout), labels));
        };
        let labels = numbers(examples.iter().map(|example| example.label), pass.device);
        let asked = self.section.distillation.zip(Some(follower));
        let teacher = asked.map(|(section, follower)| section.teacher(follower, model, pass.step));
        let loss = model.loss((pictures, &texts), labels, teacher, &dropout);
        Ok(Outcome::default().loss("statements", 1.0, loss, examples.len()))
    }

    fn answers(
        &self,
        model: &StatementModel,
        batches: &[Vec<StatementExample>],
        device: &Device,
    ) -> OwnResult<Option<Answers>> {
        let mut answered = Vec::new();
        for examples in batches {
            let (pictures, texts) = self.asked(examples, device);
            let logits = model.logits(pictures, &texts, &Dropout::off());
            for (example, guesses) in examples.iter().zip(class_answers(logits, &NAMES)) {
                let Statement { images, text, .. } = &self.records.heldout[example.place];
                let right = guesses.first().is_some_and(|(class, _)| *class == example.label as usize);
                answered.push(Answered {
                    text: text.clone(),
                    pictures: images.iter().map(|image| Shown::File(self.records.images.path(image))).collect(),
                    expected: vec![NAMES[example.label as usize].to_string()],
                    answers: guesses.into_iter().map(|(_, answer)| answer).collect(),
                    score: f64::from(u8::from(right)),
                    chance: 1.0 / NAMES.len() as f64,
                    ..Answered::default()
                });
            }
        }
        Ok(Some(Answers::shares("accuracy", answered)))
    }

    fn adopted(&self, earlier: Weights) -> Result<Weights, WeightsError> {
        let config = &self.section.albef.model.encoder;
        let fresh = StatementModel::init(config, &Device::flex());
        let mut adopted = adopted_by_pairs(earlier, config, fresh, |fresh, encoder| fresh.started_from(encoder))?;
        // The head of an assignment run is another one's.
        adopted.retain(|name, _| name.starts_with("encoder."));
        Ok(adopted)
    }

    fn save_beside(&self, beside: &Follower<StatementModel>) -> Weights {
        beside.save()
    }

    fn restore_beside(
        &self,
        model: &StatementModel,
        saved: &Weights,
    ) -> Result<Follower<StatementModel>, WeightsError> {
        Follower::restore(model, saved)
    }

    fn doubts(&self) -> Vec<String> {
        self.records.doubts.clone()
    }

    fn fingerprints(&self) -> OwnResult<Vec<(&'static str, Fingerprint)>> {
        Ok(self.records.fingerprints.clone())
    }
}
