//! One step of an exponential moving average, in place.

use super::parallel::{each, rows_per_block};
use super::vectorised;

vectorised! {
    fn step_block(average: &mut [f32], value: &[f32], kept: f32, taken: f32) {
        for (average, value) in average.iter_mut().zip(value) {
            *average = average.mul_add(kept, value * taken);
        }
    }
}

/// `average ← average·kept + value·taken`.
pub(crate) fn step(average: &mut [f32], value: &[f32], [kept, taken]: [f32; 2]) {
    let block = rows_per_block(1);
    let jobs = average.chunks_mut(block).zip(value.chunks(block));
    each(jobs, |(average, value)| step_block(average, value, kept, taken));
}
