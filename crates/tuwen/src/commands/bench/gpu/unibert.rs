//! UniBERT's step on a made-up batch: the passes and tasks of the recipe.

use burn::tensor::Device;
use serde_json::{Value, json};
use tuwen_encoder::{Tape, initialise};
use tuwen_ops::Dropout;
use tuwen_text::{MaskedText, TextInput};
use tuwen_train::Optimizer;
use tuwen_train::unibert::recipe::{FrameNegatives, TagVocabulary};
use tuwen_train::unibert::{
    Batch, BatchShape, Example, Heads, Plan, Recipe, UniBertPretraining, encode, losses, pairing_of,
};
use tuwen_vision::MaskedFrames;

use super::{Stepper, flops, made_up};
use crate::commands::CommandError;

/// Tags where the recipe names a file: as many as the QQ set has.
const TAGS: usize = 10_000;

/// Model, batch and optimizer.
pub(super) struct UniBertStep {
    recipe: Recipe,
    model: Option<UniBertPretraining>,
    optimizer: Optimizer,
    plan: Plan,
    batch: Batch,
    sizes: flops::ClipSizes,
    step: u64,
}

impl UniBertStep {
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
        Ok(Self {
            model: Some(initialise(fresh, model.initializer_range, recipe.seed)),
            optimizer: Optimizer::new(recipe.optimizer.clone()),
            plan: Plan::of(tasks),
            batch: Batch::new(&examples(&recipe, sizes), &shape, device)?,
            sizes,
            step: 0,
            recipe,
        })
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

impl Stepper for UniBertStep {
    fn step(&mut self) -> Result<f64, CommandError> {
        let (recipe, model) = (&self.recipe, self.model.take().ok_or("an earlier step failed")?);
        let rule = recipe.tasks.itm.as_ref().map(|itm| itm.pairing);
        let pairing = rule.map(|rule| pairing_of(rule, &self.batch, recipe.seed, self.step)).transpose()?;
        let dropout = Dropout::training(recipe.seed, self.step);
        let states = encode((&model, &Tape::off()), &self.batch, &self.plan, pairing.as_ref(), &dropout);
        let total = losses(&model, &self.batch, &states, &recipe.tasks).total();
        let total = total.ok_or("no task has anything to predict")?;
        self.optimizer.read_along(total.clone());
        let gradients = total.backward().into();
        let (model, _) = self.optimizer.step(model, &gradients, 1.0);
        (self.model, self.step) = (Some(model), self.step + 1);
        Ok(self.optimizer.read()[0])
    }

    fn flops(&self) -> f64 {
        flops::unibert(&self.recipe.model.encoder, self.sizes, self.plan.0.len())
    }

    fn sizes(&self) -> Value {
        let flops::ClipSizes { batch, tokens, frames, tags } = self.sizes;
        json!({
            "model": "unibert", "batch": batch, "tokens": tokens, "frames": frames, "tags": tags,
            "passes": self.plan.0.len(), "encoder": self.recipe.model.encoder,
        })
    }
}
