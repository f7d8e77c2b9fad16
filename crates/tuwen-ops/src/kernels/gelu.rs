//! `x·Φ(x)` and its derivative `Φ(x) + x·φ(x)`.

use super::buffer::unfilled;
use super::maths::normal_area_and_density;
use super::parallel::{each, rows_per_block};
use super::vectorised;

vectorised! {
    fn forward_block(input: &[f32], output: &mut [f32]) {
        for (&x, y) in input.iter().zip(output) {
            *y = x * normal_area_and_density(x).0;
        }
    }

    fn backward_block(input: &[f32], gradient: &[f32], output: &mut [f32]) {
        for ((&x, &g), y) in input.iter().zip(gradient).zip(output) {
            let (area, density) = normal_area_and_density(x);
            *y = g * x.mul_add(density, area);
        }
    }
}

/// `x·Φ(x)` of each number.
pub(crate) fn forward(input: &[f32]) -> Vec<f32> {
    let mut output = unfilled(input.len());
    let block = rows_per_block(1);
    each(input.chunks(block).zip(output.chunks_mut(block)), |(input, output)| forward_block(input, output));
    output
}

/// The gradient of `input` from that of the output.
pub(crate) fn backward(input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut output = unfilled(input.len());
    let block = rows_per_block(1);
    let jobs = input.chunks(block).zip(gradient.chunks(block)).zip(output.chunks_mut(block));
    each(jobs, |((input, gradient), output)| backward_block(input, gradient, output));
    output
}
