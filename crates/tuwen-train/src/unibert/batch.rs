//! From host arrays to tensors: the only place where examples become a batch on a device.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use tuwen_core::{Aligned, ClipTextView, FrameLabels, Shuffled, TagLabels, TokenLabels};
use tuwen_encoder::unibert::SequenceLayout;
use tuwen_itm::{ItmPairing, ItmRule, PairIdentity};
use tuwen_vision::{VisionError, identical_frames, zero_frames};

use super::Example;
use super::plan::Content;
use super::recipe::FrameNegatives;

/// What has to be known to turn examples into a batch.
#[derive(Clone, Copy, Debug)]
pub struct BatchShape {
    /// The id that fills up short texts.
    pub pad: u32,
    /// D.
    pub frame_dim: usize,
    /// The order of the sequence, which decides where a label's row is.
    pub layout: SequenceLayout,
    /// Number of tags; 0 = tags are not trained.
    pub tags: usize,
    /// Whether equal frames are told apart.
    pub negatives: FrameNegatives,
}

/// Clips and titles on a device, each clean and masked, with the labels.
#[derive(Clone, Debug)]
pub struct Batch {
    frames: [Tensor<3>; 2],          // clean, masked: [B, T, D]
    frame_mask: Tensor<2, Bool>,     // [B, T]
    ids: [Tensor<2, Int>; 2],        // clean, masked: [B, L]
    attention_mask: Tensor<2, Bool>, // [B, L]
    /// Masked tokens, if any.
    pub token_labels: Option<TokenLabels>,
    /// Masked frames, if any.
    pub frame_labels: Option<FrameLabels>,
    /// Tags, if any row has them.
    pub tag_labels: Option<TagLabels>,
    /// What keeps equal clips and equal titles from being each other's negatives.
    pub identities: Vec<PairIdentity>,
    /// The clean token ids of each row, padding left out.
    pub texts: Vec<Vec<u32>>,
}

impl Batch {
    /// The batch of `examples`, which all have the same number of frames; shorter texts are filled up to the longest.
    ///
    /// # Errors
    /// If an example's frames, their mask and what is masked of them don't fit each other or `shape`.
    pub fn new(examples: &[Example], shape: &BatchShape, device: &Device) -> Result<Self, VisionError> {
        let batch = examples.len();
        let frames = examples[0].frame_mask.len();
        let length = text_length(examples);
        let clean: Vec<f32> = examples.iter().flat_map(|e| e.frame_features.iter().copied()).collect();
        let frame_mask: Vec<bool> = examples.iter().flat_map(|e| e.frame_mask.iter().copied()).collect();
        let mut masked = clean.clone();
        for (frames, example) in masked.chunks_mut(frames * shape.frame_dim).zip(examples) {
            zero_frames(frames, shape.frame_dim, &example.masked_frames)?;
        }
        let floats = |values| Tensor::from_data(TensorData::new(values, [batch, frames, shape.frame_dim]), device);
        let flags = |values: Vec<bool>, width| Tensor::from_data(TensorData::new(values, [batch, width]), device);
        let ids = |of: fn(&Example) -> &[u32]| {
            let values: Vec<i32> = filled(examples, |e| of(e).iter().map(|&id| id as i32), shape.pad as i32, length);
            Tensor::from_data(TensorData::new(values, [batch, length]), device)
        };
        let identity = |e: &Example| PairIdentity { clip: e.clip_key(), text: e.text_key() };
        Ok(Self {
            frame_labels: frame_labels(examples, &clean, &frame_mask, shape, device)?,
            frames: [floats(clean), floats(masked)],
            frame_mask: flags(frame_mask, frames),
            ids: [ids(|e| &e.text.input_ids), ids(|e| &e.masked_text.input_ids)],
            attention_mask: flags(filled(examples, |e| e.text.attention_mask.iter().copied(), false, length), length),
            token_labels: token_labels(examples, shape.layout, device),
            tag_labels: tag_labels(examples, shape.tags, device),
            identities: examples.iter().map(identity).collect(),
            texts: examples.iter().map(real_ids).collect(),
        })
    }

    /// Where its tensors are.
    pub fn device(&self) -> Device {
        self.attention_mask.device()
    }

