//! Questions about pictures (VQA v2, arXiv:1612.00837; ALBEF, arXiv:2107.07651, section 5.1): a decoder names the answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use tuwen_annotation::{AnnotationError, AnswerList, Images, KnownAnswers, Question, read_questions, read_vqa_v2};
use tuwen_data::{Fingerprint, Record, Source, Visit};
use tuwen_downstream::answers::AnswerWords;
use tuwen_encoder::{Recompute, Tape, Weights, WeightsError, initialise_by_name};
use tuwen_recipe::RecipeError;
use tuwen_text::TextInput;
use tuwen_vision::PixelPlanes;

use super::answering::{AnsweringSection, Known, answered};
use super::asked::{asked, numbers};
use super::beginning::adopted;
use super::lists::{Opened, located};
use super::{AlbefSection, DistillationSection, Downstream, Follower, Inputs, Lists, RecordList, Usable};
use crate::Purpose;
use crate::albef::downstream::{AnsweringModel, QuestionBatch, Texts};
use crate::albef::range_of;
use crate::objective::{Answers, Objective, Outcome, OwnResult, Pass, Recipe};

/// What a recipe says of questions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionSection {
    /// Layers of the decoder; each begins as the fusion layer of its number.
    pub decoder_layers: usize,
    /// How a test finds the answer.
    pub answering: AnsweringSection,
    /// The closed list that a test chooses from.
    pub answers: PathBuf,
    /// Questions about pictures.
    pub data: Lists<QuestionList>,
    /// What the momentum model says; absent: it is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distillation: Option<DistillationSection>,
    /// Texts, pictures, encoder.
    pub albef: AlbefSection,
}

/// Questions about pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionList {
    /// ALBEF's lists, one after the other.
    Albef(Vec<PathBuf>),
    /// The official pair of files.
    VqaV2 {
        /// Questions.
        questions: PathBuf,
        /// Their answers.
        annotations: PathBuf,
    },
}

/// Questions about pictures with their records.
pub struct Questions {
    section: QuestionSection,
    seed: u64,
    inputs: Inputs,
    records: Opened<Question>,
    known: Known,
}

/// A question with its picture and its answers.
pub struct QuestionExample {
    place: usize,
    pixels: PixelPlanes,
    text: TextInput,
    /// Answers with their beginning and end, and the weight of each.
    answers: Vec<(TextInput, f32)>,
}

impl RecordList for QuestionList {
    type Record = Question;

    fn files(&self) -> Vec<&Path> {
        match self {
            Self::Albef(files) => files.iter().map(PathBuf::as_path).collect(),
            Self::VqaV2 { questions, annotations } => vec![questions, annotations],
        }
    }

    fn read(&self, images: &Images, usable: &mut Usable<'_>) -> Result<Vec<Question>, AnnotationError> {
        match self {
            Self::Albef(files) => {
                let read = |path: &PathBuf| {
                    let read = read_questions(&usable.located(path), images, KnownAnswers::Any)?;
                    Ok(usable.of(read))
                };
                Ok(files.iter().map(read).collect::<Result<Vec<_>, AnnotationError>>()?.concat())
            }
            Self::VqaV2 { questions, annotations } => {
                let [questions, annotations] = [questions, annotations].map(|path| usable.located(path));
                let read = read_vqa_v2(&questions, Some(&annotations), images, KnownAnswers::Any)?;
                Ok(usable.of(read))
            }
        }
    }
}

impl Downstream for Questions {
    type Section = QuestionSection;

    fn check(section: &QuestionSection) -> Result<(), RecipeError> {
        if section.decoder_layers == 0 {
            return Err(RecipeError::invalid("decoder_layers", "is 0, expected at least 1"));
        }
        section.answering.check().map_err(|error| error.within("answering"))?;
        section.albef.check().map_err(|error| error.within("albef"))?;
        section.distillation.map_or(Ok(()), |section| section.check().map_err(|error| error.within("distillation")))
    }

    fn resolved(section: QuestionSection) -> QuestionSection {
        let answering = section.answering.resolved(section.albef.compat);
        QuestionSection { answering, albef: section.albef.resolved(), ..section }
    }

    fn fit_to(section: &mut QuestionSection, earlier: &crate::Recipe) -> Result<(), RecipeError> {
        section.albef.fit_to(earlier)
    }

    fn files(section: &QuestionSection) -> Vec<(&'static str, &Path)> {
        let mut files = section.albef.beside(section.data.files());
        files.push(("task.answers", &section.answers));
        files
    }

    fn open(recipe: Recipe<QuestionSection>, root: &Path) -> OwnResult<Self> {
        let (section, seed) = (recipe.task, recipe.seed);
        let (inputs, mut records) = (Inputs::open(&section.albef, seed, root)?, section.data.open(root)?);
        for (list, name) in [(&mut records.train, "train"), (&mut records.heldout, "heldout")] {
            let all = list.len();
            list.retain(|question| !question.answers.is_empty());
            if list.len() < all {
                let left = all - list.len();
                records
                    .doubts
                    .push(format!("task.data.{name}: {left} of {all} questions have no answers and are left out"));
            }
        }
        let list = AnswerList::read(&located(&section.answers, root))?;
        let known = Known::of(list.answers(), &inputs)?;
        Ok(Self { section, seed, inputs, records, known })
    }
}

