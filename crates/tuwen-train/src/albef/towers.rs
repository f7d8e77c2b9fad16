//! The towers of a step: images, texts and their fusion, each through its layers with a part of the batch at a time where
//! memory is short. What comes out is always that of the whole batch.

use std::ops::Range;

use burn::tensor::{Bool, Int, Tensor};
use tuwen_encoder::albef::AlbefOnTape;
use tuwen_itm::HardNegatives;
use tuwen_ops::{Dropout, select_rows};

use super::fusion::{Fused, Pass, fuse, rows_of};
use super::{Batch, Savings};

/// The states of the text layers `[B, L, H]`.
pub(super) struct Texts {
    pub(super) clean: Tensor<3>,
    pub(super) masked: Option<Tensor<3>>,
}

/// `[B, 1 + P, W]`.
pub(super) fn image_states(encoder: AlbefOnTape<'_, '_>, batch: &Batch) -> Tensor<3> {
    let parts = encoder.tape.parts(batch.len()).into_iter().flat_map(|part| {
        let pixels = batch.pixel_values.clone().narrow(0, part.start, part.len());
        encoder.tower(Vec::new(), move |encoder, _| vec![encoder.image_states(pixels.clone())])
    });
    encoder.joined(parts.collect())
}

/// Clean captions, and with hidden words if they are asked for.
pub(super) fn text_states(
    encoder: AlbefOnTape<'_, '_>,
    batch: &Batch,
    with_masked: bool,
    savings: &Savings,
    dropout: &Dropout,
) -> Texts {
    let (mut clean, mut masked) = (Vec::new(), Vec::new());
    for part in encoder.tape.parts(batch.len()) {
        let rows = TextRows::of(batch, &part, with_masked);
        let (savings, dropout) = (*savings, dropout_of(dropout, &part));
        let mut states = encoder.tower(Vec::new(), move |encoder, _| rows.states(encoder, &savings, &dropout));
        masked.extend(states.drain(1..));
        clean.extend(states);
    }
    let masked = (!masked.is_empty()).then(|| encoder.joined(masked));
    Texts { clean: encoder.joined(clean), masked }
}

/// The first part draws as a whole batch does.
fn dropout_of(dropout: &Dropout, part: &Range<usize>) -> Dropout {
    if part.start == 0 { *dropout } else { dropout.at(part.start as u64) }
}

struct TextRows {
    ids: Tensor<2, Int>,
    masked_ids: Option<Tensor<2, Int>>,
    mask: Tensor<2, Bool>,
}

impl TextRows {
    fn of(batch: &Batch, part: &Range<usize>, with_masked: bool) -> Self {
        let rows = |ids: &Tensor<2, Int>| ids.clone().narrow(0, part.start, part.len());
        Self {
            ids: rows(&batch.input_ids),
            masked_ids: with_masked.then(|| rows(&batch.masked_ids)),
            mask: batch.attention_mask.clone().narrow(0, part.start, part.len()),
        }
    }

    /// Clean, and masked if there is such.
    fn states(&self, encoder: AlbefOnTape<'_, '_>, savings: &Savings, dropout: &Dropout) -> Vec<Tensor<3>> {
        let (ids, mask) = (self.ids.clone(), &self.mask);
        let Some(masked_ids) = self.masked_ids.clone() else {
            return vec![encoder.text_states(ids, savings.sequence(mask), dropout)];
        };
        if savings.one_batch.is_on() {
            let both = Tensor::cat(vec![ids, masked_ids], 0);
            let masks = Tensor::cat(vec![mask.clone(), mask.clone()], 0);
            let halves = encoder.text_states(both, savings.sequence(&masks), dropout).chunk(2, 0);
            return halves.into_iter().map(|half| encoder.tape.cut(half)).collect();
        }
        let sequence = savings.sequence(mask);
        let clean = encoder.text_states(ids, sequence.clone(), &dropout.at(0));
        vec![clean, encoder.text_states(masked_ids, sequence, &dropout.at(1))]
    }
}

