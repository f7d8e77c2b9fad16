//! Layer normalisation row by row, of one tensor or of the sum of two.

use rayon::prelude::*;

use super::simd::{sum, vectorised};

/// Rows to a piece of work; sums over rows are taken piece by piece in order.
const ROWS: usize = 32;

vectorised! {
    /// Normalises rows of `summed` (`x`, or `x + y`) and keeps each row's mean and 1/deviation.
    pub(crate) fn forward_piece(x: &[f32], y: Option<&[f32]>, weight: &[f32], bias: &[f32], epsilon: f32, summed: &mut [f32], out: &mut [f32], statistics: &mut [f32]) {
        let width = weight.len();
        for row in 0..x.len() / width {
            let at = row * width..(row + 1) * width;
            let (x, summed, out) = (&x[at.clone()], &mut summed[at.clone()], &mut out[at.clone()]);
            match y {
                Some(y) => for ((summed, x), y) in summed.iter_mut().zip(x).zip(&y[at]) { *summed = x + y; },
                None => summed.copy_from_slice(x),
            }
            let summed = &*summed;
            let mean = sum(width, |i| summed[i]) / width as f32;
            let variance = sum(width, |i| (summed[i] - mean) * (summed[i] - mean)) / width as f32;
            let scale = 1.0 / (variance + epsilon).sqrt();
            (statistics[2 * row], statistics[2 * row + 1]) = (mean, scale);
            for i in 0..width {
                out[i] = ((summed[i] - mean) * scale).mul_add(weight[i], bias[i]);
            }
        }
    }

    /// The gradient of the sum for each row; the gradients of weight and bias are added to `sums` (one after the other).
    pub(crate) fn backward_piece(gradient: &[f32], summed: &[f32], statistics: &[f32], weight: &[f32], out: &mut [f32], sums: &mut [f32]) {
        let width = weight.len();
        let (weight_sums, bias_sums) = sums.split_at_mut(width);
        for row in 0..gradient.len() / width {
            let at = row * width..(row + 1) * width;
            let (gradient, summed, out) = (&gradient[at.clone()], &summed[at.clone()], &mut out[at]);
            let (mean, scale) = (statistics[2 * row], statistics[2 * row + 1]);
            for i in 0..width {
                weight_sums[i] = gradient[i].mul_add((summed[i] - mean) * scale, weight_sums[i]);
                bias_sums[i] += gradient[i];
            }
            let direct = sum(width, |i| gradient[i] * weight[i]) / width as f32;
            let along = sum(width, |i| gradient[i] * weight[i] * ((summed[i] - mean) * scale)) / width as f32;
            for i in 0..width {
                let normalised = (summed[i] - mean) * scale;
                out[i] = scale * (gradient[i] * weight[i] - direct - normalised * along);
            }
        }
    }
}

/// What the backward pass needs of the forward pass.
pub(crate) struct Kept {
    summed: Vec<f32>,
    statistics: Vec<f32>,
}

/// `norm(x + y) · weight + bias` for each row of the weight's width.
pub(crate) fn forward(x: &[f32], y: Option<&[f32]>, weight: &[f32], bias: &[f32], epsilon: f32) -> (Vec<f32>, Kept) {
    let (width, piece) = (weight.len(), weight.len() * ROWS);
    let mut out = vec![0.0; x.len()];
    let mut kept = Kept { summed: vec![0.0; x.len()], statistics: vec![0.0; x.len() / width * 2] };
    let pieces = out.par_chunks_mut(piece).zip(kept.summed.par_chunks_mut(piece));
    let pieces = pieces.zip(kept.statistics.par_chunks_mut(2 * ROWS)).enumerate();
    pieces.for_each(|(index, ((out, summed), statistics))| {
        let at = index * piece..index * piece + out.len();
        forward_piece(&x[at.clone()], y.map(|y| &y[at]), weight, bias, epsilon, summed, out, statistics);
    });
    (out, kept)
}

/// The gradients of `x` (and of `y`, the same), of the weight, and of the bias.
pub(crate) fn backward(gradient: &[f32], kept: &Kept, weight: &[f32]) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let (width, piece) = (weight.len(), weight.len() * ROWS);
    let mut out = vec![0.0; gradient.len()];
    let pieces = out.par_chunks_mut(piece).zip(kept.summed.par_chunks(piece));
    let pieces = pieces.zip(kept.statistics.par_chunks(2 * ROWS)).zip(gradient.par_chunks(piece));
    let sums: Vec<Vec<f32>> = pieces
        .map(|(((out, summed), statistics), gradient)| {
            let mut sums = vec![0.0; 2 * width];
            backward_piece(gradient, summed, statistics, weight, out, &mut sums);
            sums
        })
        .collect();
    let mut total = vec![0.0; 2 * width];
    for sums in &sums {
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    let bias = total.split_off(width);
    (out, total, bias)
}
