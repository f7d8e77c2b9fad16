//! One AdamW step of a whole parameter in one pass, in place.

use super::maths::{dot, sum};
use super::parallel::{each, rows_per_block};
use super::vectorised;

/// The numbers of a step, as the inner loop uses them: `w ← (w·before − rate·m/(√v·root + ε))·after`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// β₁ and 1 − β₁.
    pub(crate) first: [f32; 2],
    /// β₂ and 1 − β₂.
    pub(crate) second: [f32; 2],
    /// What is left of the weight, before the step is taken and after.
    pub(crate) kept: [f32; 2],
    /// Step size with the bias corrections.
    pub(crate) rate: f32,
    /// What √v is multiplied by.
    pub(crate) root: f32,
    /// ε.
    pub(crate) epsilon: f32,
    /// What the gradient is multiplied by.
    pub(crate) gradient: f32,
}

vectorised! {
    fn step_block(weight: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], numbers: Numbers) {
        let Numbers { first: [beta1, rest1], second: [beta2, rest2], kept: [before, after], .. } = numbers;
        let Numbers { rate, root, epsilon, gradient: scale, .. } = numbers;
        for (((w, &g), m), v) in weight.iter_mut().zip(gradient).zip(first).zip(second) {
            let g = g * scale;
            *m = m.mul_add(beta1, g * rest1);
            *v = v.mul_add(beta2, g * g * rest2);
            let step = *m / v.sqrt().mul_add(root, epsilon);
            *w = w.mul_add(before, -rate * step) * after;
        }
    }

    fn squares_block(values: &[f32]) -> f32 {
        dot(values, values)
    }

    fn sum_block(values: &[f32]) -> f32 {
        sum(values)
    }
}

/// Moves `weight` and its two moments.
pub(crate) fn step(weight: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], numbers: Numbers) {
    let block = rows_per_block(1);
    let moments = first.chunks_mut(block).zip(second.chunks_mut(block));
    let jobs = weight.chunks_mut(block).zip(gradient.chunks(block)).zip(moments);
    each(jobs, |((weight, gradient), (first, second))| step_block(weight, gradient, first, second, numbers));
}

/// `Σ x²`.
pub(crate) fn sum_of_squares(values: &[f32]) -> f32 {
    sum_block(&each(values.chunks(rows_per_block(1)), squares_block))
}
