//! Pairs of clips with a similarity (the QQ browser's 2021 AIAC task; UniBERT's fine-tuning): two clips go through the same
//! model, and the cosine of their embeddings is held to the rank of their label.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use tuwen_annotation::{KnownClips, Pair};
use tuwen_data::{DataFormat, Fingerprint, Record, Source, TitleChoice, Visit, Visual, fingerprint_of, open_source};
use tuwen_encoder::{Recompute, Tape, initialise};
use tuwen_eval::rank_labels;
use tuwen_ops::Dropout;
use tuwen_recipe::RecipeError;

use super::Downstream;
use super::clips::{Clips, UniBertSection};
use super::lists::located;
use super::pair_files::PairFiles;
use crate::objective::{
    Answered, Answers, Numbers, Objective, Outcome, OwnResult, Pass, Recipe, Shown, Statistic, given,
};
use crate::unibert::{Example, Heads, PairBatch, UniBertPretraining};
use crate::{Purpose, TrainError};

/// Ranks that differ by no more than so much of all are shown as right.
const NEAR: f32 = 0.2;

/// What a recipe says of pairs of clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairSection {
    /// What a pair's label is made of.
    #[serde(default)]
    pub labels: PairLabels,
    /// Clips and pairs.
    pub data: PairData,
    /// Titles, frames, encoder.
    pub unibert: UniBertSection,
}

/// What a pair's label is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairLabels {
    /// Its rank among all pairs of the list, from 0 to 1, as the QQ reference trains.
    #[default]
    Ranks,
    /// The score as it stands.
    Scores,
}

/// Clips, and which of them are alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairData {
    /// Files, folders or patterns with the clips of all pairs.
    pub clips: Vec<PathBuf>,
    /// Which title is read.
    pub titles: TitleChoice,
    /// The pairs.
    pub pairs: PairFiles,
    /// The format of the clips, and its field names.
    pub records: DataFormat,
}

/// Pairs of clips with their records.
pub struct ClipPairs {
    section: PairSection,
    seed: u64,
    clips: Clips,
    /// Numbers of both clips, and the label.
    pairs: [Vec<(usize, usize, f32)>; 2],
    doubts: Vec<String>,
    fingerprints: Vec<(&'static str, Fingerprint)>,
}

/// Two clips and their label.
pub struct PairExample {
    place: usize,
    clips: [Example; 2],
    label: f32,
}

impl Downstream for ClipPairs {
    type Section = PairSection;

    fn check(section: &PairSection) -> Result<(), RecipeError> {
        section.data.pairs.check().map_err(|error| error.within("data.pairs"))?;
        if section.data.clips.is_empty() {
            return Err(RecipeError::invalid("data.clips", "is empty, expected at least one path"));
        }
        section.unibert.check().map_err(|error| error.within("unibert"))
    }

    fn resolved(section: PairSection) -> PairSection {
        PairSection { unibert: section.unibert.resolved(), ..section }
    }

    fn fit_to(section: &mut PairSection, earlier: &crate::Recipe) -> Result<(), RecipeError> {
        section.unibert.fit_to(earlier)
    }

    fn files(section: &PairSection) -> Vec<(&'static str, &Path)> {
        let mut files: Vec<_> = section.data.clips.iter().map(|path| ("task.data.clips", path.as_path())).collect();
        files.extend(section.data.pairs.files());
        files.push(("task.unibert.text.vocabulary", &section.unibert.text.vocabulary));
        files
    }

    fn open(recipe: Recipe<PairSection>, root: &Path) -> OwnResult<Self> {
        let (section, seed) = (recipe.task, recipe.seed);
        let open = |path: &PathBuf| -> Result<Arc<dyn Source>, TrainError> {
            Ok(Arc::from(open_source(&section.data.records, located(path, root))?))
        };
        let sources = section.data.clips.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let clips = Clips::open(&section.unibert, section.data.titles.clone(), (sources, seed), root)?;
        let numbers = clips.numbers()?;
        let known = numbers.keys().cloned().collect();
        let mut doubts = Vec::new();
        let lists = section.data.pairs.read(KnownClips::Of(&known), seed, root, &mut doubts)?;
        let [train, heldout] = lists.each_ref().map(|pairs| labelled(pairs, &numbers, section.labels));
        let files: Vec<PathBuf> = section.data.pairs.files().iter().map(|(_, path)| located(path, root)).collect();
        let [first, last] = [&files[..1], &files[files.len() - 1..]].map(fingerprint_of);
        let fingerprints = vec![("train", first?), ("heldout", last?)];
        Ok(Self { section, seed, clips, pairs: [train?, heldout?], doubts, fingerprints })
    }
}

/// Pairs by the numbers of their clips, with what is to be learned of them.
fn labelled(
    pairs: &[Pair],
    numbers: &HashMap<String, usize>,
    labels: PairLabels,
) -> Result<Vec<(usize, usize, f32)>, TrainError> {
    let scores: Vec<f32> = pairs.iter().map(|pair| pair.score).collect();
    let labels = if labels == PairLabels::Ranks { rank_labels(&scores)? } else { scores };
    let numbered = |(pair, label): (&Pair, f32)| (numbers[&pair.a], numbers[&pair.b], label);
    Ok(pairs.iter().zip(labels).map(numbered).collect())
}

impl ClipPairs {
    /// The clips of all pairs.
    pub fn clips(&self) -> &Clips {
        &self.clips
    }

    /// Numbers of both clips of each held-out pair, and its label.
    pub fn heldout(&self) -> &[(usize, usize, f32)] {
        &self.pairs[1]
    }