    /// Titles with their own clips.
    pub fn aligned(&self, text: Content, frames: Content) -> ClipTextView<Aligned> {
        ClipTextView::new((self.frames_of(frames), self.frame_mask.clone()), self.text_of(text))
    }

    /// Titles with the clips that `pairing` gives them, moved as `rule` moves them.
    pub fn shuffled(
        &self,
        text: Content,
        frames: Content,
        rule: ItmRule,
        pairing: &ItmPairing,
    ) -> ClipTextView<Shuffled> {
        ClipTextView::new(rule.shuffle(self.frames_of(frames), self.frame_mask.clone(), pairing), self.text_of(text))
    }

    fn frames_of(&self, content: Content) -> Tensor<3> {
        self.frames[usize::from(content == Content::Masked)].clone()
    }

    fn text_of(&self, content: Content) -> (Tensor<2, Int>, Tensor<2, Bool>) {
        (self.ids[usize::from(content == Content::Masked)].clone(), self.attention_mask.clone())
    }
}

fn real_ids(example: &Example) -> Vec<u32> {
    let tokens = example.text.input_ids.iter().zip(&example.text.attention_mask);
    tokens.filter(|(_, real)| **real).map(|(id, _)| *id).collect()
}

/// L: the longest text of the batch.
fn text_length(examples: &[Example]) -> usize {
    examples.iter().map(|example| example.text.len()).max().unwrap_or(0)
}

/// A row for each example, filled up to `length`.
fn filled<'a, T: Copy + 'a, I: Iterator<Item = T>>(
    examples: &'a [Example],
    row: impl Fn(&'a Example) -> I,
    fill: T,
    length: usize,
) -> Vec<T> {
    examples.iter().flat_map(|example| row(example).chain(std::iter::repeat(fill)).take(length)).collect()
}

fn token_labels(examples: &[Example], layout: SequenceLayout, device: &Device) -> Option<TokenLabels> {
    let (mut rows, mut ids, length) = (Vec::new(), Vec::new(), text_length(examples));
    for (row, example) in examples.iter().enumerate() {
        let (frames, sequence) = (example.frame_mask.len(), example.frame_mask.len() + length);
        for (&position, &id) in example.masked_text.positions.iter().zip(&example.masked_text.labels) {
            rows.push((row * sequence + layout.text_position(position as usize, frames)) as u32);
            ids.push(id);
        }
    }
    TokenLabels::new(&rows, &ids, device)
}

fn frame_labels(
    examples: &[Example],
    clean: &[f32],
    frame_mask: &[bool],
    shape: &BatchShape,
    device: &Device,
) -> Result<Option<FrameLabels>, VisionError> {
    if examples.iter().all(|example| example.masked_frames.positions.is_empty()) {
        return Ok(None); // before the frames of the batch are compared and copied for nothing
    }
    let same = match shape.negatives {
        FrameNegatives::Distinct => Some(identical_frames(clean, shape.frame_dim, frame_mask)?),
        FrameNegatives::Seed => None,
    };
    let (mut rows, mut targets, mut places, mut valid) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let length = text_length(examples);
    for (row, example) in examples.iter().enumerate() {
        let (frames, sequence) = (example.frame_mask.len(), example.frame_mask.len() + length);
        for position in (0..frames).filter(|&t| example.frame_mask[t]) {
            if example.masked_frames.positions.contains(&(position as u32)) {
                rows.push((row * sequence + shape.layout.frame_position(position)) as u32);
                targets.push(places.len() as u32);
            }
            let place = row * frames + position;
            valid.extend_from_slice(&clean[place * shape.frame_dim..][..shape.frame_dim]);
            places.push(place);
        }
    }
    let frames = Tensor::from_data(TensorData::new(valid, [places.len(), shape.frame_dim]), device);
    let groups = same.map(|same| places.iter().map(|&place| same[place]).collect::<Vec<u32>>());
    Ok(FrameLabels::new(&rows, &targets, frames, groups.as_deref()))
}

fn tag_labels(examples: &[Example], tags: usize, device: &Device) -> Option<TagLabels> {
    if tags == 0 {
        return None;
    }
    let lists: Vec<Option<Vec<u32>>> = examples.iter().map(|example| example.tags.clone()).collect();
    TagLabels::new(&lists, tags, device)
}
