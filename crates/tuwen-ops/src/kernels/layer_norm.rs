//! `norm(residual + dropout(branch))` in one pass over each row, and the same without residual or dropout.

use super::buffer::unfilled;
use super::dropout::Mask;
use super::maths::{dot, sum};
use super::parallel::{each, rows_per_block, sum_in_order};
use super::vectorised;

/// What is normalised, row by row.
#[derive(Clone, Copy)]
pub(crate) struct Summands<'a> {
    /// Dropped out by `mask`.
    pub(crate) branch: &'a [f32],
    /// Added to it.
    pub(crate) residual: Option<&'a [f32]>,
    /// None: nothing is dropped.
    pub(crate) mask: Option<Mask>,
}

/// The norm's own numbers.
#[derive(Clone, Copy)]
pub(crate) struct Norm<'a> {
    /// `[H]`.
    pub(crate) weight: &'a [f32],
    /// `[H]`.
    pub(crate) bias: &'a [f32],
    /// ε.
    pub(crate) epsilon: f32,
}

/// What the gradients are computed from.
pub(crate) struct Normalised {
    /// `(x − mean)/σ`.
    pub(crate) values: Vec<f32>,
    /// `1/σ` of each row.
    pub(crate) scales: Vec<f32>,
}

/// The gradients of all inputs.
pub(crate) struct Gradients {
    /// Of the residual.
    pub(crate) sum: Vec<f32>,
    /// Of the branch, if that isn't the same.
    pub(crate) branch: Option<Vec<f32>>,
    /// Of the norm's weight, then of its bias.
    pub(crate) norm: Vec<f32>,
}

vectorised! {
    fn forward_block(
        summands: Summands<'_>,
        start: usize,
        norm: Norm<'_>,
        output: &mut [f32],
        normalised: &mut [f32],
        scales: &mut [f32],
    ) {
        let size = norm.weight.len();
        let rows = output.chunks_exact_mut(size).zip(normalised.chunks_exact_mut(size)).zip(scales).enumerate();
        for (row, ((output, values), scale)) in rows {
            let range = row * size..(row + 1) * size;
            let branch = &summands.branch[range.clone()];
            match summands.mask {
                Some(mask) => {
                    mask.fill(start + row * size, values);
                    values.iter_mut().zip(branch).for_each(|(value, x)| *value *= x);
                }
                None => values.copy_from_slice(branch),
            }
            if let Some(residual) = summands.residual {
                values.iter_mut().zip(&residual[range]).for_each(|(value, x)| *value += x);
            }
            let mean = sum(values) / size as f32;
            values.iter_mut().for_each(|value| *value -= mean);
            *scale = 1.0 / (dot(values, values) / size as f32 + norm.epsilon).sqrt();
            for (((y, value), weight), bias) in output.iter_mut().zip(values).zip(norm.weight).zip(norm.bias) {
                *value *= *scale;
                *y = value.mul_add(*weight, *bias);
            }
        }
    }

    /// Writes the gradient of the sum into `output` and adds those of weight and bias to `totals`.
    fn backward_block(
        gradient: &[f32],
        values: &[f32],
        scales: &[f32],
        weight: &[f32],
        output: &mut [f32],
        totals: &mut [f32],
    ) {
        let size = weight.len();
        let (weight_total, bias_total) = totals.split_at_mut(size);
        let rows = gradient.chunks_exact(size).zip(values.chunks_exact(size)).zip(scales);
        for (((gradient, values), scale), output) in rows.zip(output.chunks_exact_mut(size)) {
            for (((dy, g), w), total) in output.iter_mut().zip(gradient).zip(weight).zip(&mut *bias_total) {
                *dy = g * w;
                *total += g;
            }
            for ((g, x), total) in gradient.iter().zip(values).zip(&mut *weight_total) {
                *total = g.mul_add(*x, *total);
            }
            let (mean, slope) = (sum(output) / size as f32, dot(output, values) / size as f32);
            for (dx, x) in output.iter_mut().zip(values) {
                *dx = scale * (*dx - mean - x * slope);
            }
        }
    }

    fn drop_block(gradient: &[f32], mask: &Mask, start: usize, output: &mut [f32]) {
        mask.fill(start, output);
        output.iter_mut().zip(gradient).for_each(|(value, g)| *value *= g);
    }
}

/// The output, and what [`backward`] needs.
pub(crate) fn forward(summands: Summands<'_>, norm: Norm<'_>) -> (Vec<f32>, Normalised) {
    let (size, length) = (norm.weight.len(), summands.branch.len());
    let (mut output, mut values, mut scales) = (unfilled(length), unfilled(length), unfilled(length / size));
    let rows = rows_per_block(size);
    let block = rows * size;
    let places = output.chunks_mut(block).zip(values.chunks_mut(block)).zip(scales.chunks_mut(rows));
    each(places.enumerate(), |(part, ((output, values), scales))| {
        let range = part * block..part * block + output.len();
        let branch = &summands.branch[range.clone()];
        let residual = summands.residual.map(|residual| &residual[range]);
        forward_block(Summands { branch, residual, ..summands }, part * block, norm, output, values, scales);
    });
    (output, Normalised { values, scales })
}

/// All gradients from that of the output.
pub(crate) fn backward(gradient: &[f32], saved: &Normalised, weight: &[f32], mask: Option<Mask>) -> Gradients {
    let size = weight.len();
    let mut sum = unfilled(gradient.len());
    let mut branch = mask.map(|_| unfilled(gradient.len())).unwrap_or_default();
    let rows = rows_per_block(size);
    let block = rows * size;
    let mut branch_parts = branch.chunks_mut(block);
    let inputs = gradient.chunks(block).zip(saved.values.chunks(block)).zip(saved.scales.chunks(rows));
    let jobs = inputs.zip(sum.chunks_mut(block)).map(|job| (job, branch_parts.next())).enumerate();
    let parts = each(jobs, |(part, ((((gradient, values), scales), sum), branch))| {
        let mut totals = vec![0.0; 2 * size];
        backward_block(gradient, values, scales, weight, sum, &mut totals);
        if let (Some(mask), Some(branch)) = (&mask, branch) {
            drop_block(sum, mask, part * block, branch);
        }
        totals
    });
    Gradients { sum, branch: mask.map(|_| branch), norm: sum_in_order(parts) }
}
