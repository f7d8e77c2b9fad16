//! ALBEF as the training loop drives it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use tuwen_core::Losses;
use tuwen_data::{Fingerprint, Loader};
use tuwen_encoder::{Tape, Weights, WeightsError};
use tuwen_eval::Rest;
use tuwen_health::{Facts, HealthConfig};
use tuwen_ops::Dropout;

use super::assemble::Heldout;
use super::evaluate::Test;
use super::retrieval::{encode, rerank_by_matching, retrieve};
use super::step::losses;
use super::{AlbefPretraining, AlbefState, Assembly, Batch, Example, Rerank, Retrieved, evaluate, init, saved};
use crate::architecture::{Architecture, LoopSettings};
use crate::evaluation::{Evaluation, RetrievalResult};
use crate::gradients::ModelGradients;
use crate::init::Beginning;
use crate::optimizer::{Optimizer, StepOutcome};
use crate::samples::Samples;
use crate::{Schedule, TrainError};

/// Pairs of a chunk when everything is compared with everything.
const CHUNK: usize = 256;

impl Assembly {
    fn schedule(&self) -> Schedule {
        self.recipe.schedule.resolve(self.train.len(), self.recipe.data.loader.batch_size)
    }

    /// Candidates that matching puts in order: none where no stage trains it.
    pub fn rerank(&self) -> usize {
        if self.recipe.trains(|stage| stage.itm.is_some()) { self.recipe.evaluation.rerank } else { 0 }
    }

    fn pad(&self) -> u32 {
        self.text.tokenizer.special_ids().pad
    }

    /// Retrieval among the captions of language number `language`: by alignment, and, if `rerank` is not 0, with the
    /// nearest put in order.
    pub(super) fn retrieve(
        &self,
        model: &AlbefPretraining,
        heldout: &Heldout,
        language: usize,
        rerank: usize,
    ) -> Result<(Retrieved, Option<Retrieved>), TrainError> {
        let gallery = &heldout.gallery;
        let encoded = encode(model, &gallery.pictures, &gallery.captions[language].1, (self.pad(), CHUNK));
        let found = retrieve(&encoded, CHUNK)?;
        let how = Rerank { candidates: rerank, score: self.recipe.evaluation.rerank_score, rest: Rest::KeepOrder };
        let reranked = (rerank > 0).then(|| rerank_by_matching(model, &encoded, &found, how, CHUNK)).transpose()?;
        Ok((found, reranked))
    }

    /// The recalls in each language that has captions, by alignment and, if `rerank` is not 0, by matching too.
    pub fn retrieval(
        &self,
        model: &AlbefPretraining,
        heldout: &Heldout,
        rerank: usize,
    ) -> Result<Vec<RetrievalResult>, TrainError> {
        let mut results = Vec::new();
        for (number, (language, captions)) in heldout.gallery.captions.iter().enumerate() {
            if captions.is_empty() {
                continue;
            }
            let relevance = heldout.gallery.relevance(number)?;
            let (found, reranked) = self.retrieve(model, heldout, number, rerank)?;
            let mut add = |found: &Retrieved, reranked| -> Result<(), TrainError> {
                let table = found.table(&relevance)?;
                results.push(RetrievalResult { language: language.clone(), reranked, table });
                Ok(())
            };
            add(&found, None)?;
            reranked.iter().try_for_each(|found| add(found, Some(rerank)))?;
        }
        Ok(results)
    }
}

impl Architecture for Assembly {
    type Example = Example;
    type Heldout = Heldout;
    type Model = AlbefPretraining;
    type State = AlbefState;

