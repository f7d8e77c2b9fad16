//! From host arrays to tensors: the only place where examples become a batch on a device.

use std::collections::HashMap;

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use tuwen_core::{Aligned, ClipTextView, FrameLabels, Shuffled, TagLabels, TokenLabels};
use tuwen_encoder::unibert::SequenceLayout;
use tuwen_itm::{ItmPairing, PairIdentity, shuffle_clips, shuffle_features_only};

use crate::Example;
use crate::plan::Content;
use crate::recipe::FrameNegatives;

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
    pub fn new(examples: &[Example], shape: &BatchShape, device: &Device) -> Self {
        let batch = examples.len();
        let frames = examples[0].frame_mask.len();
        let length = text_length(examples);
        let clean: Vec<f32> = examples.iter().flat_map(|e| e.frame_features.iter().copied()).collect();
        let masked = hidden(&clean, examples, frames, shape.frame_dim);
        let floats = |values| Tensor::from_data(TensorData::new(values, [batch, frames, shape.frame_dim]), device);
        let flags = |values: Vec<bool>, width| Tensor::from_data(TensorData::new(values, [batch, width]), device);
        let ids = |of: fn(&Example) -> &[u32]| {
            let values: Vec<i32> = filled(examples, |e| of(e).iter().map(|&id| id as i32), shape.pad as i32, length);
            Tensor::from_data(TensorData::new(values, [batch, length]), device)
        };
        let identity = |e: &Example| PairIdentity { clip: e.clip_key(), text: e.text_key() };
        Self {
            frame_labels: frame_labels(examples, &clean, shape, device),
            frames: [floats(clean), floats(masked)],
            frame_mask: flags(examples.iter().flat_map(|e| e.frame_mask.iter().copied()).collect(), frames),
            ids: [ids(|e| &e.text.input_ids), ids(|e| &e.masked_text.input_ids)],
            attention_mask: flags(filled(examples, |e| e.text.attention_mask.iter().copied(), false, length), length),
            token_labels: token_labels(examples, shape.layout, device),
            tag_labels: tag_labels(examples, shape.tags, device),
            identities: examples.iter().map(identity).collect(),
            texts: examples.iter().map(real_ids).collect(),
        }
    }

    /// Where its tensors are.
    pub fn device(&self) -> Device {
        self.attention_mask.device()
    }

    /// Titles with their own clips.
    pub fn aligned(&self, text: Content, frames: Content) -> ClipTextView<Aligned> {
        ClipTextView::new((self.frames_of(frames), self.frame_mask.clone()), self.text_of(text))
    }

    /// Titles with the clips, frames and mask together, that `pairing` gives them.
    pub fn shuffled(&self, text: Content, frames: Content, pairing: &ItmPairing) -> ClipTextView<Shuffled> {
        let clips = shuffle_clips(self.frames_of(frames), self.frame_mask.clone(), pairing);
        ClipTextView::new(clips, self.text_of(text))
    }

    /// As the reference shuffles: the frames move, their mask stays.
    pub fn seed_shuffled(&self, text: Content, frames: Content, pairing: &ItmPairing) -> ClipTextView<Shuffled> {
        let clips = shuffle_features_only(self.frames_of(frames), self.frame_mask.clone(), pairing);
        ClipTextView::new(clips, self.text_of(text))
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

fn hidden(clean: &[f32], examples: &[Example], frames: usize, width: usize) -> Vec<f32> {
    let mut masked = clean.to_vec();
    for (row, example) in examples.iter().enumerate() {
        for &position in &example.masked_frames.positions {
            let start = (row * frames + position as usize) * width;
            masked[start..start + width].fill(0.0);
        }
    }
    masked
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

fn frame_labels(examples: &[Example], clean: &[f32], shape: &BatchShape, device: &Device) -> Option<FrameLabels> {
    let (mut rows, mut targets, mut groups, mut valid) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut known, length) = (HashMap::<Vec<u32>, u32>::new(), text_length(examples));
    for (row, example) in examples.iter().enumerate() {
        let (frames, sequence) = (example.frame_mask.len(), example.frame_mask.len() + length);
        for position in (0..frames).filter(|&t| example.frame_mask[t]) {
            if example.masked_frames.positions.contains(&(position as u32)) {
                rows.push((row * sequence + shape.layout.frame_position(position)) as u32);
                targets.push(groups.len() as u32);
            }
            let values = &clean[(row * frames + position) * shape.frame_dim..][..shape.frame_dim];
            let fresh = known.len() as u32;
            groups.push(*known.entry(values.iter().map(|v| v.to_bits()).collect()).or_insert(fresh));
            valid.extend_from_slice(values);
        }
    }
    let frames = Tensor::from_data(TensorData::new(valid, [groups.len(), shape.frame_dim]), device);
    let groups = (shape.negatives == FrameNegatives::Distinct).then_some(groups.as_slice());
    FrameLabels::new(&rows, &targets, frames, groups)
}

fn tag_labels(examples: &[Example], tags: usize, device: &Device) -> Option<TagLabels> {
    if tags == 0 {
        return None;
    }
    let lists: Vec<Option<Vec<u32>>> = examples.iter().map(|example| example.tags.clone()).collect();
    TagLabels::new(&lists, tags, device)
}
