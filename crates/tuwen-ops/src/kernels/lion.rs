//! One Lion step of a whole parameter in one pass, in place.

use super::parallel::{each, rows_per_block};
use super::vectorised;

/// The numbers of a step, as the inner loop uses them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// β₁ and 1 − β₁.
    pub(crate) direction: [f32; 2],
    /// β₂ and 1 − β₂.
    pub(crate) kept: [f32; 2],
    /// What decay leaves of the weight.
    pub(crate) left: f32,
    /// Learning rate.
    pub(crate) rate: f32,
    /// What the gradient is multiplied by.
    pub(crate) gradient: f32,
}

vectorised! {
    fn step_block(weight: &mut [f32], gradient: &[f32], momentum: &mut [f32], numbers: Numbers) {
        let Numbers { direction: [beta1, rest1], kept: [beta2, rest2], left, rate, gradient: scale } = numbers;
        for ((w, &g), m) in weight.iter_mut().zip(gradient).zip(momentum) {
            let g = g * scale;
            let direction = *m * beta1 + g * rest1;
            let sign = f32::from(u8::from(direction > 0.0)) - f32::from(u8::from(direction < 0.0));
            *w = *w * left - rate * sign;
            *m = *m * beta2 + g * rest2;
        }
    }
}

/// Moves `weight` and its momentum.
pub(crate) fn step(weight: &mut [f32], gradient: &[f32], momentum: &mut [f32], numbers: Numbers) {
    let block = rows_per_block(1);
    let jobs = weight.chunks_mut(block).zip(gradient.chunks(block)).zip(momentum.chunks_mut(block));
    each(jobs, |((weight, gradient), momentum)| step_block(weight, gradient, momentum, numbers));
}
