//! Zero-shot retrieval: all pictures against all captions by alignment, the nearest put in order by matching.

use burn::tensor::activation::log_sigmoid;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use tuwen_encoder::Tape;
use tuwen_encoder::albef::Albef;
use tuwen_eval::{EvalError, Relevance, Rest, RetrievalTable, Scores, Ties, rerank, top_k};
use tuwen_itm::{PairHead, match_margins, match_scores};
use tuwen_ops::Dropout;

use super::batch::{pixel_tensor, text_tensors};
use super::{AlbefPretraining, Caption, Picture};

/// What retrieval found.
#[derive(Clone, Debug)]
pub struct Retrieved {
    /// Pictures by captions.
    pub i2t: Scores,
    /// Captions by pictures.
    pub t2i: Scores,
}

/// What puts the nearest candidates in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RerankScore {
    /// The matching head's logit alone, as ALBEF does.
    #[default]
    Matching,
    /// `log P(match) + cosine / τ`: matching and alignment each have a say, as in BLIP (arXiv:2201.12086), which adds the
    /// bare cosine.
    Product,
}

/// How many candidates matching looks at, what it makes of them, and where the rest goes.
#[derive(Clone, Copy, Debug)]
pub struct Rerank {
    /// The nearest; clamped to what there is.
    pub candidates: usize,
    /// What they are put in order by.
    pub score: RerankScore,
    /// What becomes of the others.
    pub rest: Rest,
}

/// Encoded pictures and captions, outside of autodiff.
pub struct Encoded {
    image_states: Tensor<3>,   // [n, 1 + P, W]
    image_features: Tensor<2>, // [n, E]
    texts: Vec<TextChunk>,
    text_features: Tensor<2>, // [m, E]
    device: Device,
}

/// Captions of one chunk, filled up to the longest of it.
struct TextChunk {
    states: Tensor<3>,
    mask: Vec<Vec<bool>>,
}

impl Retrieved {
    /// The recalls; a right answer stands behind all wrong ones of equal score.
    pub fn table(&self, relevance: &Relevance) -> Result<RetrievalTable, EvalError> {
        RetrievalTable::new(&self.i2t, &self.t2i, relevance, Ties::Pessimistic)
    }
}

/// Encodes in chunks of `chunk`. At least one picture and one caption.
pub fn encode(
    model: &AlbefPretraining,
    pictures: &[Picture],
    captions: &[Caption],
    (pad, chunk): (u32, usize),
) -> Encoded {
    let encoder = &model.encoder;
    let device = model.temperature.val().device();
    let mut images = (Vec::new(), Vec::new());
    for chunk in pictures.chunks(chunk) {
        let pixels: Vec<_> = chunk.iter().map(|picture| &picture.pixels).collect();
        let states = encoder.image_states(pixel_tensor(&pixels, &device));
        images.1.push(encoder.image_features(&states));
        images.0.push(states);
    }
    let (mut texts, mut features) = (Vec::new(), Vec::new());
    for chunk in captions.chunks(chunk) {
        let inputs: Vec<_> = chunk.iter().map(|caption| &caption.input).collect();
        let (ids, mask) = text_tensors(&inputs, pad, &device);
        let states = encoder.text_states(ids, &mask, &Dropout::off());
        features.push(encoder.text_features(&states, &mask));
        texts.push(TextChunk { states, mask: inputs.iter().map(|input| input.attention_mask.clone()).collect() });
    }
    Encoded {
        image_states: Tensor::cat(images.0, 0),
        image_features: Tensor::cat(images.1, 0),
        texts,
        text_features: Tensor::cat(features, 0),
        device,
    }
}

/// Cosines of all pairs, a chunk of pictures at a time.
pub fn retrieve(encoded: &Encoded, chunk: usize) -> Result<Retrieved, EvalError> {
    let ([images, _], [texts, _]) = (encoded.image_features.dims(), encoded.text_features.dims());
    let mut values = Vec::with_capacity(images * texts);
    for start in (0..images).step_by(chunk) {
        let rows = encoded.image_features.clone().narrow(0, start, chunk.min(images - start));
        values.extend(rows.matmul(encoded.text_features.clone().transpose()).into_data().iter::<f32>());
    }
    let i2t = Scores::new(images, texts, values)?;
    Ok(Retrieved { t2i: i2t.transposed(), i2t })
}