/// What the fusion layers make of true and false pairs, if there are negatives, and of captions with hidden words, if
/// `texts` has them. Negatives come from the whole batch, whatever goes through the layers together.
pub(super) fn fused(
    encoder: AlbefOnTape<'_, '_>,
    (image_states, texts): (&Tensor<3>, &Texts),
    batch: &Batch,
    negatives: Option<&[HardNegatives; 2]>,
    savings: &Savings,
    dropout: &Dropout,
) -> Fused {
    let (mut matching, mut words) = ([const { Vec::new() }; 3], Vec::new());
    let drawn = negatives.map(|negatives| negatives.each_ref().map(|drawn| drawn.indices.clone()));
    for part in encoder.tape.parts(batch.len()) {
        let inputs = [image_states, &texts.clean].into_iter().chain(&texts.masked).cloned().collect();
        let (savings, dropout) = (*savings, dropout_of(dropout, &part));
        let (drawn, mask, all) = (drawn.clone(), batch.attention_mask.clone(), batch.len());
        let rows = part.len();
        let mut states = encoder.tower(inputs, move |encoder, inputs| {
            let passes =
                if part.len() == all { whole(inputs, &mask, &drawn) } else { partial(inputs, &mask, &drawn, &part) };
            let Fused { matching, words } =
                fuse(encoder, &passes.images, &passes.matching, passes.words.as_ref(), &savings, &dropout);
            matching.map(Tensor::unsqueeze::<3>).into_iter().chain(words).collect()
        });
        words.extend(texts.masked.as_ref().and_then(|_| states.pop()));
        if let Some(states) = states.pop() {
            let [_, _, hidden] = states.dims();
            let states = states.reshape([3 * rows, hidden]).chunk(3, 0);
            matching.iter_mut().zip(states).for_each(|(all, states)| all.push(states));
        }
    }
    let matching: Vec<Tensor<2>> = matching.into_iter().flatten().collect();
    Fused {
        matching: (!matching.is_empty()).then(|| Tensor::cat(matching, 0)),
        words: (!words.is_empty()).then(|| Tensor::cat(words, 0)),
    }
}

/// Images, and the passes beside them: each pair as it is, each text with another image, each image with another text.
struct Passes {
    images: Tensor<3>,
    matching: Vec<Pass>,
    words: Option<Pass>,
}

type Drawn = Option<[Tensor<1, Int>; 2]>;

/// Of all rows. `inputs`: image states, clean texts, and texts with hidden words if there are any.
fn whole(inputs: &[Tensor<3>], mask: &Tensor<2, Bool>, drawn: &Drawn) -> Passes {
    let own = |states: &Tensor<3>| Pass { states: states.clone(), mask: mask.clone(), images: None };
    let matching = drawn.as_ref().map_or(Vec::new(), |[images, others]| {
        let text = select_rows(inputs[1].clone(), others.clone());
        vec![
            own(&inputs[1]),
            Pass { images: Some(images.clone()), ..own(&inputs[1]) },
            Pass { states: text, mask: rows_of(mask, others.clone()), images: None },
        ]
    });
    Passes { images: inputs[0].clone(), matching, words: inputs.get(2).map(own) }
}

/// Of the rows of `part`, with the images that they stand beside and no others.
fn partial(inputs: &[Tensor<3>], mask: &Tensor<2, Bool>, drawn: &Drawn, part: &Range<usize>) -> Passes {
    let (start, count) = (part.start, part.len());
    let own_mask = mask.clone().narrow(0, start, count);
    let images = inputs[0].clone().narrow(0, start, count);
    let own = |states: &Tensor<3>, images: &Option<Tensor<1, Int>>| Pass {
        states: states.clone().narrow(0, start, count),
        mask: own_mask.clone(),
        images: images.clone(),
    };
    let Some([image_rows, text_rows]) = drawn else {
        return Passes { images, matching: Vec::new(), words: inputs.get(2).map(|states| own(states, &None)) };
    };
    let (image_rows, text_rows) =
        (image_rows.clone().narrow(0, start, count), text_rows.clone().narrow(0, start, count));
    let images = Tensor::cat(vec![images, select_rows(inputs[0].clone(), image_rows)], 0);
    let places = |from: usize| Some(Tensor::arange(from as i64..(from + count) as i64, &mask.device()));
    let first = places(0);
    let matching = vec![
        own(&inputs[1], &first),
        own(&inputs[1], &places(count)),
        Pass {
            states: select_rows(inputs[1].clone(), text_rows.clone()),
            mask: rows_of(mask, text_rows),
            images: first.clone(),
        },
    ];
    Passes { images, matching, words: inputs.get(2).map(|states| own(states, &first)) }
}
