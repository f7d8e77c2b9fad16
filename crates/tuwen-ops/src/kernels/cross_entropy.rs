//! Softmax and the negative logarithm of one of its entries, row by row.

use super::buffer::unfilled;
use super::maths::{LANES, exp_nonpositive, largest, total};
use super::parallel::{each, rows_per_block};
use super::vectorised;

vectorised! {
    /// Writes `e^(x − largest)` and returns the largest and the sum of what was written.
    fn exponentials(input: &[f32], output: &mut [f32]) -> [f32; 2] {
        let largest = largest(input);
        for (y, &x) in output.iter_mut().zip(input) {
            *y = exp_nonpositive(x - largest);
        }
        let (blocks, rest) = output.as_chunks::<LANES>();
        let mut lanes = [0.0; LANES];
        for block in blocks {
            for lane in 0..LANES {
                lanes[lane] += block[lane];
            }
        }
        [largest, total(lanes) + rest.iter().sum::<f32>()]
    }

    fn scale(values: &mut [f32], factor: f32) {
        values.iter_mut().for_each(|value| *value *= factor);
    }

    fn scaled(input: &[f32], factor: f32, output: &mut [f32]) {
        output.iter_mut().zip(input).for_each(|(y, x)| *y = x * factor);
    }
}

/// The mean loss, and the softmax of each row.
pub(crate) fn forward(logits: &[f32], labels: &[usize]) -> (f32, Vec<f32>) {
    let columns = logits.len() / labels.len();
    let mut probabilities = unfilled(logits.len());
    let rows = rows_per_block(columns);
    let block = rows * columns;
    let jobs = logits.chunks(block).zip(probabilities.chunks_mut(block)).zip(labels.chunks(rows));
    let losses = each(jobs, |((logits, probabilities), labels)| {
        let rows = logits.chunks_exact(columns).zip(probabilities.chunks_exact_mut(columns));
        rows.zip(labels).fold(0.0, |loss, ((logits, probabilities), &label)| {
            let [largest, sum] = exponentials(logits, probabilities);
            scale(probabilities, 1.0 / sum);
            loss + f64::from(sum.ln() + (largest - logits[label]))
        })
    });
    ((losses.iter().sum::<f64>() / labels.len() as f64) as f32, probabilities)
}

/// `(p − [label])·gradient/M`, the gradient of the logits.
pub(crate) fn backward(probabilities: &[f32], labels: &[usize], gradient: f32) -> Vec<f32> {
    let (columns, share) = (probabilities.len() / labels.len(), gradient / labels.len() as f32);
    let mut output = unfilled(probabilities.len());
    let rows = rows_per_block(columns);
    let block = rows * columns;
    let jobs = probabilities.chunks(block).zip(output.chunks_mut(block)).zip(labels.chunks(rows));
    each(jobs, |((probabilities, output), labels)| {
        scaled(probabilities, share, output);
        output.chunks_exact_mut(columns).zip(labels).for_each(|(row, &label)| row[label] -= share);
    });
    output
}
