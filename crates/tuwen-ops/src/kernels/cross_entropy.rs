//! Cross-entropy row by row. The softmax is computed again backward, so nothing as large as the logits is kept.

use super::buffer::unfilled;
use super::maths::{LANES, exp_nonpositive, largest, total};
use super::parallel::{each, rows_per_block};
use super::vectorised;

/// A matrix of logits.
#[derive(Clone, Copy)]
pub(crate) struct Logits<'a> {
    /// Row by row.
    pub(crate) values: &'a [f32],
    /// Numbers in a row.
    pub(crate) columns: usize,
    /// Entries that count as [`EXCLUDED`]; none: all count as they are.
    pub(crate) excluded: Option<&'a [bool]>,
}

/// What the softmax of each row is held against.
#[derive(Clone, Copy)]
pub(crate) enum Targets<'a> {
    /// One column of each row.
    Labels(&'a [usize]),
    /// A weight for each entry.
    Shares(&'a [f32]),
}

/// What an excluded logit becomes: e to it is 0, and subtracting a row's maximum can't reach infinity.
pub(crate) const EXCLUDED: f32 = f32::MIN / 2.0;

/// What is remembered of a row.
#[derive(Clone, Copy, Default)]
pub(crate) struct Peak {
    largest: f32,
    /// 1 over the sum of `e^(x − largest)`.
    share: f32,
    /// The sum of the row's targets.
    weight: f32,
}

vectorised! {
    /// The largest number, and the sum of `e^(x − largest)`.
    fn exponential_sum(row: &[f32]) -> [f32; 2] {
        let largest = largest(row);
        let (blocks, rest) = row.as_chunks::<LANES>();
        let mut lanes = [0.0; LANES];
        for block in blocks {
            for lane in 0..LANES {
                lanes[lane] += exp_nonpositive(block[lane] - largest);
            }
        }
        [largest, rest.iter().fold(total(lanes), |sum, x| sum + exp_nonpositive(x - largest))]
    }

    /// `Σ t` and `Σ t·(x − largest)`.
    fn weighted_sum(row: &[f32], targets: &[f32], largest: f32) -> [f32; 2] {
        let ((x_blocks, x_rest), (t_blocks, t_rest)) = (row.as_chunks::<LANES>(), targets.as_chunks::<LANES>());
        let (mut weights, mut products) = ([0.0_f32; LANES], [0.0_f32; LANES]);
        for (x, t) in x_blocks.iter().zip(t_blocks) {
            for lane in 0..LANES {
                weights[lane] += t[lane];
                products[lane] = t[lane].mul_add(x[lane] - largest, products[lane]);
            }
        }
        x_rest.iter().zip(t_rest).fold([total(weights), total(products)], |[weight, product], (x, t)| {
            [weight + t, t.mul_add(x - largest, product)]
        })
    }

    /// `e^(x − largest)·factor`.
    fn exponentials(row: &[f32], largest: f32, factor: f32, output: &mut [f32]) {
        output.iter_mut().zip(row).for_each(|(y, x)| *y = exp_nonpositive(x - largest) * factor);
    }

    fn subtract(values: &mut [f32], targets: &[f32], factor: f32) {
        values.iter_mut().zip(targets).for_each(|(y, t)| *y -= t * factor);
    }

    fn replaced(row: &[f32], excluded: &[bool], output: &mut [f32]) {
        let entries = output.iter_mut().zip(row).zip(excluded);
        entries.for_each(|((y, x), excluded)| *y = if *excluded { EXCLUDED } else { *x });
    }

    fn clear(values: &mut [f32], excluded: &[bool]) {
        values.iter_mut().zip(excluded).for_each(|(y, excluded)| *y = if *excluded { 0.0 } else { *y });
    }
}

/// The mean over the rows of `−Σ t·log softmax(x)`, and what [`backward`] needs.
pub(crate) fn forward(logits: Logits<'_>, targets: Targets<'_>) -> (f32, Vec<Peak>) {
    let Logits { values, columns, excluded } = logits;
    let mut peaks = vec![Peak::default(); values.len() / columns];
    let rows = rows_per_block(columns);
    let jobs = values.chunks(rows * columns).zip(peaks.chunks_mut(rows)).enumerate();
    let losses = each(jobs, |(part, (values, peaks))| {
        let mut copy = excluded.map(|_| unfilled(columns)).unwrap_or_default();
        values.chunks_exact(columns).zip(peaks).enumerate().fold(0.0, |sum, (row, (values, peak))| {
            let index = part * rows + row;
            let values = match excluded {
                Some(excluded) => {
                    replaced(values, &excluded[index * columns..(index + 1) * columns], &mut copy);
                    &copy
                }
                None => values,
            };
            let (loss, found) = row_loss(values, index, targets);
            *peak = found;
            sum + f64::from(loss)
        })
    });
    ((losses.iter().sum::<f64>() / (values.len() / columns) as f64) as f32, peaks)
}

fn row_loss(row: &[f32], index: usize, targets: Targets<'_>) -> (f32, Peak) {
    let [largest, sum] = exponential_sum(row);
    let (loss, weight) = match targets {
        Targets::Labels(labels) => (sum.ln() + (largest - row[labels[index]]), 1.0),
        Targets::Shares(targets) => {
            let [weight, product] = weighted_sum(row, &targets[index * row.len()..(index + 1) * row.len()], largest);
            (sum.ln() * weight - product, weight)
        }
    };
    (loss, Peak { largest, share: 1.0 / sum, weight })
}

/// `(softmax(x)·Σt − t)·gradient/M`, the gradient of the logits.
pub(crate) fn backward(logits: Logits<'_>, targets: Targets<'_>, peaks: &[Peak], gradient: f32) -> Vec<f32> {
    let Logits { values, columns, excluded } = logits;
    let (mut output, share) = (unfilled(values.len()), gradient / peaks.len() as f32);
    let rows = rows_per_block(columns);
    let jobs = values.chunks(rows * columns).zip(output.chunks_mut(rows * columns)).enumerate();
    each(jobs, |(part, (values, output))| {
        for (row, (values, output)) in values.chunks_exact(columns).zip(output.chunks_exact_mut(columns)).enumerate() {
            let index = part * rows + row;
            let (peak, entries) = (peaks[index], index * columns..(index + 1) * columns);
            exponentials(values, peak.largest, peak.share * peak.weight * share, output);
            match targets {
                Targets::Labels(labels) => output[labels[index]] -= share,
                Targets::Shares(targets) => subtract(output, &targets[entries.clone()], share),
            }
            if let Some(excluded) = excluded {
                clear(output, &excluded[entries]);
            }
        }
    });
    output
}
