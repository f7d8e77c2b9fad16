//! GELU and the AdamW pass: one look at each number.

use rayon::prelude::*;

use super::simd::{exp, vectorised};
use crate::{AdamW, AdamWForm};

/// Numbers to a piece of work; the border of a piece depends on nothing else.
const PIECE: usize = 1 << 14;

/// Φ(x) and φ(x) of the normal distribution: Abramowitz & Stegun 7.1.26, |error| < 1.5·10⁻⁷, one exponential for both.
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let exponential = exp(-0.5 * x * x);
    let t = 1.0 / (x.abs() * std::f32::consts::FRAC_1_SQRT_2).mul_add(0.327_591_1, 1.0);
    let mut polynomial = 1.061_405_4_f32;
    for coefficient in [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6] {
        polynomial = polynomial.mul_add(t, coefficient);
    }
    let tail = 0.5 * polynomial * t * exponential;
    let below = if x >= 0.0 { 1.0 - tail } else { tail };
    (below, 0.398_942_3 * exponential)
}

vectorised! {
    pub(crate) fn gelu_piece(x: &[f32], out: &mut [f32]) {
        for (out, &x) in out.iter_mut().zip(x) {
            *out = x * normal(x).0;
        }
    }

    pub(crate) fn gelu_backward_piece(x: &[f32], gradient: &[f32], out: &mut [f32]) {
        for ((out, &x), &gradient) in out.iter_mut().zip(x).zip(gradient) {
            let (below, density) = normal(x);
            *out = gradient * x.mul_add(density, below);
        }
    }

    pub(crate) fn adamw_piece(weight: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], c: &Coefficients) {
        for (((w, &g), m), v) in weight.iter_mut().zip(gradient).zip(first).zip(second) {
            *m = c.beta1.mul_add(*m, c.fresh1 * g);
            *v = c.beta2.mul_add(*v, c.fresh2 * g * g);
            let step = c.rate * *m / v.sqrt().mul_add(c.root, c.epsilon);
            // The kind of decay decides whether the step or the weight alone is scaled; the factor of the other is 1.
            *w = (*w * c.kept_before - step) * c.kept_after;
        }
    }
}

/// `x · Φ(x)` for each number.
pub(crate) fn gelu(x: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    out.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).for_each(|(out, x)| gelu_piece(x, out));
    out
}

/// `gradient · (Φ(x) + x · φ(x))`.
pub(crate) fn gelu_backward(x: &[f32], gradient: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0; x.len()];
    let pieces = out.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).zip(gradient.par_chunks(PIECE));
    pieces.for_each(|((out, x), gradient)| gelu_backward_piece(x, gradient, out));
    out
}

/// What a step multiplies by, the same for all numbers of a tensor.
pub(crate) struct Coefficients {
    beta1: f32,
    beta2: f32,
    /// 1 − β₁ and 1 − β₂, subtracted in f64: in f32 the second would be off by 5·10⁻⁵ of itself.
    fresh1: f32,
    fresh2: f32,
    epsilon: f32,
    rate: f32,
    /// What √v is multiplied by before ε is added.
    root: f32,
    kept_before: f32,
    kept_after: f32,
}

impl Coefficients {
    pub(crate) fn of(options: &AdamW, step: u64) -> Self {
        let [beta1, beta2] = options.betas;
        let (correction1, correction2) = (1.0 - beta1.powf(step as f64), 1.0 - beta2.powf(step as f64));
        let kept = 1.0 - options.learning_rate * options.weight_decay;
        let (rate, root, kept_before, kept_after) = match options.form {
            AdamWForm::Torch => (options.learning_rate / correction1, 1.0 / correction2.sqrt(), kept, 1.0),
            AdamWForm::Transformers => (options.learning_rate * correction2.sqrt() / correction1, 1.0, 1.0, kept),
        };
        Self {
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            fresh1: (1.0 - beta1) as f32,
            fresh2: (1.0 - beta2) as f32,
            epsilon: options.epsilon as f32,
            rate: rate as f32,
            root: root as f32,
            kept_before: kept_before as f32,
            kept_after: kept_after as f32,
        }
    }
}

/// One AdamW step in place, in one pass over the four arrays.
pub(crate) fn adamw(weight: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], c: &Coefficients) {
    let pieces = weight.par_chunks_mut(PIECE).zip(gradient.par_chunks(PIECE));
    let pieces = pieces.zip(first.par_chunks_mut(PIECE)).zip(second.par_chunks_mut(PIECE));
    pieces.for_each(|(((weight, gradient), first), second)| adamw_piece(weight, gradient, first, second, c));
}
