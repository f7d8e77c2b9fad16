//! How the downstream tasks of ALBEF read texts and pictures, and by which encoder.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tuwen_data::Visit;
use tuwen_recipe::RecipeError;
use tuwen_text::{LiteralSpecials, TextError, TextInput, pre_caption, pre_question};
use tuwen_vision::{AugmentCompat, Image, ImageDraws, PixelPlanes, TestTransform, TrainTransform, VisionError};

use crate::albef::check::check_encoder;
use crate::albef::recipe::{ModelSection, TextSection};
use crate::sections::{Compat, locate};
use crate::tokens::{TextPipeline, open_vocabulary};
use crate::{Purpose, TrainError};

/// What has to be as in the run that fine-tuning begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlbefSection {
    /// Whether the known faults of the reference are reproduced.
    #[serde(default)]
    pub compat: Compat,
    /// From texts to ids; the words of questions are counted as those of captions.
    pub text: TextSection,
    /// From pictures to pixel values. Side and normalisation hold for tests too, which see the whole picture.
    pub vision: TrainTransform,
    /// The encoder, and the first values of what the earlier run does not have.
    pub model: ModelSection,
}

impl AlbefSection {
    /// Refuses numbers that contradict each other.
    pub fn check(&self) -> Result<(), RecipeError> {
        check_encoder(&self.text, &self.vision, &self.model)
    }

    /// Takes over vocabulary and encoder from the recipe of an earlier run. Errors: it is of no ALBEF.
    pub fn fit_to(&mut self, earlier: &crate::Recipe) -> Result<(), RecipeError> {
        let crate::Recipe::Albef(earlier) = earlier else {
            return Err(RecipeError::invalid("init.from", "is a run of a UniBERT, expected one of an ALBEF"));
        };
        self.text.vocabulary.clone_from(&earlier.text.vocabulary);
        self.text.layout.layout = earlier.text.layout.layout;
        self.vision.normalisation = earlier.vision.normalisation;
        // A task has its own resolution: ALBEF is pre-trained at 256 pixels and fine-tuned at 384.
        let side = self.model.encoder.vision.image_size;
        self.model.clone_from(&earlier.model);
        self.model.encoder.vision.image_size = side;
        Ok(())
    }

    /// The files of a task, those of this section among them.
    pub(super) fn beside<'a>(&'a self, mut files: Vec<(&'static str, &'a Path)>) -> Vec<(&'static str, &'a Path)> {
        files.push(("task.albef.text.vocabulary", &self.text.vocabulary));
        files
    }

    /// With `compat` spread over the choices it stands for.
    #[must_use]
    pub fn resolved(mut self) -> Self {
        if self.compat == Compat::Seed {
            self.text.layout.literal_specials = LiteralSpecials::Seed;
            if let Some(augment) = &mut self.vision.augment {
                augment.compat = AugmentCompat::Seed;
            }
        }
        self
    }
}

/// Reads texts and pictures. It holds no state that changes, so any number of threads can share it.
pub struct Inputs {
    seed: u64,
    words: usize,
    text: TextPipeline,
    transform: TrainTransform,
}

impl Inputs {
    /// As `section` says, with the run's `seed`. Errors: a vocabulary that can't be read or has another size.
    pub fn open(section: &AlbefSection, seed: u64, root: &Path) -> Result<Self, TrainError> {
        let (mut vocabulary, words) = (section.text.vocabulary.clone(), section.model.encoder.text.vocab_size);
        locate(&mut vocabulary, root);
        let tokenizer = open_vocabulary(&vocabulary, "task.albef.model.encoder.text.vocab_size", words)?;
        let text = TextPipeline { tokenizer, layout: section.text.layout };
        text.layout.room()?;
        Ok(Self { seed, words: section.text.caption_words, text, transform: section.vision })
    }

    /// Tokenizer and layout.
    pub fn text(&self) -> &TextPipeline {
        &self.text
    }

    /// The id that fills up short texts.
    pub fn pad(&self) -> u32 {
        self.text.tokenizer.special_ids().pad
    }

    /// The ids of a caption or a statement, cleaned.
    pub fn caption(&self, text: &str) -> Result<TextInput, TextError> {
        self.text.encode(&pre_caption(text, self.words), None)
    }

    /// The ids of a question, cleaned.
    pub fn question(&self, text: &str) -> Result<TextInput, TextError> {
        self.text.encode(&pre_question(text, self.words), None)
    }

    /// An answer as the decoder writes it: `[CLS]`, the answer as it stands, `[SEP]`.
    pub fn answer(&self, text: &str) -> Result<TextInput, TextError> {
        let (input, special) = (self.text.encode(text, None)?, self.text.tokenizer.special_ids());
        let words = input.input_ids.iter().zip(&input.attention_mask);
        let mut words: Vec<u32> = words.filter(|(_, real)| **real).map(|(id, _)| *id).collect();
        if words.last() != Some(&special.sep) {
            words.push(special.sep);
        }
        Ok(TextInput::from_ids(words, special.pad))
    }

    /// The pixels of the picture number `place` of a record at a visit. In training they are drawn, in a test they are the whole
    /// picture.
    pub fn pixels(
        &self,
        image: &Image,
        visit: Visit,
        (purpose, place): (Purpose, u64),
    ) -> Result<PixelPlanes, VisionError> {
        let TrainTransform { side, normalisation, .. } = self.transform;
        match purpose {
            Purpose::Training => {
                let sample = (visit.index as u64) | (place << 48);
                self.transform.planes(image, &ImageDraws::new(self.seed, visit.epoch, sample))
            }
            Purpose::Evaluation => TestTransform { side, normalisation }.planes(image),
        }
    }
}