    fn settings(&self) -> LoopSettings<'_> {
        let recipe = &self.recipe;
        LoopSettings {
            name: &recipe.name,
            batch_size: recipe.data.loader.batch_size,
            optimizer: &recipe.optimizer,
            schedule: &recipe.schedule,
            evaluate_every: recipe.evaluation.every,
            checkpoint: &recipe.checkpoint,
            compute: &recipe.compute,
        }
    }

    fn records(&self) -> [usize; 2] {
        [self.train.len(), self.heldout.len()]
    }

    fn companions(&self) -> Result<Vec<(&'static str, String)>, TrainError> {
        self.files()
    }

    fn plan(&self) -> String {
        let mut first = 1;
        let line = |stage: &super::Stage| {
            let start = first;
            first += stage.steps.unwrap_or(0);
            let end = stage.steps.map_or("the end".to_string(), |_| (first - 1).to_string());
            format!("stage       steps {start} to {end}: {}", stage.describe())
        };
        self.recipe.stages.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn doubts(&self) -> Vec<String> {
        let batch = self.recipe.data.loader.batch_size;
        let doubt = |(index, stage): (usize, &super::Stage)| {
            let entries = Some(stage.queue()).filter(|&entries| entries > 0 && entries < batch)?;
            let why = format!("smaller than a batch of {batch}: only a part of the last batch is remembered");
            Some(format!("`stages[{index}].ita.loss.queue` is {entries}, {why}"))
        };
        self.recipe.stages.iter().enumerate().filter_map(doubt).collect()
    }

    fn health(&self) -> (HealthConfig, Facts) {
        (self.recipe.health, self.facts())
    }

    fn loader(&self) -> Result<Loader<Example>, TrainError> {
        self.training_loader()
    }

    fn heldout(&self, report: &mut dyn FnMut(&str)) -> Result<Heldout, TrainError> {
        self.heldout_pairs(report)
    }

    fn start(&self, device: &Device) -> AlbefState {
        AlbefState::start(&self.recipe, device)
    }

    fn begin_with(
        &self,
        state: AlbefState,
        report: &mut dyn FnMut(&str),
    ) -> Result<(AlbefState, Vec<Beginning>), TrainError> {
        let (model, beginnings) = self.recipe.init.fill(state.model, init::place, report)?;
        Ok((AlbefState { model, ..state }, beginnings))
    }

    fn save(&self, state: &AlbefState) -> Weights {
        saved::save(state)
    }

    fn restore(&self, state: AlbefState, weights: &Weights) -> Result<AlbefState, WeightsError> {
        saved::restore(state, weights)
    }

    fn model<'s>(&self, state: &'s AlbefState) -> &'s AlbefPretraining {
        &state.model
    }

    fn losses<'a>(
        &self,
        state: &'a mut AlbefState,
        examples: &[Example],
        step: u64,
        tape: &Tape<'a>,
    ) -> Result<Losses, TrainError> {
        let device = state.model.temperature.val().device().inner();
        let batch = Batch::new(examples, self.pad(), &device);
        let input = self.recipe.step_input(step, Dropout::training(self.recipe.seed, step));
        let words = input.stage.mlm.is_some();
        let mut losses = losses(state, &batch, &input, tape);
        if words {
            self.observe_masking(&mut losses, examples, &device);
        }
        Ok(losses)
    }

    fn advance(
        &self,
        state: AlbefState,
        optimizer: &mut Optimizer,
        gradients: &ModelGradients,
        factor: f64,
    ) -> (AlbefState, StepOutcome) {
        state.advance(optimizer, gradients, factor)
    }

    fn evaluate(&self, model: &AlbefPretraining, heldout: &Heldout, step: u64) -> Result<Evaluation, TrainError> {
        let recipe = &self.recipe;
        let test = Test { input: recipe.step_input(step, Dropout::off()), seed: recipe.seed, pad: self.pad() };
        let rerank = if step == self.schedule().total_steps { self.rerank() } else { 0 };
        Ok(Evaluation {
            tasks: evaluate(model, &heldout.batches, &recipe.stages, &test),
            retrieval: self.retrieval(model, heldout, rerank)?,
            metrics: BTreeMap::new(),
        })
    }

    fn samples(
        &self,
        model: &AlbefPretraining,
        heldout: &Heldout,
        step: u64,
        folder: &Path,
    ) -> Result<Samples, TrainError> {
        self.samples_of(model, heldout, step, folder)
    }

    fn fingerprints(&self) -> Result<Vec<(&'static str, Fingerprint)>, TrainError> {
        self.recipe.data.fingerprints()
    }

    fn draw(&self, model: &AlbefPretraining, heldout: &Heldout, folder: &Path) -> Result<Vec<PathBuf>, TrainError> {
        self.sheets(model, heldout, folder)
    }
}
