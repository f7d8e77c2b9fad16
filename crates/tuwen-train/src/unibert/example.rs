//! A record made ready for a batch: ids, frames, masks and labels in host memory.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use tuwen_data::{DataError, Record, TITLE, TitleChoice, Visit, Visual, pick_title};
use tuwen_text::{ChineseWords, MaskedText, MaskingConfig, SampleKey, TextInput};
use tuwen_vision::{
    FrameDescriptor, FrameMasking, FrameSampling, MaskedFrames, decode_image, frame_draws, gather_frames, mask_frames,
    sample_frames, split_strip,
};

use super::tags::TagList;
use crate::Purpose;
use crate::tokens::TextPipeline;

/// One clip with its title.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The record's id.
    pub id: String,
    /// `[L]`: the title, clean.
    pub text: TextInput,
    /// The title with some tokens hidden.
    pub masked_text: MaskedText,
    /// `[T · D]`: the frames, clean; zeros where padded.
    pub frame_features: Vec<f32>,
    /// `[T]`, true = a real frame.
    pub frame_mask: Vec<bool>,
    /// The frames that are hidden.
    pub masked_frames: MaskedFrames,
    /// Tag numbers, or nothing where the record does not say.
    pub tags: Option<Vec<u32>>,
}

impl Example {
    /// A number that equal clips share.
    pub fn clip_key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.frame_features.iter().for_each(|value| value.to_bits().hash(&mut hasher));
        hasher.finish()
    }

    /// A number that equal titles share.
    pub fn text_key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.text.input_ids.hash(&mut hasher);
        hasher.finish()
    }
}

/// Makes [`Example`]s from records. It holds no state that changes, so any number of threads can share it.
pub struct ExampleMaker {
    /// The run's seed.
    pub seed: u64,
    /// Training or evaluation.
    pub purpose: Purpose,
    /// Which title is read.
    pub titles: TitleChoice,
    /// Tokenizer and layout.
    pub text: TextPipeline,
    /// How tokens are masked.
    pub token_masking: MaskingConfig,
    /// Joins Chinese characters to words; only whole-word masking needs it.
    pub chinese_words: Option<ChineseWords>,
    /// What makes frames of pictures.
    pub descriptor: Option<FrameDescriptor>,
    /// T.
    pub frames: usize,
    /// D.
    pub frame_dim: usize,
    /// How a long clip is cut.
    pub sampling: FrameSampling,
    /// How frames are masked.
    pub frame_masking: FrameMasking,
    /// The tags that count.
    pub tags: TagList,
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
        let text = self.text.encode(&title.text, self.chinese_words.as_ref()).map_err(text_of)?;
        let (frame_features, frame_mask) = self.frames_of(record.visual)?;
        let draws = frame_draws(self.seed, epoch, sample, frame_mask.len());
        let masked_frames = mask_frames(&frame_mask, &self.frame_masking, &draws).map_err(text_of)?;
        let key = SampleKey { seed: self.seed, epoch, sample };
        Ok(Example {
            id: record.id,
            masked_text: self.text.mask(&text, &self.token_masking, key).map_err(text_of)?,
            text,
            frame_features,
            frame_mask,
            masked_frames,
            tags: record.tags.map(|tags| self.tags.numbers(&tags)),
        })
    }

    fn frames_of(&self, visual: Visual) -> Result<(Vec<f32>, Vec<bool>), String> {
        let (features, width) = match (visual, &self.descriptor) {
            (Visual::Features { values, width }, None) => (values, width),
            (Visual::Features { .. }, Some(_)) => return Err(BRINGS_FEATURES.to_string()),
            (Visual::Image(_) | Visual::Strip { .. }, None) => return Err(NEEDS_DESCRIPTOR.to_string()),
            (Visual::Image(bytes), Some(descriptor)) => {
                let image = decode_image(&bytes).map_err(text_of)?;
                (descriptor.describe(&image).map_err(text_of)?, descriptor.width())
            }
            (Visual::Strip { bytes, frames }, Some(descriptor)) => {
                let image = decode_image(&bytes).map_err(text_of)?;
                let images = split_strip(&image, frames).map_err(text_of)?;
                (descriptor.describe_clip(&images).map_err(text_of)?, descriptor.width())
            }
        };
        if width != self.frame_dim {
            return Err(format!("a frame has {width} values, expected `model.encoder.frame_dim` = {}", self.frame_dim));
        }
        let sampled = sample_frames(features.len() / width, self.frames, self.sampling).map_err(text_of)?;
        let (features, mask) = gather_frames(&features, width, &sampled).map_err(text_of)?;
        if mask.len() != self.frames {
            // Only the seed's sampling does this, at 33 frames for 32: the reference's batch breaks there, ours skips.
            return Err(format!("sampling gave {} frames, expected {}", mask.len(), self.frames));
        }
        Ok((features, mask))
    }
}

const BRINGS_FEATURES: &str = "it brings frame features, but the recipe has a `vision.descriptor` for pictures";
const NEEDS_DESCRIPTOR: &str = "it is a picture, but the recipe has no `vision.descriptor` to make frames of it";

fn text_of(error: impl std::fmt::Display) -> String {
    error.to_string()
}
