//! What the monitors have to know of a UniBERT run.

use burn::tensor::Device;
use tuwen_core::Losses;
use tuwen_health::{Compared, Facts, InitialScale, Rate};
use tuwen_itm::ItmRule;
use tuwen_vision::FRAME_MASK_SHARE;

use super::{Assembly, Example};
use crate::observe::masked_share;
use crate::tokens::chinese_words;
use crate::unigram::unigram_entropy;

impl Assembly {
    /// The facts that its recipe and its records tell.
    pub(super) fn facts(&self) -> Facts {
        let (recipe, tasks, encoder) = (&self.recipe, &self.recipe.tasks, &self.recipe.model.encoder);
        let states = InitialScale {
            observed: "state_similarity",
            compared: Compared::States,
            of: "clips and titles",
            key: "model.initializer_range",
            range: recipe.model.initializer_range,
            width: encoder.hidden_size,
            taken: None,
        };
        Facts {
            batch_size: recipe.data.loader.batch_size,
            matches: tasks.itm.as_ref().filter(|itm| itm.pairing == ItmRule::Balanced).map(|_| 0.5),
            vocabulary: tasks.mlm.as_ref().map(|_| encoder.vocab_size),
            unigram_entropy: tasks.mlm.as_ref().and_then(|_| self.unigrams()),
            word_masking: tasks.mlm.as_ref().map(|mlm| Rate {
                key: "tasks.mlm.masking.probability",
                value: mlm.masking.probability,
                share: mlm.masking.probability,
            }),
            frame_masking: tasks.mfm.as_ref().map(|mfm| Rate {
                key: "tasks.mfm.masking.probability",
                value: mfm.masking.probability,
                share: FRAME_MASK_SHARE * mfm.masking.probability,
            }),
            initial_scales: vec![states],
            workers: recipe.data.loader.workers,
            ..Facts::default()
        }
    }

    /// The shares of tokens and of frames that are masked, among those that may be.
    pub(super) fn observe_masking(&self, losses: &mut Losses, examples: &[Example], device: &Device) {
        let (tasks, special) = (&self.recipe.tasks, self.text.tokenizer.special_ids());
        if let Some(mlm) = &tasks.mlm {
            let masked = examples.iter().map(|example| example.masked_text.positions.len()).sum();
            let of = examples.iter().map(|example| mlm.masking.spared.candidates(&example.text, &special)).sum();
            masked_share(losses, "mlm_masked_share", masked, of, device);
        }
        if tasks.mfm.is_some() {
            let masked = examples.iter().map(|example| example.masked_frames.positions.len()).sum();
            let of = examples.iter().flat_map(|example| &example.frame_mask).filter(|real| **real).count();
            masked_share(losses, "mfm_masked_share", masked, of, device);
        }
    }

    fn unigrams(&self) -> Option<f64> {
        let (recipe, special) = (&self.recipe, self.text.tokenizer.special_ids());
        let words = recipe.tasks.mlm.as_ref().and_then(|mlm| chinese_words(&mlm.masking));
        unigram_entropy(self.train.as_ref(), &recipe.data.titles, special, |title| {
            self.text.encode(title, words.as_ref())
        })
    }
}
