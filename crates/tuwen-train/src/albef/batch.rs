//! From host arrays to tensors: the only place where examples of ALBEF become a batch on a device.

use burn::tensor::{Bool, DType, Device, Int, Tensor, TensorData};
use tuwen_core::TokenLabels;
use tuwen_ita::PairKeys;
use tuwen_text::TextInput;
use tuwen_vision::{Normalisation, PixelPlanes};

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
        let pixels: Vec<_> = examples.iter().map(|example| &example.pixels).collect();
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

/// Ids and mask `[B, L]`, L the longest text; shorter ones are filled up with `pad`.
pub fn text_tensors(texts: &[&TextInput], pad: u32, device: &Device) -> (Tensor<2, Int>, Tensor<2, Bool>) {
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

/// `[B, 3, R, R]`, normalised, from B square pictures of one size. Bytes go to the device; it does the arithmetic, in the
/// order of `Normalisation::apply`.
pub fn pixel_tensor(pictures: &[&PixelPlanes], device: &Device) -> Tensor<4> {
    let Some(PixelPlanes { planes, normalisation: Normalisation { mean, std } }) = pictures.first() else {
        return Tensor::empty([0, 3, 0, 0], device);
    };
    let side = (planes.len() / 3).isqrt();
    let bytes: Vec<&[u8]> = pictures.iter().map(|picture| picture.planes.as_slice()).collect();
    let data = TensorData::new(bytes.concat(), [pictures.len(), 3, side, side]);
    let channels = |values: &[f32; 3]| Tensor::<1>::from_floats(*values, device).reshape([1, 3, 1, 1]);
    let levels = Tensor::<4, Int>::from_data(data, (device, DType::U8)).float();
    (levels.div_scalar(255.0) - channels(mean)) / channels(std)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuwen_vision::Image;

    #[test]
    fn the_device_normalises_as_the_host_does() {
        let picture = |shift: u32| {
            Image::from_fn(16, 16, |x, y| [(16 * y + x) as u8, (x * y + shift) as u8, (shift * x) as u8]).unwrap()
        };
        let (first, second, clip) = (picture(0), picture(77), Normalisation::CLIP);
        let planes = [&first, &second].map(|image| PixelPlanes::of(image, clip));
        let found = pixel_tensor(&planes.each_ref(), &Device::flex());
        assert_eq!(found.dims(), [2, 3, 16, 16]);
        assert_eq!(found.try_into_vec_as::<f32>().unwrap(), [clip.apply(&first), clip.apply(&second)].concat());
    }
}
