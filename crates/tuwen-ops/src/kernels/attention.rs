//! Scaled dot-product attention head by head, a block of queries at a time; its backward computes the weights anew.

use std::borrow::Cow;

use super::buffer::unfilled;
use super::dropout::{Mask, fill};
use super::maths::{dot, exp_nonpositive, largest, sum};
use super::matrix::{Matrix, MatrixMut, Place, multiply};
use super::parallel::each;
use super::vectorised;

/// Queries whose weights are in memory at once.
const QUERIES: usize = 128;

/// Where queries, keys or values are: item `b`, position `i`, head `h` start at `(b·length + i)·stride + offset + h·size`.
#[derive(Clone, Copy)]
pub(crate) struct States<'a> {
    /// All numbers.
    pub(crate) values: &'a [f32],
    /// Positions of an item.
    pub(crate) length: usize,
    /// From one position to the next.
    pub(crate) stride: usize,
    /// To head 0.
    pub(crate) offset: usize,
}

impl<'a> States<'a> {
    fn head(&self, item: usize, head: usize, size: usize) -> Matrix<'a> {
        let start = item * self.length * self.stride + self.offset + head * size;
        Matrix::new(&self.values[start..start + (self.length - 1) * self.stride + size], size, self.stride)
    }
}

/// Which keys a query may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All of them.
    Everything,
    /// Those at its own position and before it.
    Past,
}

/// One attention, all but its results.
#[derive(Clone, Copy)]
pub(crate) struct Attention<'a> {
    /// Queries, keys and values.
    pub(crate) states: [States<'a>; 3],
    /// `[B, S]`, true = real.
    pub(crate) real: &'a [bool],
    /// Which of the real keys a query sees.
    pub(crate) reach: Reach,
    /// What the score of a key that isn't real becomes.
    pub(crate) padded_score: f32,
    /// Heads, and numbers in each.
    pub(crate) heads: [usize; 2],
    /// Of the weights, which are `[B, heads, Q, S]`.
    pub(crate) mask: Option<Mask>,
}

/// Largest score of a row, and 1 over the sum of `e^(score − largest)`: what its weights are computed from again.
pub(crate) type Peak = [f32; 2];

/// Flags of keys: `keys` for each query of a block, or once for all of them.
#[derive(Clone, Copy)]
struct Seen<'a> {
    flags: &'a [bool],
    keys: usize,
}

impl<'a> Seen<'a> {
    #[inline(always)]
    fn rows(self) -> impl Iterator<Item = &'a [bool]> {
        self.flags.chunks_exact(self.keys).cycle()
    }
}

vectorised! {
    /// Products of queries and keys to weights; of the flags there is one row for each query, or one for all.
    fn softmax_rows(weights: &mut [f32], seen: Seen<'_>, scale: f32, padded_score: f32, peaks: &mut [Peak]) {
        for ((row, real), peak) in weights.chunks_exact_mut(seen.keys).zip(seen.rows()).zip(peaks) {
            row.iter_mut().zip(real).for_each(|(w, real)| *w = if *real { *w * scale } else { padded_score });
            let most = largest(row);
            row.iter_mut().for_each(|w| *w = exp_nonpositive(*w - most));
            let share = 1.0 / sum(row);
            row.iter_mut().for_each(|w| *w *= share);
            *peak = [most, share];
        }
    }

    /// The same from what is known of each row.
    fn weights_again(weights: &mut [f32], seen: Seen<'_>, scale: f32, padded_score: f32, peaks: &[Peak]) {
        for ((row, real), [most, share]) in weights.chunks_exact_mut(seen.keys).zip(seen.rows()).zip(peaks) {
            for (w, real) in row.iter_mut().zip(real) {
                *w = exp_nonpositive(if *real { *w * scale } else { padded_score } - most) * share;
            }
        }
    }

    /// Gradients of dropped-out weights to those of products; the weights become dropped-out ones.
    fn product_gradients(gradients: &mut [f32], weights: &mut [f32], kept: &[f32], seen: Seen<'_>, scale: f32) {
        let keys = seen.keys;
        let rows = gradients.chunks_exact_mut(keys).zip(weights.chunks_exact_mut(keys)).zip(seen.rows());
        for (row, ((dw, w), real)) in rows.enumerate() {
            let kept = (!kept.is_empty()).then(|| &kept[row * keys..(row + 1) * keys]);
            if let Some(kept) = kept {
                dw.iter_mut().zip(kept).for_each(|(dw, kept)| *dw *= kept);
            }
            let mean = dot(dw, w);
            for ((dw, w), real) in dw.iter_mut().zip(&*w).zip(real) {
                let gradient = w * (*dw - mean) * scale;
                *dw = if *real { gradient } else { 0.0 };
            }
            if let Some(kept) = kept {
                w.iter_mut().zip(kept).for_each(|(w, kept)| *w *= kept);
            }
        }
    }

    fn multiply_by(values: &mut [f32], factors: &[f32]) {
        values.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
    }
}