impl Questions {
    fn asked(&self, examples: &[QuestionExample], device: &Device) -> (Tensor<4>, Texts) {
        asked(examples.iter().map(|example| (&example.pixels, &example.text)), self.inputs.pad(), device)
    }

    /// Questions with all their answers; nothing where no answer has a word.
    fn batch(&self, examples: &[QuestionExample], device: &Device) -> Option<QuestionBatch> {
        let (pixel_values, questions) = self.asked(examples, device);
        let of = |(question, example): (usize, &'_ QuestionExample)| vec![question as u32; example.answers.len()];
        let question_of: Vec<u32> = examples.iter().enumerate().flat_map(of).collect();
        let all = || examples.iter().flat_map(|example| &example.answers);
        let words: Vec<&[u32]> = all().map(|(answer, _)| answer.input_ids.as_slice()).collect();
        let weights: Vec<f32> = all().map(|(_, weight)| *weight).collect();
        let answers = Texts::new(&all().map(|(answer, _)| answer).collect::<Vec<_>>(), self.inputs.pad(), device);
        let [_, length] = answers.input_ids.dims();
        let words = AnswerWords::new(&words, &weights, (length, examples.len()), device)?;
        Some(QuestionBatch {
            pixel_values,
            questions,
            answers,
            question_of: numbers(question_of.into_iter(), device),
            words,
        })
    }
}

impl Objective for Questions {
    type Example = QuestionExample;
    type Model = AnsweringModel;
    type Beside = Follower<AnsweringModel>;

    fn source(&self, purpose: Purpose) -> Arc<dyn Source> {
        self.records.source(purpose)
    }

    fn example(&self, _: Record, visit: Visit, purpose: Purpose) -> OwnResult<QuestionExample> {
        let Question { image, text, answers, .. } = self.records.record(purpose, visit.index);
        let words = |answer: &tuwen_annotation::Answer| Ok((self.inputs.answer(&answer.text)?, answer.weight as f32));
        Ok(QuestionExample {
            place: visit.index,
            pixels: self.inputs.pixels(&self.records.picture(image)?, visit, (purpose, 0))?,
            text: self.inputs.question(text)?,
            answers: answers.iter().map(words).collect::<OwnResult<_>>()?,
        })
    }

    fn model(&self, device: &Device) -> AnsweringModel {
        let model = &self.section.albef.model;
        let fresh = AnsweringModel::init(&model.encoder, self.section.decoder_layers, device);
        initialise_by_name(fresh, |name| range_of(name, &model.initializer_range), self.seed)
    }

    fn forward(
        &self,
        model: &AnsweringModel,
        examples: &[QuestionExample],
        pass: Pass<'_, Self>,
    ) -> OwnResult<Outcome> {
        self.forward_on(model, examples, pass, &Tape::off())
    }

    fn forward_on<'a>(
        &self,
        model: &'a AnsweringModel,
        examples: &[QuestionExample],
        pass: Pass<'_, Self>,
        tape: &Tape<'a>,
    ) -> OwnResult<Outcome> {
        let Some(batch) = self.batch(examples, pass.device) else { return Ok(Outcome::default()) };
        let (dropout, section) = (pass.dropout(), self.section.distillation);
        let teacher = section.zip(pass.beside).map(|(section, follower)| section.teacher(follower, model, pass.step));
        Ok(Outcome::default().loss("answers", 1.0, model.loss(tape, &batch, teacher, &dropout), examples.len()))
    }

    /// The encoder's layers; the decoder keeps its graph.
    fn recomputes(what: Recompute) -> bool {
        !matches!(what, Recompute::Rows(_))
    }

    fn answers(
        &self,
        model: &AnsweringModel,
        batches: &[Vec<QuestionExample>],
        device: &Device,
    ) -> OwnResult<Option<Answers>> {
        let mut found = Vec::new();
        for examples in batches {
            let answers = self.section.answering.find(model, self.asked(examples, device), (&self.known, &self.inputs));
            found.extend(examples.iter().map(|example| example.place).zip(answers));
        }
        Ok(Some(answered(&self.records, found)))
    }

    fn adopted(&self, earlier: Weights) -> Result<Weights, WeightsError> {
        let (config, layers) = (&self.section.albef.model.encoder, self.section.decoder_layers);
        let fresh = AnsweringModel::init(config, layers, &Device::flex());
        adopted(earlier, (config, "decoder."), fresh, |fresh, pretrained| fresh.started_from(pretrained))
    }

    fn doubts(&self) -> Vec<String> {
        self.records.doubts.clone()
    }

    fn fingerprints(&self) -> OwnResult<Vec<(&'static str, Fingerprint)>> {
        Ok(self.records.fingerprints.clone())
    }

    fn save_beside(&self, beside: &Follower<AnsweringModel>) -> Weights {
        beside.save()
    }

    fn restore_beside(
        &self,
        model: &AnsweringModel,
        saved: &Weights,
    ) -> Result<Follower<AnsweringModel>, WeightsError> {
        Follower::restore(model, saved)
    }
}
