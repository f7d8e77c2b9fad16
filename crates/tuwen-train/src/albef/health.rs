//! What the monitors have to know of an ALBEF run.

use burn::tensor::Device;
use tuwen_core::Losses;
use tuwen_health::{Compared, Facts, InitialScale, Rate};
use tuwen_ita::TEMPERATURE_RANGE;

use super::{Assembly, Example};
use crate::heldout::Purpose;
use crate::observe::masked_share;
use crate::unigram::unigram_entropy;

/// What to try where the captions of a text encoder that was trained elsewhere have one feature.
const READ_BY_MEAN: &str = "try `model.encoder.text_pooling = \"mean\"`: sentence encoders such as MiniLM are trained to be \
                            read by the mean of their tokens, and the `[CLS]` of their lower layers says little";

impl Assembly {
    /// The facts that its recipe and its records tell.
    pub(super) fn facts(&self) -> Facts {
        let recipe = &self.recipe;
        let (words, ita) = (recipe.trains(|stage| stage.mlm.is_some()), recipe.trains(|stage| stage.ita.is_some()));
        let (encoder, ranges) = (&recipe.model.encoder, recipe.model.initializer_range);
        let probability = recipe.tasks.masking.probability;
        let captions = InitialScale {
            observed: "text_similarity",
            compared: Compared::Features,
            of: "captions",
            key: "model.initializer_range.text",
            range: ranges.text,
            width: encoder.text.hidden_size,
            taken: recipe.init.text.as_ref().filter(|_| encoder.text_pooling.is_cls()).map(|_| READ_BY_MEAN),
        };
        let pictures = InitialScale {
            observed: "image_similarity",
            compared: Compared::Features,
            of: "pictures",
            key: "model.initializer_range.vision",
            range: ranges.vision,
            width: encoder.vision.hidden_size,
            taken: None,
        };
        Facts {
            batch_size: recipe.data.loader.batch_size,
            // Each pair, its text with another image, its image with another text.
            matches: recipe.trains(|stage| stage.itm.is_some()).then_some(1.0 / 3.0),
            vocabulary: words.then_some(encoder.text.vocab_size),
            unigram_entropy: words.then(|| self.unigrams()).flatten(),
            word_masking: words.then_some(Rate {
                key: "tasks.masking.probability",
                value: probability,
                share: probability,
            }),
            temperature_range: ita.then_some([*TEMPERATURE_RANGE.start(), *TEMPERATURE_RANGE.end()]),
            initial_scales: vec![captions, pictures],
            workers: recipe.data.loader.workers,
            ..Facts::default()
        }
    }

    /// The share of tokens that are masked, among those that may be.
    pub(super) fn observe_masking(&self, losses: &mut Losses, examples: &[Example], device: &Device) {
        let (spared, special) = (self.recipe.tasks.masking.spared, self.text.tokenizer.special_ids());
        let (masked, of) = examples.iter().fold((0, 0), |(masked, of), example| {
            (masked + example.masked_text.positions.len(), of + spared.candidates(&example.text, &special))
        });
        masked_share(losses, "mlm_masked_share", masked, of, device);
    }

    fn unigrams(&self) -> Option<f64> {
        let maker = self.maker(Purpose::Training);
        let special = self.text.tokenizer.special_ids();
        unigram_entropy(self.train.as_ref(), &self.recipe.data.titles, special, |title| maker.encode(title))
    }
}