impl Attention<'_> {
    fn scale(&self) -> f32 {
        (1.0 / (self.heads[1] as f64).sqrt()) as f32
    }

    /// What the queries `rows` of an item see.
    fn seen(&self, item: usize, rows: std::ops::Range<usize>) -> Cow<'_, [bool]> {
        let keys = self.states[1].length;
        let real = &self.real[item * keys..(item + 1) * keys];
        match self.reach {
            Reach::Everything => Cow::Borrowed(real),
            Reach::Past => rows.flat_map(|row| (0..keys).map(move |key| key <= row && real[key])).collect(),
        }
    }

    /// The mask of a block of rows, or nothing.
    fn kept(&self, row: usize, count: usize) -> Vec<f32> {
        let Some(mask) = &self.mask else { return Vec::new() };
        let mut kept = unfilled(count);
        fill(mask, row * self.states[1].length, &mut kept);
        kept
    }

    /// The mixed values `[B, Q, H]` and what [`Attention::backward`] needs.
    pub(crate) fn forward(&self) -> (Vec<f32>, Vec<Peak>) {
        let [heads, size] = self.heads;
        let [queries, keys] = [self.states[0].length, self.states[1].length];
        let batch = self.real.len() / keys;
        let mut output = unfilled(batch * queries * heads * size);
        let mut peaks = vec![[0.0; 2]; batch * heads * queries];
        let places = head_parts(&mut output, queries * heads * size, heads * size, size);
        each(places.zip(peaks.chunks_mut(queries)).enumerate(), |(job, (output, peaks))| {
            self.forward_head([job / heads, job % heads], output, peaks);
        });
        (output, peaks)
    }

    fn forward_head(&self, [item, head]: [usize; 2], output: MatrixMut<'_>, peaks: &mut [Peak]) {
        let [heads, size] = self.heads;
        let [query, key, value] = self.states.map(|states| states.head(item, head, size));
        let [queries, keys] = [self.states[0].length, self.states[1].length];
        for (block, mut output) in output.row_parts(QUERIES).enumerate() {
            let rows = block * QUERIES..queries.min((block + 1) * QUERIES);
            let seen = self.seen(item, rows.clone());
            let seen = Seen { flags: &seen, keys };
            let mut weights = unfilled(rows.len() * keys);
            let place = &mut MatrixMut::new(&mut weights, keys);
            multiply(query.rows(rows.clone()), key.transposed(), place, Place::Fresh);
            softmax_rows(&mut weights, seen, self.scale(), self.padded_score, &mut peaks[rows.clone()]);
            let kept = self.kept((item * heads + head) * queries + rows.start, weights.len());
            multiply_by(&mut weights, &kept);
            multiply(Matrix::new(&weights, keys, keys), value, &mut output, Place::Fresh);
        }
    }

    /// Writes the gradients of queries, keys and values into `places`, one triple for each head of each item.
    fn backward<'a>(&self, gradient: &[f32], peaks: &[Peak], places: impl Iterator<Item = [MatrixMut<'a>; 3]>) {
        let [heads, size] = self.heads;
        let queries = self.states[0].length;
        let gradient = States { values: gradient, length: queries, stride: heads * size, offset: 0 };
        each(places.zip(peaks.chunks(queries)).enumerate(), |(job, (places, peaks))| {
            let place = [job / heads, job % heads];
            self.backward_head(place, gradient.head(place[0], place[1], size), peaks, places);
        });
    }

    fn backward_head(
        &self,
        [item, head]: [usize; 2],
        gradient: Matrix<'_>,
        peaks: &[Peak],
        [query_place, mut key_place, mut value_place]: [MatrixMut<'_>; 3],
    ) {
        let [heads, size] = self.heads;
        let [query, key, value] = self.states.map(|states| states.head(item, head, size));
        let [queries, keys] = [self.states[0].length, self.states[1].length];
        for (block, mut query_place) in query_place.row_parts(QUERIES).enumerate() {
            let rows = block * QUERIES..queries.min((block + 1) * QUERIES);
            let (query, gradient) = (query.rows(rows.clone()), gradient.rows(rows.clone()));
            let seen = self.seen(item, rows.clone());
            let seen = Seen { flags: &seen, keys };
            let (mut weights, mut products) = (unfilled(rows.len() * keys), unfilled(rows.len() * keys));
            multiply(query, key.transposed(), &mut MatrixMut::new(&mut weights, keys), Place::Fresh);
            multiply(gradient, value.transposed(), &mut MatrixMut::new(&mut products, keys), Place::Fresh);
            weights_again(&mut weights, seen, self.scale(), self.padded_score, &peaks[rows.clone()]);
            let kept = self.kept((item * heads + head) * queries + rows.start, weights.len());
            product_gradients(&mut products, &mut weights, &kept, seen, self.scale());
            let [weights, products] = [&weights, &products].map(|rows| Matrix::new(rows, keys, keys));
            let place = if block == 0 { Place::Fresh } else { Place::Added };
            multiply(weights.transposed(), gradient, &mut value_place, place);
            multiply(products, key, &mut query_place, Place::Fresh);
            multiply(products.transposed(), query, &mut key_place, place);
        }
    }
}

