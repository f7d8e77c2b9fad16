//! The sizes of a recipe's batches: counted in its own records where they are there, the largest possible where not.

use std::path::Path;

use serde::Serialize;
use tuwen_train::unibert::recipe::TagVocabulary;
use tuwen_train::unibert::{self, ClipSize};
use tuwen_train::{DataSection, Recipe, TrainError, albef};

use super::estimate::StageCosts;

/// Tags where the recipe names a file that isn't there: as many as the QQ set has.
const TAGS: usize = 10_000;

/// Sizes of a record, and where they come from.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Sizes {
    /// Training records; absent where they can't be read.
    records: Option<usize>,
    /// Tokens that a text is filled up to.
    pub(super) tokens: usize,
    /// Tokens of a record that are no padding, on average.
    pub(super) real: f64,
    /// Masked tokens of a record, on average.
    masked_tokens: f64,
    /// Masked frames of a record, on average.
    masked_frames: f64,
    tags: usize,
    /// Why the recipe's records were not looked at.
    pub(super) why_not: Option<String>,
}

impl Sizes {
    pub(super) fn of(recipe: &Recipe, root: &Path) -> Self {
        let absent = |reason: String| Self { why_not: Some(reason), ..largest(recipe) };
        // A run would write it now; a plan writes nothing.
        if yet_to_be_written(recipe.clone().data_mut(), root) {
            return absent("its synthetic records are not written yet".to_string());
        }
        counted(recipe, root).unwrap_or_else(|error| absent(error.to_string()))
    }

    pub(super) fn records(&self) -> Option<usize> {
        self.records
    }

    pub(super) fn tags(&self) -> usize {
        self.tags
    }

    /// The costs of each stage at this batch size; the last one goes on to the end of `steps`.
    pub(super) fn stages(&self, recipe: &Recipe, batch: usize, steps: Option<u64>) -> Vec<StageCosts> {
        let of = |amount: f64| (amount * batch as f64).round() as usize;
        match recipe {
            Recipe::Albef(recipe) => {
                let (encoder, savings) = (&recipe.model.encoder, &recipe.savings);
                let [real, masked] = [of(self.real), of(self.masked_tokens)];
                let size = albef::StepSize { batch, tokens: self.tokens, real, masked };
                let before: u64 = recipe.stages.iter().filter_map(|stage| stage.steps).sum();
                let cost = |stage: &albef::Stage| StageCosts {
                    trains: stage.describe(),
                    steps: stage.steps.or(steps.map(|steps| steps.saturating_sub(before))),
                    operations: albef::step_parts(encoder, stage, stage.alpha(u64::MAX), size, savings),
                    kept: albef::kept_parts(encoder, stage, size, savings),
                    seconds: None,
                };
                recipe.stages.iter().map(cost).collect()
            }
            Recipe::UniBert(recipe) => {
                let [masked_tokens, masked_frames] = [of(self.masked_tokens), of(self.masked_frames)];
                let (tokens, frames, tags) = (self.tokens, recipe.vision.frames, self.tags);
                let size = ClipSize { batch, tokens, frames, masked_tokens, masked_frames, tags };
                vec![StageCosts {
                    trains: tasks(recipe),
                    steps,
                    operations: unibert::step_parts(recipe, size),
                    kept: unibert::kept_parts(recipe, size),
                    seconds: None,
                }]
            }
        }
    }
}

fn yet_to_be_written(data: &DataSection, root: &Path) -> bool {
    data.synthetic.is_some() && !data.train.exists() && !root.join(&data.train).exists()
}

fn tasks(recipe: &unibert::Recipe) -> String {
    let tasks = &recipe.tasks;
    let names = [
        tasks.mlm.as_ref().map(|_| "mlm"),
        tasks.mfm.as_ref().map(|_| "mfm"),
        tasks.itm.as_ref().map(|_| "itm"),
        tasks.tag.as_ref().map(|_| "tag"),
    ];
    names.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// As the first batch has them.
fn counted(recipe: &Recipe, root: &Path) -> Result<Sizes, TrainError> {
    match recipe {
        Recipe::Albef(recipe) => {
            let assembly = albef::Assembly::of((**recipe).clone(), root)?;
            let examples = assembly.training_loader()?.next_batch()?.items;
            let count = |of: &dyn Fn(&albef::Example) -> usize| mean(examples.iter().map(of));
            Ok(Sizes {
                records: Some(assembly.train.len()),
                tokens: examples.iter().map(|example| example.text.len()).max().unwrap_or(1),
                real: count(&|example| example.text.attention_mask.iter().filter(|real| **real).count()),
                masked_tokens: count(&|example| example.masked_text.positions.len()),
                masked_frames: 0.0,
                tags: 0,
                why_not: None,
            })
        }
        Recipe::UniBert(recipe) => {
            let assembly = unibert::Assembly::of((**recipe).clone(), root)?;
            let examples = assembly.training_loader()?.next_batch()?.items;
            let count = |of: &dyn Fn(&unibert::Example) -> usize| mean(examples.iter().map(of));
            Ok(Sizes {
                records: Some(assembly.train.len()),
                tokens: examples.iter().map(|example| example.text.len()).max().unwrap_or(1),
                real: count(&|example| example.text.attention_mask.iter().filter(|real| **real).count()),
                masked_tokens: count(&|example| example.masked_text.positions.len()),
                masked_frames: count(&|example| example.masked_frames.positions.len()),
                tags: assembly.tags.len(),
                why_not: None,
            })
        }
    }
}

fn mean(counts: impl ExactSizeIterator<Item = usize>) -> f64 {
    let all = counts.len().max(1);
    counts.sum::<usize>() as f64 / all as f64
}

/// Texts as long as the layout allows, masked at the recipe's rate.
fn largest(recipe: &Recipe) -> Sizes {
    let (tokens, rate, frames, tags) = match recipe {
        Recipe::Albef(recipe) => (recipe.text.layout.max_length, recipe.tasks.masking.probability, 0.0, 0),
        Recipe::UniBert(recipe) => {
            let tasks = &recipe.tasks;
            let mask = tasks.mfm.as_ref().map_or(0.0, |mfm| mfm.masking.probability);
            let tags = tasks.tag.as_ref().map_or(0, |tag| match &tag.vocabulary {
                TagVocabulary::MostFrequent(tags) => *tags,
                TagVocabulary::File(_) => TAGS,
            });
            let rate = tasks.mlm.as_ref().map_or(0.0, |mlm| mlm.masking.probability);
            (recipe.text.layout.max_length, rate, mask * recipe.vision.frames as f64, tags)
        }
    };
    let real = tokens as f64;
    Sizes { records: None, tokens, real, masked_tokens: rate * real, masked_frames: frames, tags, why_not: None }
}
