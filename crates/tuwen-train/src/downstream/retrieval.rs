//! Retrieval fine-tuning (ALBEF, arXiv:2107.07651, section 5.1): captions for pictures and pictures for captions.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use tuwen_annotation::Captioned;
use tuwen_data::{Fingerprint, Record, Source, Visit};
use tuwen_encoder::{Recompute, Tape, Weights, WeightsError};
use tuwen_eval::{EvalError, Relevance, Rest, RetrievalTable, Ties, first_answers, ranks};
use tuwen_recipe::RecipeError;
use tuwen_text::TextInput;
use tuwen_vision::{Image, PixelPlanes};

use super::alignment::{Alignment, AlignmentSection, BesideAlignment};
use super::lists::Opened;
use super::{AlbefSection, CaptionList, Downstream, Lists};
use crate::albef::example::key_of;
use crate::albef::{
    AlbefPretraining, Caption, Example, Picture, Rerank, RerankScore, Retrieved, encode, rerank_by_matching, retrieve,
};
use crate::objective::{Answered, Answers, Objective, Outcome, OwnResult, Pass, Recipe, Shown, given};
use crate::{Measure, Purpose};

/// Pairs of a chunk when everything is compared with everything.
const CHUNK: usize = 256;
/// Captions shown for a picture.
const GUESSES: usize = 3;
/// A model that finds everything equally near earns nothing.
const TIES: Ties = Ties::Pessimistic;

/// What a recipe says of retrieval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrievalSection {
    /// The nearest candidates that matching puts in order in a test, 0 for alignment alone.
    pub rerank: usize,
    /// What they are put in order by.
    #[serde(default)]
    pub rerank_score: RerankScore,
    /// Pictures with captions.
    pub data: Lists<CaptionList>,
    /// Losses and momentum.
    pub alignment: AlignmentSection,
    /// Texts, pictures, encoder.
    pub albef: AlbefSection,
}

/// Retrieval with its records.
pub struct Retrieval {
    section: RetrievalSection,
    alignment: Alignment,
    records: Opened<Captioned>,
}

/// A pair to train on, or a picture with all its captions to test on.
pub enum RetrievalExample {
    /// To train on.
    Pair(Box<Example>),
    /// To test on.
    Captioned(Box<CaptionedPicture>),
}

/// A picture with all its captions, as they stand and as the encoder reads them.
pub struct CaptionedPicture {
    image: Image,
    pixels: PixelPlanes,
    key: u64,
    captions: Vec<(String, TextInput)>,
}

impl Downstream for Retrieval {
    type Section = RetrievalSection;

    fn check(section: &RetrievalSection) -> Result<(), RecipeError> {
        section.albef.check().map_err(|error| error.within("albef"))?;
        section.alignment.check().map_err(|error| error.within("alignment"))
    }

    fn resolved(section: RetrievalSection) -> RetrievalSection {
        RetrievalSection { albef: section.albef.resolved(), ..section }
    }

    fn fit_to(section: &mut RetrievalSection, earlier: &crate::Recipe) -> Result<(), RecipeError> {
        section.albef.fit_to(earlier)
    }

    fn files(section: &RetrievalSection) -> Vec<(&'static str, &Path)> {
        section.albef.beside(section.data.files())
    }

    fn open(recipe: Recipe<RetrievalSection>, root: &Path) -> OwnResult<Self> {
        let (section, seed) = (recipe.task, recipe.seed);
        let mut records = section.data.open(root)?;
        let (sections, train) =
            ((section.alignment.clone(), section.albef.clone()), std::mem::take(&mut records.train));
        let alignment = Alignment::open(sections, (&records.images, train), seed, root)?;
        Ok(Self { section, alignment, records })
    }
}

impl Objective for Retrieval {
    type Example = RetrievalExample;
    type Model = AlbefPretraining;
    type Beside = BesideAlignment;

    fn source(&self, purpose: Purpose) -> Arc<dyn Source> {
        match purpose {
            Purpose::Training => self.alignment.source(),
            Purpose::Evaluation => self.records.source(purpose),
        }
    }