/// Items of `item` numbers in rows of `width`, cut into parts of `size` columns: the heads of item 0, of item 1, …
fn head_parts(values: &mut [f32], item: usize, width: usize, size: usize) -> impl Iterator<Item = MatrixMut<'_>> {
    values.chunks_mut(item).flat_map(move |item| MatrixMut::new(item, width).column_parts(size))
}

/// The gradients of queries, keys and values, each a buffer of its own.
pub(crate) fn backward_apart(attention: &Attention<'_>, gradient: &[f32], peaks: &[Peak]) -> [Vec<f32>; 3] {
    let [heads, size] = attention.heads;
    let batch = attention.real.len() / attention.states[1].length;
    let lengths = attention.states.map(|states| states.length * heads * size);
    let mut gradients = lengths.map(|length| unfilled(batch * length));
    let [query, key, value] = &mut gradients;
    let query = head_parts(query, lengths[0], heads * size, size);
    let key = head_parts(key, lengths[1], heads * size, size);
    let value = head_parts(value, lengths[2], heads * size, size);
    attention.backward(gradient, peaks, query.zip(key).zip(value).map(|((query, key), value)| [query, key, value]));
    gradients
}

/// The gradients of queries, keys and values side by side, as they were given.
pub(crate) fn backward_packed(attention: &Attention<'_>, gradient: &[f32], peaks: &[Peak]) -> Vec<f32> {
    let [heads, size] = attention.heads;
    let mut gradients = unfilled(attention.states[0].values.len());
    let width = attention.states[0].stride;
    let places = gradients.chunks_mut(attention.states[0].length * width).flat_map(|item| {
        let mut parts: Vec<_> = MatrixMut::new(item, width).column_parts(size).collect();
        let values = parts.split_off(2 * heads);
        let keys = parts.split_off(heads);
        parts.into_iter().zip(keys).zip(values).map(|((query, key), value)| [query, key, value])
    });
    attention.backward(gradient, peaks, places);
    gradients
}
