//! UniBERT's step on a made-up batch: the passes and tasks of the recipe.

use burn::tensor::Device;
use serde_json::{Value, json};
use tuwen_encoder::initialise;
use tuwen_text::{MaskedText, TextInput};
use tuwen_train::unibert::recipe::{FrameNegatives, TagVocabulary};
use tuwen_train::unibert::{Batch, BatchShape, Example, Heads, Recipe, UniBertPretraining};
use tuwen_vision::MaskedFrames;

use super::{Stepper, flops, made_up};
use crate::commands::CommandError;
use crate::commands::bench::exchange::Exchange;
use crate::commands::bench::measured::{Measured, Named};
use crate::commands::bench::stepped::UniBertSteps;

/// Tags where the recipe names a file: as many as the QQ set has.
const TAGS: usize = 10_000;

/// A run's first step.
pub(super) struct MadeUpClips {
    steps: UniBertSteps,
    sizes: flops::ClipSizes,
}

impl MadeUpClips {
    pub(super) fn new(recipe: Recipe, batch: usize, tokens: usize, device: &Device) -> Result<Self, CommandError> {
        let tags = recipe.tasks.tag.as_ref().map_or(0, |tag| match &tag.vocabulary {
            TagVocabulary::MostFrequent(tags) => *tags,
            TagVocabulary::File(_) => TAGS,
        });
        let (model, tasks, encoder) = (&recipe.model, &recipe.tasks, &recipe.model.encoder);
        let heads = Heads::of(&recipe, tags);
        let shape = BatchShape {
            pad: 0,
            frame_dim: encoder.frame_dim,
            layout: encoder.layout,
            tags,
            negatives: tasks.mfm.as_ref().map_or(FrameNegatives::Distinct, |mfm| mfm.negatives),
        };
        let sizes = flops::ClipSizes { batch, tokens, frames: recipe.vision.frames, tags };
        let fresh = UniBertPretraining::init(encoder, &heads, &device.clone().autodiff());
        let model = initialise(fresh, model.initializer_range, recipe.seed);
        let batch = Batch::new(&examples(&recipe, sizes), &shape, device)?;
        Ok(Self { steps: UniBertSteps::new(recipe, model, batch, tags)?, sizes })
    }
}

fn examples(recipe: &Recipe, flops::ClipSizes { batch, tokens, frames, tags }: flops::ClipSizes) -> Vec<Example> {
    let (words, width) = (recipe.model.encoder.vocab_size as u64, recipe.model.encoder.frame_dim);
    let one = |row: usize| {
        let first = row * (2 * tokens + frames * width + 1);
        let ids = made_up(tokens, first, words);
        // Three of every 20: 15 % of tokens and of frames, as the reference masks.
        let positions: Vec<u32> = (1..tokens as u32).filter(|position| position % 20 < 3).collect();
        Example {
            id: row.to_string(),
            masked_text: MaskedText {
                input_ids: made_up(tokens, first + tokens, words),
                labels: positions.iter().map(|&position| ids[position as usize]).collect(),
                positions,
            },
            text: TextInput { attention_mask: vec![true; tokens], words: vec![None; tokens], input_ids: ids },
            frame_features: made_up(frames * width, first + 2 * tokens, 2001)
                .into_iter()
                .map(|level| level as f32 / 1000.0 - 1.0)
                .collect(),
            frame_mask: vec![true; frames],
            masked_frames: MaskedFrames { positions: (0..frames as u32).filter(|frame| frame % 20 < 3).collect() },
            tags: (tags > 0).then(|| vec![row as u32 % tags as u32]),
        }
    };
    (0..batch).map(one).collect()
}

impl Measured for MadeUpClips {
    fn exchange(&self) -> Result<Exchange, CommandError> {
        self.steps.exchange()
    }

    fn check(&mut self) -> Result<Named, CommandError> {
        self.steps.check()
    }

    fn step(&mut self) -> Result<f64, CommandError> {
        self.steps.step()
    }
}

impl Stepper for MadeUpClips {
    fn script(&self) -> &'static str {
        "unibert.py"
    }

    fn flops(&self) -> f64 {
        flops::unibert(&self.steps.recipe.model.encoder, self.sizes, self.steps.plan.0.len())
    }

    fn sizes(&self) -> Value {
        let flops::ClipSizes { batch, tokens, frames, tags } = self.sizes;
        json!({
            "model": "unibert", "batch": batch, "tokens": tokens, "frames": frames, "tags": tags,
            "passes": self.steps.plan.0.len(), "encoder": self.steps.recipe.model.encoder,
        })
    }
}
