//! Case: pictures and captions to unit features with ALBEF's two streams, without gradients.

use burn::tensor::{Bool, Device, Distribution, Int, Tensor, TensorData};
use serde_json::json;
use tuwen_encoder::albef::{Albef, AlbefConfig};
use tuwen_encoder::initialise;
use tuwen_ops::Dropout;
use tuwen_random::{Draws, Stream};

use crate::commands::CommandError;
use crate::commands::bench::exchange::Exchange;
use crate::commands::bench::measured::{Measured, Named, numbers};

const IDS: Stream = Stream::named("compare.captions");
const WORDS: usize = 8192;
const PICTURES: usize = 8;
const CAPTIONS: usize = 32;
const TOKENS: usize = 24;

/// An encoder of DeiT-small's width, pictures of 224 pixels, captions of 12 to 24 tokens.
pub(super) struct Embedding {
    model: Albef,
    config: AlbefConfig,
    pixels: Tensor<4>,
    ids: Tensor<2, Int>,
    mask: Tensor<2, Bool>,
}

impl Embedding {
    pub(super) fn new(device: &Device) -> Self {
        let config = config();
        let draws = Draws::new(42, IDS, 0, 0);
        let ids: Vec<i32> = (0..CAPTIONS * TOKENS).map(|i| draws.below(i as u64, WORDS as u64) as i32).collect();
        let length = |row: usize| TOKENS - row * TOKENS / (2 * CAPTIONS);
        let real: Vec<bool> = (0..CAPTIONS * TOKENS).map(|i| i % TOKENS < length(i / TOKENS)).collect();
        device.seed(42);
        Self {
            model: initialise(config.init(device), 0.05, 42),
            config,
            pixels: Tensor::random([PICTURES, 3, 224, 224], Distribution::Normal(0.0, 1.0), device),
            ids: Tensor::from_data(TensorData::new(ids, [CAPTIONS, TOKENS]), device),
            mask: Tensor::from_data(TensorData::new(real, [CAPTIONS, TOKENS]), device),
        }
    }

    fn embed(&self) -> (Tensor<2>, Tensor<2>) {
        let image = self.model.image_features(&self.model.image_states(self.pixels.clone()));
        let text = self.model.text_states(self.ids.clone(), &self.mask, &Dropout::off());
        (image, self.model.text_features(&text, &self.mask))
    }
}

/// DeiT-small's width, pictures of 224 pixels.
pub(in super::super) fn config() -> AlbefConfig {
    let mut config = AlbefConfig::base();
    let (vision, text) = (&mut config.vision, &mut config.text);
    (vision.image_size, vision.hidden_size, vision.num_attention_heads) = (224, 384, 6);
    (vision.num_hidden_layers, vision.intermediate_size) = (12, 1536);
    (text.hidden_size, text.num_attention_heads, text.intermediate_size) = (384, 6, 1536);
    (text.text_layers, text.fusion_layers, text.vocab_size) = (6, 1, WORDS);
    config
}

impl Measured for Embedding {
    fn exchange(&self) -> Result<Exchange, CommandError> {
        let case = Exchange::new(json!({ "encoder": self.config })).weights(&self.model);
        Ok(case.floats("pixels", &self.pixels).indices("ids", &self.ids).flags("mask", &self.mask))
    }

    fn check(&mut self) -> Result<Named, CommandError> {
        let (image, text) = self.embed();
        let cosines = image.clone().matmul(text.clone().transpose());
        Ok(numbers([("image", image.abs().sum()), ("text", text.abs().sum()), ("cosines", cosines.abs().sum())]))
    }

    fn step(&mut self) -> Result<f64, CommandError> {
        Ok(f64::from(self.embed().0.sum().into_scalar::<f32>()))
    }
}
