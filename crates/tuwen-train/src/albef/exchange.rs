//! A saved ALBEF as a state dict of the official code, and back: trained weights, momentum encoders, queues.

use tuwen_encoder::albef::{momentum_name, reference_names, reference_number};
use tuwen_encoder::{HostIntegers, HostTensor, ImportError, Imported, Integers, Weights, import_albef};

use super::saved::{QUEUE, TEACHER_ENCODER, TEACHER_MLM, keys_to_host, numbers, words};
use crate::whole::is_of_the_model;

/// A state dict as the official code loads it with `strict=True`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OfficialAlbef {
    /// Its floats.
    pub weights: Weights,
    /// Its whole numbers.
    pub integers: Integers,
    /// Names of ours that it has no place for.
    pub left_out: Vec<String>,
    /// What it asks for and the run does not have, in words.
    pub notes: Vec<String>,
}

const WORDS: &str = "bert.embeddings.word_embeddings.weight";
const PLACES: &str = "bert.embeddings.position_embeddings.weight";
const HEAD: &str = "cls.predictions";

/// What a checkpoint of ours holds, under the official names. Without momentum encoders they are those of the trained
/// weights, as in a model that has not begun; without a queue it has no columns.
pub fn to_official(saved: &Weights) -> OfficialAlbef {
    let student = part(saved, |name| is_of_the_model(name).then(|| name.to_string()));
    let mut teacher = part(saved, |name| {
        let encoder = name.strip_prefix(TEACHER_ENCODER).map(|rest| format!("encoder.{rest}"));
        encoder.or_else(|| Some(format!("mlm.{}", name.strip_prefix(TEACHER_MLM)?)))
    });
    let mut official = OfficialAlbef::default();
    if teacher.is_empty() {
        teacher = student.clone();
        official.notes.push("the run has no momentum encoders: they are written equal to the trained weights".into());
    }
    let layers =
        student.keys().filter_map(|name| name.strip_prefix("encoder.text_layers.")?.split_once('.')?.0.parse().ok());
    let text_layers = layers.max().map_or(0, |last: usize| last + 1);
    let (student, left_out) = reference_names().to_reference(&student);
    let (teacher, _) = reference_names().to_reference(&teacher);
    let named = |name: &String| reference_number(name, text_layers);
    official.weights = student.into_iter().map(|(name, tensor)| (named(&name), tensor)).collect();
    let twins = teacher.into_iter().filter_map(|(name, tensor)| Some((momentum_name(&named(&name))?, tensor)));
    official.weights.extend(twins);
    official.left_out = left_out;
    add_shared(&mut official);
    add_queue(&mut official, saved);
    official
}

fn part(saved: &Weights, name: impl Fn(&str) -> Option<String>) -> Weights {
    saved.iter().filter_map(|(known, tensor)| Some((name(known)?, tensor.clone()))).collect()
}

/// Second names of shared tensors, and counters of positions.
fn add_shared(official: &mut OfficialAlbef) {
    for text in ["text_encoder", "text_encoder_m"] {
        let find = |name: &str| official.weights.get(&format!("{text}.{name}")).cloned();
        let (words, bias, places) = (find(WORDS), find(&format!("{HEAD}.bias")), find(PLACES));
        if let (Some(words), Some(bias)) = (words, bias) {
            official.weights.insert(format!("{text}.{HEAD}.decoder.weight"), words);
            official.weights.insert(format!("{text}.{HEAD}.decoder.bias"), bias);
        }
        let count = places.map_or(0, |table| table.shape.first().copied().unwrap_or(0));
        let ids = HostIntegers { shape: vec![1, count], values: (0..count as i64).collect() };
        official.integers.insert(format!("{text}.bert.embeddings.position_ids"), ids);
    }
}

fn add_queue(official: &mut OfficialAlbef, saved: &Weights) {
    let size = saved.get("encoder.vision_projection.bias").map_or(0, |bias| bias.values.len());
    let column = |name: &str| saved.get(name).map_or(HostTensor { shape: vec![size, 0], values: vec![] }, transposed);
    official.weights.insert("image_queue".into(), column(QUEUE[0]));
    official.weights.insert("text_queue".into(), column(QUEUE[1]));
    let pointer = saved.get(QUEUE[3]).and_then(|place| words(&place.values).first().copied()).unwrap_or(0);
    official.integers.insert("queue_ptr".into(), HostIntegers { shape: vec![1], values: vec![pointer as i64] });
    if !saved.contains_key(QUEUE[0]) {
        official.notes.push("the run has no queue: build the official model with `queue_size: 0`".into());
    }
}

fn transposed(table: &HostTensor) -> HostTensor {
    let [rows, columns] = table.shape[..] else { return table.clone() };
    let values = (0..columns).flat_map(|c| (0..rows).map(move |r| table.values[r * columns + c])).collect();
    HostTensor { shape: vec![columns, rows], values }
}

/// A state dict of the official code as a checkpoint of ours holds it.
///
/// # Errors
/// Another model's names, and names that no ALBEF has.
pub fn from_official(weights: &Weights, integers: &Integers) -> Result<Imported, ImportError> {
    let (mut imported, teacher) = import_albef(weights)?;
    for (name, tensor) in teacher {
        let prefix = if name.starts_with("mlm.") { "momentum." } else { "" };
        let encoder = name.strip_prefix("encoder.").map(|rest| format!("{TEACHER_ENCODER}{rest}"));
        imported.weights.insert(encoder.unwrap_or_else(|| format!("{prefix}{name}")), tensor);
    }
    let queues = weights.get("image_queue").zip(weights.get("text_queue"));
    let Some((image, text)) = queues.filter(|(image, _)| image.shape.get(1).is_some_and(|&entries| entries > 0)) else {
        return Ok(imported);
    };
    let entries = image.shape[1];
    let pointer = integers.get("queue_ptr").and_then(|pointer| pointer.values.first().copied()).unwrap_or(0);
    let queue = [
        transposed(image),
        transposed(text),
        keys_to_host(&vec![None; entries]),
        numbers(&[pointer.max(0) as u64, entries as u64]),
    ];
    imported.weights.extend(QUEUE.map(str::to_string).into_iter().zip(queue));
    imported.unused.retain(|name| !["image_queue", "text_queue"].contains(&name.as_str()));
    Ok(imported)
}