    fn example(&self, _: Record, visit: Visit, purpose: Purpose) -> OwnResult<RetrievalExample> {
        if purpose == Purpose::Training {
            return Ok(RetrievalExample::Pair(Box::new(self.alignment.example(visit)?)));
        }
        let Captioned { image: name, image_id, captions } = &self.records.heldout[visit.index];
        let image = self.records.picture(name)?;
        let read = |text: &String| Ok((text.clone(), self.alignment.inputs.caption(text)?));
        Ok(RetrievalExample::Captioned(Box::new(CaptionedPicture {
            pixels: self.alignment.inputs.pixels(&image, visit, (purpose, 0))?,
            image,
            key: key_of(image_id),
            captions: captions.iter().map(read).collect::<OwnResult<_>>()?,
        })))
    }

    fn model(&self, device: &Device) -> AlbefPretraining {
        self.alignment.model(device)
    }

    fn forward(
        &self,
        model: &AlbefPretraining,
        examples: &[RetrievalExample],
        pass: Pass<'_, Self>,
    ) -> OwnResult<Outcome> {
        self.forward_on(model, examples, pass, &Tape::off())
    }

    fn forward_on<'a>(
        &self,
        model: &'a AlbefPretraining,
        examples: &[RetrievalExample],
        pass: Pass<'_, Self>,
        tape: &Tape<'a>,
    ) -> OwnResult<Outcome> {
        let pair = |example: &RetrievalExample| match example {
            RetrievalExample::Pair(pair) => Some(Example::clone(pair)),
            RetrievalExample::Captioned(_) => None,
        };
        let pairs: Vec<Example> = examples.iter().filter_map(pair).collect();
        let Some(beside) = pass.beside.filter(|_| !pairs.is_empty()) else { return Ok(Outcome::default()) };
        let losses = self.alignment.losses((model, tape), &pairs, beside, (pass.step, pass.device));
        Ok(Outcome::of(losses))
    }

    fn recomputes(_: Recompute) -> bool {
        true
    }

    fn answers(
        &self,
        model: &AlbefPretraining,
        batches: &[Vec<RetrievalExample>],
        _: &Device,
    ) -> OwnResult<Option<Answers>> {
        let (pictures, captions) = gallery(batches);
        let encoded = encode(model, &pictures, &captions, (self.alignment.inputs.pad(), CHUNK));
        let aligned = retrieve(&encoded, CHUNK)?;
        let temperature = model.temperature.val().into_scalar::<f32>();
        let RetrievalSection { rerank, rerank_score: score, .. } = self.section;
        let how = Rerank { candidates: rerank, score, rest: Rest::KeepOrder };
        let found = match rerank {
            0 => aligned.clone(),
            _ => rerank_by_matching(model, &encoded, &aligned, how, CHUNK)?,
        };
        let sure = |picture: usize| softmax(aligned.i2t.row(picture), temperature);
        Ok(Some(answers(&found, &pictures, &captions, &sure)?))
    }

    fn doubts(&self) -> Vec<String> {
        self.records.doubts.clone()
    }

    fn fingerprints(&self) -> OwnResult<Vec<(&'static str, Fingerprint)>> {
        Ok(self.records.fingerprints.clone())
    }

    fn follow(&self, _: &AlbefPretraining, beside: &mut BesideAlignment) {
        beside.follow();
    }

    fn save_beside(&self, beside: &BesideAlignment) -> Weights {
        beside.save()
    }

    fn restore_beside(&self, model: &AlbefPretraining, saved: &Weights) -> Result<BesideAlignment, WeightsError> {
        self.alignment.restore(model, saved)
    }
}

fn gallery(batches: &[Vec<RetrievalExample>]) -> (Vec<Picture>, Vec<Caption>) {
    let (mut pictures, mut captions) = (Vec::new(), Vec::new());
    for example in batches.iter().flatten() {
        let RetrievalExample::Captioned(captioned) = example else { continue };
        for (text, input) in &captioned.captions {
            let key = key_of(&input.input_ids);
            captions.push(Caption { text: text.clone(), input: input.clone(), picture: pictures.len(), key });
        }
        let CaptionedPicture { image, pixels, key, .. } = &**captioned;
        pictures.push(Picture { image: image.clone(), pixels: pixels.clone(), key: *key });
    }
    (pictures, captions)
}

