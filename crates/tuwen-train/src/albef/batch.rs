//! From host arrays to tensors: the only place where examples of ALBEF become a batch on a device.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use tuwen_core::TokenLabels;
use tuwen_ita::PairKeys;
use tuwen_text::TextInput;

use super::Example;

/// Pictures and captions on a device.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[B, 3, R, R]`, normalised.
    pub pixel_values: Tensor<4>,
    /// `[B, L]`, clean.
    pub input_ids: Tensor<2, Int>,
    /// `[B, L]`, some hidden.
    pub masked_ids: Tensor<2, Int>,
    /// `[B, L]`, true = a real token.
    pub attention_mask: Tensor<2, Bool>,
    /// Masked tokens, if any; rows of the B·L states.
    pub token_labels: Option<TokenLabels>,
    /// What equal pictures and equal captions share.
    pub keys: Vec<PairKeys>,
}

impl Batch {
    /// The batch of `examples`, at least one, with pictures of one size; shorter captions are filled up to the longest.
    pub fn new(examples: &[Example], pad: u32, device: &Device) -> Self {
        let texts: Vec<&TextInput> = examples.iter().map(|example| &example.text).collect();
        let length = text_length(&texts);
        let (input_ids, attention_mask) = text_tensors(&texts, pad, device);
        let masked: Vec<&[u32]> = examples.iter().map(|example| example.masked_text.input_ids.as_slice()).collect();
        let (mut rows, mut ids) = (Vec::new(), Vec::new());
        for (row, example) in examples.iter().enumerate() {
            rows.extend(example.masked_text.positions.iter().map(|&position| (row * length) as u32 + position));
            ids.extend_from_slice(&example.masked_text.labels);
        }
        let pixels: Vec<&[f32]> = examples.iter().map(|example| example.pixel_values.as_slice()).collect();
        Self {
            pixel_values: pixel_tensor(&pixels, device),
            input_ids,
            masked_ids: id_tensor(&masked, pad, length, device),
            attention_mask,
            token_labels: TokenLabels::new(&rows, &ids, device),
            keys: examples.iter().map(|example| example.keys).collect(),
        }
    }

    /// B.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it holds no pair; it never does.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

fn text_length(texts: &[&TextInput]) -> usize {
    texts.iter().map(|text| text.len()).max().unwrap_or(0).max(1)
}

/// Ids and mask `[B, L]`, L the longest text.
pub(super) fn text_tensors(texts: &[&TextInput], pad: u32, device: &Device) -> (Tensor<2, Int>, Tensor<2, Bool>) {
    let length = text_length(texts);
    let ids: Vec<&[u32]> = texts.iter().map(|text| text.input_ids.as_slice()).collect();
    let real = |text: &&TextInput| {
        let flags = text.attention_mask.clone().into_iter();
        flags.chain(std::iter::repeat(false)).take(length).collect::<Vec<_>>()
    };
    let flags: Vec<bool> = texts.iter().flat_map(real).collect();
    (id_tensor(&ids, pad, length, device), Tensor::from_data(TensorData::new(flags, [texts.len(), length]), device))
}

fn id_tensor(rows: &[&[u32]], pad: u32, length: usize, device: &Device) -> Tensor<2, Int> {
    let filled = |row: &&[u32]| row.iter().copied().chain(std::iter::repeat(pad)).take(length).collect::<Vec<_>>();
    let values: Vec<i32> = rows.iter().flat_map(filled).map(|id| id as i32).collect();
    Tensor::from_data(TensorData::new(values, [rows.len(), length]), device)
}

/// `[B, 3, R, R]` from B square pictures of one size.
pub(super) fn pixel_tensor(pictures: &[&[f32]], device: &Device) -> Tensor<4> {
    let side = (pictures.first().map_or(0, |picture| picture.len()) / 3).isqrt();
    Tensor::from_data(TensorData::new(pictures.concat(), [pictures.len(), 3, side, side]), device)
}