/// The nearest candidates of each query put in order by how well they match, `chunk` pairs at a time.
pub fn rerank_by_matching(
    model: &AlbefPretraining,
    encoded: &Encoded,
    found: &Retrieved,
    how: Rerank,
    chunk: usize,
) -> Result<Retrieved, EvalError> {
    let captions_of = top_k(&found.i2t, how.candidates);
    let pictures_of = top_k(&found.t2i, how.candidates);
    let temperature = model.temperature.val().into_scalar::<f32>();
    let scored = |pairs: Vec<(usize, usize)>| -> Vec<f32> {
        let scores = matching_scores(model, encoded, &pairs, how.score, chunk);
        let aligned = |(picture, caption): (usize, usize)| match how.score {
            RerankScore::Matching => 0.0,
            RerankScore::Product => found.i2t.row(picture)[caption] / temperature,
        };
        scores.into_iter().zip(pairs).map(|(score, pair)| score + aligned(pair)).collect()
    };
    let i2t = scored(enumerated(&captions_of).collect());
    let t2i = scored(enumerated(&pictures_of).map(|(caption, picture)| (picture, caption)).collect());
    Ok(Retrieved {
        i2t: rerank(&found.i2t, &captions_of, &in_rows(&captions_of, i2t), how.rest)?,
        t2i: rerank(&found.t2i, &pictures_of, &in_rows(&pictures_of, t2i), how.rest)?,
    })
}

fn enumerated(lists: &[Vec<usize>]) -> impl Iterator<Item = (usize, usize)> + '_ {
    lists.iter().enumerate().flat_map(|(row, list)| list.iter().map(move |&item| (row, item)))
}

fn in_rows(lists: &[Vec<usize>], scores: Vec<f32>) -> Vec<Vec<f32>> {
    let mut scores = scores.into_iter();
    lists.iter().map(|list| scores.by_ref().take(list.len()).collect()).collect()
}

/// The matching head's score of each (picture, caption).
fn matching_scores(
    model: &AlbefPretraining,
    encoded: &Encoded,
    pairs: &[(usize, usize)],
    score: RerankScore,
    chunk: usize,
) -> Vec<f32> {
    let score_of = |logits: Tensor<2>| match score {
        RerankScore::Matching => match_scores(logits),
        RerankScore::Product => log_sigmoid(match_margins(logits)),
    };
    let scores = |pairs: &[(usize, usize)]| {
        let logits = pair_logits(&model.encoder, &model.itm, encoded, pairs);
        score_of(logits).into_data().iter::<f32>().collect::<Vec<f32>>()
    };
    pairs.chunks(chunk).flat_map(scores).collect()
}

/// The matching head's logits `[N, 2]` of each (picture, caption).
fn pair_logits(encoder: &Albef, head: &PairHead, encoded: &Encoded, pairs: &[(usize, usize)]) -> Tensor<2> {
    // A picture that occurs several times in the chunk becomes keys and values once.
    let mut pictures: Vec<usize> = pairs.iter().map(|(picture, _)| *picture).collect();
    pictures.sort_unstable();
    pictures.dedup();
    let place = |picture: &usize| pictures.binary_search(picture).unwrap_or_default();
    let rows: Vec<usize> = pairs.iter().map(|(picture, _)| place(picture)).collect();
    let states = encoded.image_states.clone().select(0, indices(&pictures, &encoded.device));
    let memory = encoder.image_memory(&states).select(&indices(&rows, &encoded.device));
    let captions: Vec<usize> = pairs.iter().map(|(_, caption)| *caption).collect();
    let (texts, mask) = encoded.captions(&captions);
    let tape = Tape::off();
    let encoder = encoder.on(&tape);
    let below = encoder.fuse_below(texts, &mask, memory.below(), &Dropout::off());
    let cls = encoder.fuse_last_cls(below, &mask, memory.last(), &Dropout::off());
    head.forward(cls)
}

impl Encoded {
    /// The states and the mask of some captions, filled up to the longest of them.
    fn captions(&self, numbers: &[usize]) -> (Tensor<3>, Tensor<2, burn::tensor::Bool>) {
        let size = self.texts.first().map_or(1, |chunk| chunk.mask.len());
        let mask_of = |number: usize| &self.texts[number / size].mask[number % size];
        let length = numbers.iter().map(|&number| mask_of(number).len()).max().unwrap_or(1).max(1);
        let row = |number: usize| {
            let row = self.texts[number / size].states.clone().narrow(0, number % size, 1);
            let [_, held, hidden] = row.dims();
            if held >= length {
                return row.narrow(1, 0, length);
            }
            Tensor::cat(vec![row, Tensor::zeros([1, length - held, hidden], &self.device)], 1)
        };
        let states = Tensor::cat(numbers.iter().map(|&number| row(number)).collect(), 0);
        let flags = |&number: &usize| mask_of(number).iter().copied().chain(std::iter::repeat(false)).take(length);
        let flags: Vec<bool> = numbers.iter().flat_map(flags).collect();
        (states, Tensor::from_data(TensorData::new(flags, [numbers.len(), length]), &self.device))
    }
}

fn indices(numbers: &[usize], device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = numbers.iter().map(|&number| number as i32).collect();
    Tensor::from_data(TensorData::new(values, [numbers.len()]), device)
}
