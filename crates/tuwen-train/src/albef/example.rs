//! From a record to an example of ALBEF: one picture and one caption, in host memory.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use tuwen_data::{DataError, Record, TITLE, TitleChoice, Visit, Visual, pick_title};
use tuwen_ita::PairKeys;
use tuwen_text::{ChineseWords, MaskedText, MaskingConfig, SampleKey, TextError, TextInput, pre_caption};
use tuwen_vision::{Image, ImageDraws, PixelPlanes, TestTransform, TrainTransform, decode_image};

use crate::Purpose;
use crate::tokens::TextPipeline;

/// One picture with one of its captions.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The record's id.
    pub id: String,
    /// `[L]`: the caption, clean.
    pub text: TextInput,
    /// The caption with some tokens hidden.
    pub masked_text: MaskedText,
    /// `[3 · R · R]`; the device normalises them.
    pub pixels: PixelPlanes,
    /// Numbers that equal pictures and equal captions share.
    pub keys: PairKeys,
}

/// Makes [`Example`]s from records. It holds no state that changes, so any number of threads can share it.
pub struct ExampleMaker {
    /// The run's seed.
    pub seed: u64,
    /// Training or evaluation.
    pub purpose: Purpose,
    /// Which caption is read.
    pub titles: TitleChoice,
    /// Words a caption keeps.
    pub caption_words: usize,
    /// Tokenizer and layout.
    pub text: TextPipeline,
    /// How tokens are masked.
    pub masking: MaskingConfig,
    /// Joins Chinese characters to words; only whole-word masking needs it.
    pub chinese_words: Option<ChineseWords>,
    /// From a picture to pixel values.
    pub transform: TrainTransform,
    /// The files, for messages.
    pub path: PathBuf,
}

impl ExampleMaker {
    /// The example of one record at one visit. Errors name the record and what is wrong with it.
    pub fn make(&self, record: Record, visit: Visit) -> Result<Example, DataError> {
        let id = record.id.clone();
        let unusable = |reason| DataError::Record { path: self.path.clone(), record: format!("`{id}`"), reason };
        self.try_make(record, visit).map_err(unusable)
    }

    fn try_make(&self, record: Record, visit: Visit) -> Result<Example, String> {
        let epoch = self.purpose.epoch(visit.epoch);
        let visit = Visit { epoch, ..visit };
        let sample = visit.index as u64;
        let title = pick_title(&record.titles, &self.titles, &visit.draws(self.seed, TITLE)).map_err(text_of)?;
        let text = self.encode(&title.text).map_err(text_of)?;
        let (image, key) = (picture_of(&record.visual)?, SampleKey { seed: self.seed, epoch, sample });
        Ok(Example {
            id: record.id,
            masked_text: self.text.mask(&text, &self.masking, key).map_err(text_of)?,
            keys: PairKeys { image: image_key(&image), caption: key_of(&text.input_ids) },
            pixels: self.pixels(&image, &ImageDraws::new(self.seed, epoch, sample))?,
            text,
        })
    }

    /// The ids of a caption, cleaned.
    pub fn encode(&self, caption: &str) -> Result<TextInput, TextError> {
        self.text.encode(&pre_caption(caption, self.caption_words), self.chinese_words.as_ref())
    }

    fn pixels(&self, image: &Image, draws: &ImageDraws) -> Result<PixelPlanes, String> {
        let TrainTransform { side, normalisation, .. } = self.transform;
        match self.purpose {
            Purpose::Training => self.transform.planes(image, draws),
            Purpose::Evaluation => TestTransform { side, normalisation }.planes(image),
        }
        .map_err(text_of)
    }
}

/// The picture of a record. Errors: bytes that are no picture, a clip.
pub fn picture_of(visual: &Visual) -> Result<Image, String> {
    match visual {
        Visual::Image(bytes) => decode_image(bytes).map_err(text_of),
        Visual::Strip { .. } | Visual::Features { .. } => Err("it is a clip, expected a single picture".to_string()),
    }
}

/// A number that equal pictures share, whatever file they came from.
pub(crate) fn image_key(image: &Image) -> u64 {
    key_of(&(image.width(), image.height(), image.pixels()))
}

/// A number that equal values share.
pub(crate) fn key_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

pub(crate) fn text_of(error: impl std::fmt::Display) -> String {
    error.to_string()
}
