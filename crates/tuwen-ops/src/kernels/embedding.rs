//! Rows of a table, and the gradient that goes back to it.

use super::buffer::unfilled;
use super::maths::add_to;
use super::parallel::{each, rows_per_block};
use super::vectorised;

vectorised! {
    fn add_row(totals: &mut [f32], values: &[f32]) {
        add_to(totals, values);
    }
}

/// The row of each id.
pub(crate) fn forward(table: &[f32], width: usize, ids: &[usize]) -> Vec<f32> {
    let mut output = unfilled(ids.len() * width);
    let rows = rows_per_block(width);
    each(ids.chunks(rows).zip(output.chunks_mut(rows * width)), |(ids, output)| {
        for (row, &id) in output.chunks_exact_mut(width).zip(ids) {
            row.copy_from_slice(&table[id * width..(id + 1) * width]);
        }
    });
    output
}

/// The table's gradient: each row the sum over the places of its id, in their order; nothing for the `frozen` row.
pub(crate) fn backward(
    gradient: &[f32],
    width: usize,
    ids: &[usize],
    entries: usize,
    frozen: Option<usize>,
) -> Vec<f32> {
    let mut output = vec![0.0; entries * width];
    // Each part of the table looks through all ids, so there are few parts.
    let rows = entries.div_ceil(8).max(rows_per_block(width));
    each(output.chunks_mut(rows * width).enumerate(), |(part, output)| {
        let (first, held) = (part * rows, output.len() / width);
        for (place, &id) in ids.iter().enumerate() {
            if (first..first + held).contains(&id) && Some(id) != frozen {
                let row = (id - first) * width;
                add_row(&mut output[row..row + width], &gradient[place * width..(place + 1) * width]);
            }
        }
    });
    output
}
