//! ALBEF's step on a made-up batch, with a full queue.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use serde_json::{Value, json};
use tuwen_core::TokenLabels;
use tuwen_ita::PairKeys;
use tuwen_ops::Dropout;
use tuwen_train::albef::recipe::QueueStart;
use tuwen_train::albef::{AlbefState, Batch, Recipe};

use super::{Stepper, flops, made_up, noise};
use crate::commands::bench::stepped::AlbefSteps;

/// A step of the run by which α has risen and every stage but the last is over.
const LATE: u64 = 1 << 40;

/// A run's step of the recipe's last stage. The queue is full from the beginning: one that grows has other shapes at each
/// step.
pub(super) fn albef(mut recipe: Recipe, batch: usize, tokens: usize, device: &Device) -> AlbefSteps {
    recipe.momentum.queue_start = QueueStart::Seed;
    let state = AlbefState::start(&recipe, &device.clone().autodiff());
    let batch = made_up_batch(&recipe, batch, tokens, device);
    AlbefSteps::new(recipe, state, batch, LATE)
}

fn made_up_batch(recipe: &Recipe, batch: usize, tokens: usize, device: &Device) -> Batch {
    let (encoder, side) = (&recipe.model.encoder, recipe.model.encoder.vision.image_size);
    let (count, words) = (batch * tokens, encoder.text.vocab_size as u64);
    let matrix = |values: Vec<u32>| {
        let values: Vec<i32> = values.into_iter().map(|id| id as i32).collect();
        Tensor::<2, Int>::from_data(TensorData::new(values, [batch, tokens]), device)
    };
    // Every 20th of three tokens: 15 % of the places, as ALBEF masks.
    let rows: Vec<u32> = (0..count as u32).filter(|row| row % 20 < 3).collect();
    let real = Tensor::<2, Bool>::from_data(TensorData::new(vec![true; count], [batch, tokens]), device);
    Batch {
        pixel_values: noise([batch, 3, side, side], device),
        input_ids: matrix(made_up(count, 0, words)),
        masked_ids: matrix(made_up(count, count, words)),
        attention_mask: real,
        token_labels: TokenLabels::new(&rows, &made_up(rows.len(), 2 * count, words), device),
        keys: (0..batch as u64).map(|key| PairKeys { image: key, caption: key }).collect(),
    }
}

impl Stepper for AlbefSteps {
    fn script(&self) -> &'static str {
        "albef_fast.py"
    }

    fn flops(&self) -> f64 {
        let input = self.input(Dropout::off());
        flops::albef(&self.recipe.model.encoder, input.stage, input.alpha, self.batch.input_ids.dims())
    }

    fn sizes(&self) -> Value {
        let (encoder, [size, tokens]) = (&self.recipe.model.encoder, self.batch.input_ids.dims());
        let input = self.input(Dropout::off());
        let masked = self.batch.token_labels.as_ref().map_or(0, |labels| labels.ids.dims()[0]);
        json!({
            "model": "albef", "batch": size, "tokens": tokens, "masked": masked,
            "vision": encoder.vision, "text": encoder.text, "embedding_size": encoder.embedding_size,
            "queue": input.stage.queue(), "alpha": input.alpha, "momentum": input.momentum,
        })
    }
}
