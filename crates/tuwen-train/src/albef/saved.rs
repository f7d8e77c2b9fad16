//! An ALBEF state as named tensors, and back.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use tuwen_encoder::{HostTensor, MomentumEncoder, Weights, WeightsError, load_weights, weights_of};
use tuwen_ita::{FeatureQueue, PairKeys, QueueParts};

use super::{AlbefPretraining, AlbefState, Teacher};
use crate::whole::is_of_the_model;

pub(super) const TEACHER_ENCODER: &str = "momentum.encoder.";
pub(super) const TEACHER_MLM: &str = "momentum.mlm.";
pub(super) const QUEUE: [&str; 4] = ["queue.image", "queue.text", "queue.keys", "queue.place"];

/// Trained weights under their own names, momentum encoders under `momentum.…`, the queue under `queue.…`.
pub(super) fn save(state: &AlbefState) -> Weights {
    let mut saved = weights_of(&state.model);
    saved.extend(save_beside(state.teacher.as_ref(), state.queue.as_ref()));
    saved
}

/// Momentum encoders under `momentum.…`, the queue under `queue.…`.
pub(crate) fn save_beside(teacher: Option<&Teacher>, queue: Option<&FeatureQueue>) -> Weights {
    let mut saved = Weights::new();
    let mut add = |prefix: &str, weights: Weights| {
        saved.extend(weights.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
    };
    if let Some(Teacher { encoder, mlm }) = teacher {
        add(TEACHER_ENCODER, weights_of(encoder.module()));
        add(TEACHER_MLM, weights_of(mlm.module()));
    }
    if let Some(queue) = queue {
        let QueueParts { image, text, keys, pointer, valid } = queue.parts();
        let tensors = [host(image), host(text), keys_to_host(keys), numbers(&[*pointer as u64, *valid as u64])];
        saved.extend(QUEUE.map(str::to_string).into_iter().zip(tensors));
    }
    saved
}

/// `state` with everything replaced by `saved`, or the names that don't fit.
pub(super) fn restore(state: AlbefState, saved: &Weights) -> Result<AlbefState, WeightsError> {
    let (trained, beside) = saved.clone().into_iter().partition(|(name, _)| is_of_the_model(name));
    let model = load_weights(state.model, &trained)?;
    let (teacher, queue) = restore_beside(&model, state.queue, beside)?;
    Ok(AlbefState { model, teacher, queue, pending: None })
}

/// What [`save_beside`] saved, for `model`; `queue` is one of the right size, if there is one.
pub(crate) fn restore_beside(
    model: &AlbefPretraining,
    queue: Option<FeatureQueue>,
    mut saved: Weights,
) -> Result<(Option<Teacher>, Option<FeatureQueue>), WeightsError> {
    let mut take = |prefix: &str| -> Weights {
        let names: Vec<String> = saved.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
        names.iter().filter_map(|name| Some((name[prefix.len()..].to_string(), saved.remove(name)?))).collect()
    };
    let (encoder, mlm, features) = (take(TEACHER_ENCODER), take(TEACHER_MLM), take("queue."));
    let teacher = match encoder.is_empty() && mlm.is_empty() {
        true => None,
        false => {
            let fresh = Teacher::of(model);
            Some(Teacher { encoder: loaded(&fresh.encoder, &encoder)?, mlm: loaded(&fresh.mlm, &mlm)? })
        }
    };
    let queue = queue.map(|fresh| queue_from(&fresh, &features)).transpose()?;
    Ok((teacher, queue))
}

fn loaded<M: Module>(fresh: &MomentumEncoder<M>, weights: &Weights) -> Result<MomentumEncoder<M>, WeightsError> {
    fresh.replaced(|module| load_weights(module, weights))
}

fn queue_from(fresh: &FeatureQueue, saved: &Weights) -> Result<FeatureQueue, WeightsError> {
    let parts = fresh.parts();
    let shapes: BTreeMap<&str, Vec<usize>> = BTreeMap::from([
        ("image", parts.image.dims().to_vec()),
        ("text", parts.text.dims().to_vec()),
        ("keys", vec![parts.keys.len(), KEY_WIDTH]),
        ("place", vec![2, WORDS]),
    ]);
    let unfit: Vec<String> = shapes
        .iter()
        .filter(|(name, shape)| saved.get(**name).is_none_or(|tensor| tensor.shape != **shape))
        .map(|(name, shape)| format!("queue.{name} (expected {shape:?})"))
        .collect();
    if !unfit.is_empty() {
        return Err(WeightsError::Mismatch { missing: vec![], unused: vec![], misshaped: unfit });
    }
    let device = parts.image.device();
    let place = words(&saved["place"].values);
    let restored = QueueParts {
        image: tensor(&saved["image"], &device),
        text: tensor(&saved["text"], &device),
        keys: keys_from_host(&saved["keys"].values),
        pointer: place[0] as usize,
        valid: place[1] as usize,
    };
    FeatureQueue::from_parts(restored).map_err(|error| WeightsError::Mismatch {
        missing: vec![],
        unused: vec![],
        misshaped: vec![format!("queue: {error}")],
    })
}

fn host(rows: &Tensor<2>) -> HostTensor {
    HostTensor { shape: rows.dims().to_vec(), values: rows.to_data().iter::<f32>().collect() }
}

fn tensor(saved: &HostTensor, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(saved.values.clone(), [saved.shape[0], saved.shape[1]]), device)
}

/// Four 16-bit words, which are exact as floats, for each whole number.
const WORDS: usize = 4;
/// A flag and two numbers.
const KEY_WIDTH: usize = 1 + 2 * WORDS;

fn split(number: u64) -> impl Iterator<Item = f32> {
    (0..WORDS).map(move |word| f32::from((number >> (16 * word)) as u16))
}

pub(super) fn words(values: &[f32]) -> Vec<u64> {
    let join = |chunk: &[f32]| chunk.iter().rev().fold(0, |number, &word| (number << 16) | word as u64);
    values.chunks_exact(WORDS).map(join).collect()
}

pub(super) fn numbers(values: &[u64]) -> HostTensor {
    HostTensor { shape: vec![values.len(), WORDS], values: values.iter().flat_map(|&value| split(value)).collect() }
}

pub(super) fn keys_to_host(keys: &[Option<PairKeys>]) -> HostTensor {
    let row = |key: &Option<PairKeys>| {
        let PairKeys { image, caption } = key.unwrap_or(PairKeys { image: 0, caption: 0 });
        std::iter::once(f32::from(u8::from(key.is_some())))
            .chain(split(image))
            .chain(split(caption))
            .collect::<Vec<_>>()
    };
    HostTensor { shape: vec![keys.len(), KEY_WIDTH], values: keys.iter().flat_map(row).collect() }
}

fn keys_from_host(values: &[f32]) -> Vec<Option<PairKeys>> {
    let row = |row: &[f32]| {
        let numbers = words(&row[1..]);
        (row[0] > 0.5).then(|| PairKeys { image: numbers[0], caption: numbers[1] })
    };
    values.chunks_exact(KEY_WIDTH).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_to_the_last_bit() {
        let keys =
            [Some(PairKeys { image: u64::MAX, caption: 1 }), None, Some(PairKeys { image: 1 << 63, caption: 0 })];
        assert_eq!(keys_from_host(&keys_to_host(&keys).values), keys);
        assert_eq!(words(&numbers(&[65536, u64::MAX - 1]).values), [65536, u64::MAX - 1]);
    }
}
