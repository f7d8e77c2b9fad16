//! How the downstream tasks of UniBERT read clips with their titles, and what an encoder makes of them: embeddings.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use tuwen_core::{Aligned, ClipTextView};
use tuwen_data::{Record, Source, TitleChoice, Visit};
use tuwen_recipe::RecipeError;
use tuwen_text::{LiteralSpecials, MaskingConfig};
use tuwen_vision::{FrameMasking, FrameSampling};

use super::lists::located;
use crate::objective::OwnResult;
use crate::sections::Compat;
use crate::tokens::{TextPipeline, open_vocabulary};
use crate::unibert::check::check_encoder;
use crate::unibert::recipe::{FrameNegatives, ModelSection, TextSection, VisionSection};
use crate::unibert::{Batch, BatchShape, Content, Example, ExampleMaker, TagList};
use crate::{Purpose, TrainError};

/// What has to be as in the run that fine-tuning begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UniBertSection {
    /// Whether the known faults of the reference are reproduced.
    #[serde(default)]
    pub compat: Compat,
    /// From titles to ids.
    pub text: TextSection,
    /// From pictures or features to frames.
    pub vision: VisionSection,
    /// The encoder and how it is pooled.
    pub model: ModelSection,
}

impl UniBertSection {
    /// Refuses numbers that contradict each other.
    pub fn check(&self) -> Result<(), RecipeError> {
        check_encoder(&self.text, &self.vision, &self.model)
    }

    /// Takes over vocabulary, frames and encoder from the recipe of an earlier run. Errors: it is of no UniBERT.
    pub fn fit_to(&mut self, earlier: &crate::Recipe) -> Result<(), RecipeError> {
        let crate::Recipe::UniBert(earlier) = earlier else {
            return Err(RecipeError::invalid("init.from", "is a run of an ALBEF, expected one of a UniBERT"));
        };
        self.text.clone_from(&earlier.text);
        self.vision.clone_from(&earlier.vision);
        self.model.clone_from(&earlier.model);
        Ok(())
    }

    /// With `compat` spread over the choices it stands for.
    #[must_use]
    pub fn resolved(mut self) -> Self {
        if self.compat == Compat::Seed {
            self.text.layout.literal_specials = LiteralSpecials::Seed;
            self.vision.sampling = FrameSampling::Seed;
            self.model.pooling = self.model.pooling.as_seed();
        }
        self
    }
}

/// Clips of one or more sets, one after the other.
pub struct Clips {
    sources: Vec<Arc<dyn Source>>,
    makers: [ExampleMaker; 2],
    shape: BatchShape,
}

impl Clips {
    /// Those of `sources`, read as `section` says.
    pub fn open(
        section: &UniBertSection,
        titles: TitleChoice,
        (sources, seed): (Vec<Arc<dyn Source>>, u64),
        root: &Path,
    ) -> Result<Self, TrainError> {
        let encoder = &section.model.encoder;
        let vocabulary = located(&section.text.vocabulary, root);
        let tokenizer = open_vocabulary(&vocabulary, "task.unibert.model.encoder.vocab_size", encoder.vocab_size)?;
        let text = TextPipeline { tokenizer, layout: section.text.layout };
        text.layout.room()?;
        let maker = |purpose| ExampleMaker {
            seed,
            purpose,
            titles: titles.clone(),
            text: text.clone(),
            token_masking: MaskingConfig { probability: 0.0, ..MaskingConfig::default() },
            chinese_words: None,
            descriptor: section.vision.descriptor,
            frames: section.vision.frames,
            frame_dim: encoder.frame_dim,
            sampling: section.vision.sampling,
            frame_masking: FrameMasking { probability: 0.0, at_least: Default::default() },
            tags: TagList::default(),
            path: PathBuf::from("clips"),
        };
        let shape = BatchShape {
            pad: text.tokenizer.special_ids().pad,
            frame_dim: encoder.frame_dim,
            layout: encoder.layout,
            tags: 0,
            negatives: FrameNegatives::Distinct,
        };
        Ok(Self { sources, makers: [maker(Purpose::Training), maker(Purpose::Evaluation)], shape })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sources.iter().map(|source| source.len()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One record. Errors: it can't be read.
    pub fn record(&self, number: usize) -> Result<Record, TrainError> {
        let mut place = number;
        for source in &self.sources {
            if place < source.len() {
                return Ok(source.read(place)?);
            }
            place -= source.len();
        }
        unreachable!("a clip's number is below their count")
    }

    /// The id of each.
    pub fn ids(&self) -> Result<Vec<String>, TrainError> {
        (0..self.len()).map(|number| Ok(self.record(number)?.id)).collect()
    }

    /// The number of each clip by its id; of clips with one id the first.
    pub(super) fn numbers(&self) -> Result<HashMap<String, usize>, TrainError> {
        let mut numbers = HashMap::new();
        for number in 0..self.len() {
            numbers.entry(self.record(number)?.id).or_insert(number);
        }
        Ok(numbers)
    }

    /// The clip of a visit, clean.
    pub(super) fn example(&self, visit: Visit, purpose: Purpose) -> OwnResult<Example> {
        let maker = &self.makers[usize::from(purpose == Purpose::Evaluation)];
        Ok(maker.make(self.record(visit.index)?, visit)?)
    }

    /// Clips as the model takes them.
    pub(super) fn view(&self, clips: &[Example], device: &Device) -> OwnResult<ClipTextView<Aligned>> {
        Ok(Batch::new(clips, &self.shape, device)?.aligned(Content::Clean, Content::Clean))
    }
}