/// How likely each caption is, by alignment with one picture alone.
fn softmax(cosines: &[f32], temperature: f32) -> Vec<f64> {
    let highest = cosines.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shares: Vec<f64> = cosines.iter().map(|cosine| f64::from((cosine - highest) / temperature).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / sum).collect()
}

/// Which pictures and captions belong together.
fn relevance(pictures: &[Picture], captions: &[Caption]) -> Result<Relevance, EvalError> {
    let picture_keys: Vec<u64> = pictures.iter().map(|picture| picture.key).collect();
    let caption_keys: Vec<u64> = captions.iter().map(|caption| caption.key).collect();
    let pairs: Vec<_> = captions.iter().enumerate().map(|(place, caption)| (caption.picture, place)).collect();
    Relevance::from_keys(&picture_keys, &caption_keys, &pairs)
}

/// Every picture and every caption is a question: whether the first answer to it is right.
fn answers(
    found: &Retrieved,
    pictures: &[Picture],
    captions: &[Caption],
    sure: &dyn Fn(usize) -> Vec<f64>,
) -> OwnResult<Answers> {
    let relevance = relevance(pictures, captions)?;
    let mut answered = Vec::new();
    for (place, rank) in ranks(&found.i2t, relevance.i2t(), TIES)?.as_slice().iter().enumerate() {
        let first = first_answers(&found.i2t, relevance.i2t(), place, GUESSES, TIES)?;
        let sure = sure(place);
        let right = relevance.i2t().of(place);
        answered.push(Answered {
            kind: "image to text".to_string(),
            text: "which caption".to_string(),
            pictures: vec![Shown::Image(pictures[place].image.clone())],
            expected: right.iter().map(|&caption| captions[caption].text.clone()).collect(),
            answers: first.answers.iter().map(|&(at, _)| given(&captions[at].text, sure[at])).collect(),
            score: f64::from(u8::from(*rank == 0)),
            chance: right.len() as f64 / captions.len() as f64,
            ..Answered::default()
        });
    }
    for (place, rank) in ranks(&found.t2i, relevance.t2i(), TIES)?.as_slice().iter().enumerate() {
        let first = first_answers(&found.t2i, relevance.t2i(), place, 1, TIES)?;
        let own = &pictures[captions[place].picture].image;
        let nearest = first.answers.first().map(|&(picture, _)| pictures[picture].image.clone());
        answered.push(Answered {
            kind: "text to image".to_string(),
            text: captions[place].text.clone(),
            pictures: std::iter::once(own.clone()).chain(nearest).map(Shown::Image).collect(),
            expected: vec!["the first picture; the second was found".to_string()],
            score: f64::from(u8::from(*rank == 0)),
            chance: relevance.t2i().of(place).len() as f64 / pictures.len() as f64,
            ..Answered::default()
        });
    }
    let table = RetrievalTable::new(&found.i2t, &found.t2i, &relevance, TIES)?;
    Ok(Answers { further: further(&table), ..Answers::shares("recall@1", answered) })
}

/// The recalls of the table, as shares.
fn further(table: &RetrievalTable) -> Vec<(&'static str, Measure)> {
    let share = |value: f64, chance: Option<f64>| Measure { value: value / 100.0, chance: chance.map(|of| of / 100.0) };
    let mut further = vec![("mean_recall", share(table.mean_recall, None))];
    let names = [["i2t_r1", "i2t_r5", "i2t_r10"], ["t2i_r1", "t2i_r5", "t2i_r10"]];
    for (names, row) in names.into_iter().zip([&table.i2t, &table.t2i]) {
        let values = row.recall.iter().zip(row.chance).map(|(&recall, chance)| share(recall, Some(chance)));
        further.extend(names.into_iter().zip(values));
    }
    further
}
