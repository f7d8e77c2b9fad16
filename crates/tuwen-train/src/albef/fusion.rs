//! The passes of a step through the fusion layers: each text beside an image, as few times as possible.

use burn::tensor::{Bool, Int, Tensor};
use tuwen_encoder::KeyValue;
use tuwen_encoder::albef::{AlbefOnTape, ImageMemory};
use tuwen_ops::{Dropout, select_rows};

use super::Savings;

/// Texts, and the image that each of them stands beside.
#[derive(Clone)]
pub(super) struct Pass {
    /// `[B, L, H]`, from the text layers.
    pub(super) states: Tensor<3>,
    /// `[B, L]`.
    pub(super) mask: Tensor<2, Bool>,
    /// Which image of the batch each text stands beside; absent: its own.
    pub(super) images: Option<Tensor<1, Int>>,
}

/// What the fusion layers make of the passes.
pub(super) struct Fused {
    /// The `[CLS]` states of the matching passes one after the other, `[ΣB, H]`; absent without such a pass.
    pub(super) matching: Option<Tensor<2>>,
    /// All states of the word pass, `[B, L, H]`.
    pub(super) words: Option<Tensor<3>>,
}

/// Runs the passes of `matching`, which are read at `[CLS]` alone, and that of `words`.
pub(super) fn fuse(
    encoder: AlbefOnTape<'_, '_>,
    image_states: &Tensor<3>, // [B, 1 + P, W]
    matching: &[Pass],
    words: Option<&Pass>,
    savings: &Savings,
    dropout: &Dropout,
) -> Fused {
    let memory = savings.shared_image_memory.is_on().then(|| encoder.image_memory(image_states));
    let memory_of = |pass: &Pass| look(encoder, image_states, memory.as_ref(), pass);
    if savings.one_batch.is_on() {
        return fuse_as_one(encoder, matching, words, &memory_of, (savings, dropout));
    }
    let each = |(index, pass): (usize, &Pass)| {
        let (memory, dropout) = (memory_of(pass), dropout.at(index as u64));
        let below = encoder.fuse_below(pass.states.clone(), savings.sequence(&pass.mask), memory.below(), &dropout);
        cls(encoder, below, &pass.mask, memory.last(), (savings, &dropout))
    };
    let states: Vec<Tensor<2>> = matching.iter().enumerate().map(each).collect();
    let words = words.map(|pass| {
        let dropout = dropout.at(matching.len() as u64);
        encoder.fuse(pass.states.clone(), savings.sequence(&pass.mask), &memory_of(pass), &dropout)
    });
    Fused { matching: (!states.is_empty()).then(|| Tensor::cat(states, 0)), words }
}

fn look(
    encoder: AlbefOnTape<'_, '_>,
    image_states: &Tensor<3>,
    memory: Option<&ImageMemory>,
    pass: &Pass,
) -> ImageMemory {
    match (memory, &pass.images) {
        (Some(memory), None) => memory.clone(),
        (Some(memory), Some(rows)) => memory.select(rows),
        (None, None) => encoder.image_memory(image_states),
        (None, Some(rows)) => encoder.image_memory(&select_rows(image_states.clone(), rows.clone())),
    }
}

fn fuse_as_one(
    encoder: AlbefOnTape<'_, '_>,
    matching: &[Pass],
    words: Option<&Pass>,
    memory_of: &dyn Fn(&Pass) -> ImageMemory,
    (savings, dropout): (&Savings, &Dropout),
) -> Fused {
    let passes: Vec<&Pass> = matching.iter().chain(words).collect();
    if passes.is_empty() {
        return Fused { matching: None, words: None };
    }
    let memories: Vec<ImageMemory> = passes.iter().map(|pass| memory_of(pass)).collect();
    let layers = memories[0].below().len();
    let below: Vec<KeyValue> = (0..layers)
        .map(|layer| KeyValue::cat(&memories.iter().map(|memory| &memory.below()[layer]).collect::<Vec<_>>()))
        .collect();
    let mask = Tensor::cat(passes.iter().map(|pass| pass.mask.clone()).collect(), 0);
    let states = Tensor::cat(passes.iter().map(|pass| pass.states.clone()).collect(), 0);
    let states = encoder.fuse_below(states, savings.sequence(&mask), &below, dropout); // [ΣB, L, H]
    let rows: usize = matching.iter().map(|pass| pass.mask.dims()[0]).sum();
    let last: Vec<&KeyValue> = memories.iter().map(ImageMemory::last).collect();
    let matched = (rows > 0).then(|| {
        let (states, mask) = (states.clone().narrow(0, 0, rows), mask.clone().narrow(0, 0, rows));
        cls(encoder, states, &mask, &KeyValue::cat(&last[..matching.len()]), (savings, dropout))
    });
    let words = words.map(|pass| {
        let states = states.narrow(0, rows, pass.mask.dims()[0]);
        encoder.fuse_last(states, savings.sequence(&pass.mask), last[matching.len()], &dropout.at(layers as u64))
    });
    Fused { matching: matched, words }
}

/// The last layer's `[CLS]` states.
fn cls(
    encoder: AlbefOnTape<'_, '_>,
    states: Tensor<3>,
    mask: &Tensor<2, Bool>,
    memory: &KeyValue,
    (savings, dropout): (&Savings, &Dropout),
) -> Tensor<2> {
    if savings.matching_cls.is_on() {
        return encoder.fuse_last_cls(states, mask, memory, dropout);
    }
    let states = encoder.fuse_last(states, savings.sequence(mask), memory, dropout);
    let [batch, _, hidden] = states.dims();
    states.narrow(1, 0, 1).reshape([batch, hidden])
}

/// Some rows of a mask, several times if need be. By way of numbers: a selected mask can't be concatenated on every device.
pub(super) fn rows_of(mask: &Tensor<2, Bool>, rows: Tensor<1, Int>) -> Tensor<2, Bool> {
    mask.clone().int().select(0, rows).equal_elem(1)
}
