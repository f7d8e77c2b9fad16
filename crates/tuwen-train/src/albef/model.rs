//! ALBEF with the heads of its pre-training tasks: what is trained.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use tuwen_encoder::albef::{Albef, AlbefConfig};
use tuwen_encoder::initialise_by_name;
use tuwen_ita::clamp_temperature;
use tuwen_itm::PairHead;
use tuwen_mlm::TiedMlmHead;

use super::recipe::{InitializerRange, Recipe};

/// The encoder, its heads and the temperature.
#[derive(Module, Debug)]
pub struct AlbefPretraining {
    /// The encoder.
    pub encoder: Albef,
    /// Masked language modelling; the decoder is the encoder's word table.
    pub mlm: TiedMlmHead,
    /// Matching.
    pub itm: PairHead,
    /// τ, `[1]`.
    pub temperature: Param<Tensor<1>>,
    /// The sigmoid loss's bias, `[1]`.
    pub sigmoid_bias: Option<Param<Tensor<1>>>,
}

impl AlbefPretraining {
    /// A fresh model with its first weights from the device's generator.
    pub fn init(config: &AlbefConfig, temperature: f64, sigmoid_bias: Option<f64>, device: &Device) -> Self {
        let text = &config.text;
        let number = |value: f64| Param::from_tensor(Tensor::from_floats([value as f32], device));
        Self {
            encoder: config.init(device),
            mlm: TiedMlmHead::init(text.hidden_size, text.vocab_size, text.layer_norm_eps, device),
            itm: PairHead::init(text.hidden_size, device),
            temperature: number(temperature),
            sigmoid_bias: sigmoid_bias.map(number),
        }
    }

    /// A fresh model, its first weights drawn by name from the recipe's seed.
    pub fn of(recipe: &Recipe, device: &Device) -> Self {
        let (model, tasks) = (&recipe.model, &recipe.tasks);
        let fresh = Self::init(&model.encoder, tasks.temperature, tasks.sigmoid_bias, device);
        initialise_by_name(fresh, |name| range_of(name, &model.initializer_range), recipe.seed)
    }

    /// The model with τ brought back into its range.
    #[must_use]
    pub fn with_clamped_temperature(mut self) -> Self {
        let (id, value, mapper) = self.temperature.consume();
        let learned = value.is_require_grad();
        let clamped = clamp_temperature(value.inner()).autodiff();
        let clamped = if learned { clamped.require_grad() } else { clamped };
        self.temperature = Param::from_mapped_value(id, clamped, mapper);
        self
    }
}

/// The standard deviation of the first weights called `name`.
pub(crate) fn range_of(name: &str, ranges: &InitializerRange) -> f64 {
    if name.starts_with("encoder.vision.") {
        ranges.vision
    } else if name.contains("_projection.") && !name.contains("layers") || name.starts_with("itm.") {
        ranges.heads
    } else {
        ranges.text
    }
}
