//! Attention of one head of one sequence at a time, keys that are padding left out of the sums.

use rayon::prelude::*;

use super::matrix::{Matrix, multiply};
use super::simd::{exp, sum, vectorised};

/// Sizes and places. Query, key and value stand side by side in rows of `3 · heads · size` numbers.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) batch: usize,
    pub(crate) length: usize,
    pub(crate) heads: usize,
    pub(crate) size: usize,
}

impl Shape {
    fn hidden(self) -> usize {
        self.heads * self.size
    }

    /// Query (0), key (1) or value (2) of head `head`, for the sequence that `packed` holds.
    fn part(self, packed: &[f32], which: usize, head: usize) -> Matrix<'_> {
        let start = which * self.hidden() + head * self.size;
        Matrix::new(packed, start, [self.length, self.size], 3 * self.hidden())
    }

    fn square<'a>(self, scores: &'a [f32]) -> Matrix<'a> {
        Matrix::new(scores, 0, [self.length; 2], self.length)
    }

    fn rows<'a>(self, values: &'a [f32], head: usize) -> Matrix<'a> {
        Matrix::new(values, head * self.size, [self.length, self.size], self.hidden())
    }
}

vectorised! {
    /// `softmax(scale · scores)` of one row in place; a key that is padding gets the score `padded` instead of its own, as
    /// the composition fills it in.
    pub(crate) fn softmax_row(scores: &mut [f32], real: &[bool], scale: f32, padded: f32) {
        for (score, real) in scores.iter_mut().zip(real) {
            *score = if *real { *score * scale } else { padded };
        }
        let mut most = f32::NEG_INFINITY;
        for &score in scores.iter() {
            most = if score > most { score } else { most };
        }
        for score in scores.iter_mut() {
            // A NaN never is the largest and stays itself, so it reaches the sum and from there the whole row.
            *score = exp(*score - most);
        }
        let inverse = 1.0 / { let scores = &*scores; sum(scores.len(), |i| scores[i]) };
        for score in scores.iter_mut() {
            *score *= inverse;
        }
    }

    /// From the gradient of a row of weights to that of its scores, in place: `scale · w · (g − Σ w·g)`.
    pub(crate) fn softmax_backward_row(weights: &[f32], gradient: &mut [f32], real: &[bool], scale: f32) {
        let dot = { let gradient = &*gradient; sum(weights.len(), |i| weights[i] * gradient[i]) };
        for ((gradient, weight), real) in gradient.iter_mut().zip(weights).zip(real) {
            *gradient = if *real { scale * weight * (*gradient - dot) } else { 0.0 };
        }
    }
}

/// The weights of one head, row after row of queries.
fn weights(shape: Shape, packed: &[f32], head: usize, real: &[bool], padded: f32, scores: &mut [f32]) {
    let (query, key) = (shape.part(packed, 0, head), shape.part(packed, 1, head));
    multiply(scores, 0, shape.length, query, key.transposed());
    let scale = 1.0 / (shape.size as f32).sqrt();
    scores.chunks_mut(shape.length).for_each(|row| softmax_row(row, real, scale, padded));
}

/// `[B·S, 3·H]` to `[B·S, H]`. `real` has `B·S` flags, false = the key is padding and gets the score `padded`.
pub(crate) fn forward(shape: Shape, packed: &[f32], real: &[bool], padded: f32) -> Vec<f32> {
    let (length, hidden) = (shape.length, shape.hidden());
    let mut out = vec![0.0; shape.batch * length * hidden];
    let sequences = out.par_chunks_mut(length * hidden).zip(packed.par_chunks(3 * length * hidden));
    sequences.zip(real.par_chunks(length)).for_each_init(
        || vec![0.0; length * length],
        |scores, ((out, packed), real)| {
            for head in 0..shape.heads {
                weights(shape, packed, head, real, padded, scores);
                multiply(out, head * shape.size, hidden, shape.square(scores), shape.part(packed, 2, head));
            }
        },
    );
    out
}

/// The gradient of the packed input; the weights are computed again rather than kept.
pub(crate) fn backward(shape: Shape, packed: &[f32], real: &[bool], padded: f32, gradient: &[f32]) -> Vec<f32> {
    let (length, hidden) = (shape.length, shape.hidden());
    let mut out = vec![0.0; packed.len()];
    let sequences = out.par_chunks_mut(3 * length * hidden).zip(packed.par_chunks(3 * length * hidden));
    let sequences = sequences.zip(real.par_chunks(length)).zip(gradient.par_chunks(length * hidden));
    sequences.for_each_init(
        || (vec![0.0; length * length], vec![0.0; length * length]),
        |(scores, score_gradients), (((out, packed), real), gradient)| {
            for head in 0..shape.heads {
                let place = |which: usize| which * hidden + head * shape.size;
                weights(shape, packed, head, real, padded, scores);
                let [query, key, value] = [0, 1, 2].map(|which| shape.part(packed, which, head));
                let gradient = shape.rows(gradient, head);
                multiply(out, place(2), 3 * hidden, shape.square(scores).transposed(), gradient);
                multiply(score_gradients, 0, length, gradient, value.transposed());
                let scale = 1.0 / (shape.size as f32).sqrt();
                let rows = scores.chunks(length).zip(score_gradients.chunks_mut(length));
                rows.for_each(|(weights, gradient)| softmax_backward_row(weights, gradient, real, scale));
                multiply(out, place(0), 3 * hidden, shape.square(score_gradients), key);
                multiply(out, place(1), 3 * hidden, shape.square(score_gradients).transposed(), query);
            }
        },
    );
    out
}