    /// The numbers of the clips of the training pairs and of the held-out ones, each once, ascending.
    pub fn clips_of_pairs(&self) -> [Vec<usize>; 2] {
        self.pairs.each_ref().map(|pairs| {
            let mut clips: Vec<usize> = pairs.iter().flat_map(|&(a, b, _)| [a, b]).collect();
            clips.sort_unstable();
            clips.dedup();
            clips
        })
    }

    /// The embeddings of all clips, not yet of unit length, row by row, `batch` clips at a time. The model is outside of
    /// autodiff.
    pub fn embeddings(&self, model: &UniBertPretraining, batch: usize, device: &Device) -> OwnResult<Vec<f32>> {
        let (numbers, mut values) = ((0..self.clips.len()).collect::<Vec<_>>(), Vec::new());
        for chunk in numbers.chunks(batch.max(1)) {
            let read = |&index: &usize| self.clips.example(Visit { epoch: u64::MAX, index }, Purpose::Evaluation);
            let clips = chunk.iter().map(read).collect::<OwnResult<Vec<_>>>()?;
            let found = model.embeddings(&self.clips.view(&clips, device)?, &Dropout::off());
            values.extend(found.into_data().iter::<f32>());
        }
        Ok(values)
    }

    fn batch(&self, examples: &[PairExample], device: &Device) -> OwnResult<PairBatch> {
        let side = |side: usize| {
            let clips: Vec<Example> = examples.iter().map(|example| example.clips[side].clone()).collect();
            self.clips.view(&clips, device)
        };
        let labels: Vec<f32> = examples.iter().map(|example| example.label).collect();
        Ok(PairBatch { a: side(0)?, b: side(1)?, labels: Tensor::from_floats(labels.as_slice(), device) })
    }
}

impl Objective for ClipPairs {
    type Example = PairExample;
    type Model = UniBertPretraining;
    type Beside = ();

    fn source(&self, purpose: Purpose) -> Arc<dyn Source> {
        Arc::new(Numbers(self.pairs[usize::from(purpose == Purpose::Evaluation)].len()))
    }

    fn example(&self, _: Record, visit: Visit, purpose: Purpose) -> OwnResult<PairExample> {
        let (first, second, label) = self.pairs[usize::from(purpose == Purpose::Evaluation)][visit.index];
        let clip = |number| self.clips.example(Visit { index: number, ..visit }, purpose);
        Ok(PairExample { place: visit.index, clips: [clip(first)?, clip(second)?], label })
    }

    fn model(&self, device: &Device) -> UniBertPretraining {
        let model = &self.section.unibert.model;
        let (pooling, embedding_size) = (model.pooling, model.embedding_size);
        let heads = Heads { pooling, embedding_size, mlm: false, mfm: false, itm: false, tag: None };
        initialise(UniBertPretraining::init(&model.encoder, &heads, device), model.initializer_range, self.seed)
    }

    fn forward(
        &self,
        model: &UniBertPretraining,
        examples: &[PairExample],
        pass: Pass<'_, Self>,
    ) -> OwnResult<Outcome> {
        self.forward_on(model, examples, pass, &Tape::off())
    }

    fn forward_on<'a>(
        &self,
        model: &'a UniBertPretraining,
        examples: &[PairExample],
        pass: Pass<'_, Self>,
        tape: &Tape<'a>,
    ) -> OwnResult<Outcome> {
        let loss = model.pair_loss(tape, &self.batch(examples, pass.device)?, &pass.dropout());
        Ok(Outcome::default().loss("pairs", 1.0, loss, examples.len()))
    }

    fn recomputes(_: Recompute) -> bool {
        true
    }

    fn answers(
        &self,
        model: &UniBertPretraining,
        batches: &[Vec<PairExample>],
        device: &Device,
    ) -> OwnResult<Option<Answers>> {
        let mut found = Vec::new();
        for examples in batches {
            let cosines = model.pair_cosines(&self.batch(examples, device)?);
            let cosines: Vec<f32> = cosines.into_data().iter::<f32>().collect();
            found.extend(examples.iter().map(|example| (example.place, example.label)).zip(cosines));
        }
        let cosines: Vec<f32> = found.iter().map(|(_, cosine)| *cosine).collect();
        let places = rank_labels(&cosines)?;
        let one = |(((place, label), cosine), rank): (&((usize, f32), f32), f32)| -> OwnResult<Answered> {
            let (first, second, _) = self.pairs[1][*place];
            let [a, b] = [self.clips.record(first)?, self.clips.record(second)?];
            let shown = |record: &Record| match &record.visual {
                Visual::Image(bytes) | Visual::Strip { bytes, .. } => Some(Shown::Encoded(bytes.clone())),
                Visual::Features { .. } => None,
            };
            let title = |record: &Record| record.titles.first().map(|title| title.text.clone()).unwrap_or_default();
            Ok(Answered {
                text: format!("{} · {}", title(&a), title(&b)),
                pictures: [&a, &b].into_iter().filter_map(shown).collect(),
                expected: vec![format!("{label:.2}")],
                answers: vec![given(&format!("{rank:.2} (cosine {cosine:.2})"), f64::from(rank))],
                score: f64::from(*cosine),
                label: f64::from(*label),
                right: Some((rank - label).abs() <= NEAR),
                ..Answered::default()
            })
        };
        let answered = found.iter().zip(places).map(one).collect::<OwnResult<Vec<_>>>()?;
        Ok(Some(Answers { metric: "spearman", statistic: Statistic::Spearman, answered, further: Vec::new() }))
    }

    fn doubts(&self) -> Vec<String> {
        self.doubts.clone()
    }

    fn fingerprints(&self) -> OwnResult<Vec<(&'static str, Fingerprint)>> {
        Ok(self.fingerprints.clone())
    }
}
