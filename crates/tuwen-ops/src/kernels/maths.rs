//! Functions of one number, and sums of many, in a form that vectorises.

use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

/// Partial sums kept side by side, so that a sum vectorises; 16 is the widest vector.
pub(crate) const LANES: usize = 16;

/// Below this, eˣ is no normal `f32` any more and taken for 0.
const SMALLEST_EXPONENT: f32 = -87.0;

/// eˣ for x ≤ 0 within 2 units in the last place; 0 below −87. A NaN stays one.
///
/// x = n·ln 2 + r with a whole n; eʳ by a polynomial (Cephes, `expf`), times 2ⁿ by adding n to the exponent bits.
#[inline(always)]
pub(crate) fn exp_nonpositive(x: f32) -> f32 {
    // Adding 1.5·2²³ rounds to a whole number, which is then found in the lowest bits.
    const ROUNDER: f32 = 12_582_912.0;
    let clamped = if x < SMALLEST_EXPONENT { SMALLEST_EXPONENT } else { x };
    let rounded = clamped.mul_add(LOG2_E, ROUNDER);
    let whole = rounded - ROUNDER;
    // ln 2 in two parts, the first short enough for an exact product.
    let rest = whole.mul_add(-0.693_359_4, clamped);
    let rest = whole.mul_add(2.121_944_4e-4, rest);
    let mut series = 1.987_569_1e-4_f32;
    series = series.mul_add(rest, 1.398_199_9e-3);
    series = series.mul_add(rest, 8.333_452e-3);
    series = series.mul_add(rest, 4.166_579_6e-2);
    series = series.mul_add(rest, 1.666_666_5e-1);
    series = series.mul_add(rest, 0.5);
    let power = series.mul_add(rest * rest, rest) + 1.0;
    let value = f32::from_bits(power.to_bits().wrapping_add(rounded.to_bits().wrapping_shl(23)));
    let value = if x < SMALLEST_EXPONENT { 0.0 } else { value };
    if x.is_nan() { x } else { value }
}

/// Φ(x) and φ(x) of the standard normal distribution: area below x, and density at x. Relative error below 10⁻⁶.
///
/// erfc(z) = e^(−z²)·t·P(t) with t = 1/(1 + z/2); P interpolates at the 9 Chebyshev nodes of z ∈ [0, 10], where it is
/// within 6·10⁻⁸. Both results share the exponential.
#[inline(always)]
pub(crate) fn normal_area_and_density(x: f32) -> (f32, f32) {
    let exponential = exp_nonpositive(-0.5 * x * x);
    let t = 1.0 / (x.abs() * FRAC_1_SQRT_2).mul_add(0.5, 1.0);
    let mut series = -0.059_714_92_f32;
    series = series.mul_add(t, 0.287_768_3);
    series = series.mul_add(t, -0.493_863_64);
    series = series.mul_add(t, 0.285_697_7);
    series = series.mul_add(t, -0.031_841_76);
    series = series.mul_add(t, 0.204_853_65);
    series = series.mul_add(t, 0.242_572_89);
    series = series.mul_add(t, 0.282_445_04);
    series = series.mul_add(t, 0.282_082_68);
    let tail = 0.5 * t * series * exponential;
    let area = if x >= 0.0 { 1.0 - tail } else { tail };
    (area, 0.398_942_3 * exponential)
}

/// Adds up side-by-side partial sums.
#[inline(always)]
pub(crate) fn total(lanes: [f32; LANES]) -> f32 {
    let mut sum = 0.0;
    for lane in lanes {
        sum += lane;
    }
    sum
}

/// `Σ xᵢ`.
#[inline(always)]
pub(crate) fn sum(values: &[f32]) -> f32 {
    let (blocks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for block in blocks {
        for lane in 0..LANES {
            lanes[lane] += block[lane];
        }
    }
    total(lanes) + rest.iter().sum::<f32>()
}

/// `Σ aᵢ·bᵢ`.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a_blocks, a_rest), (b_blocks, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0_f32; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            lanes[lane] = a[lane].mul_add(b[lane], lanes[lane]);
        }
    }
    a_rest.iter().zip(b_rest).fold(total(lanes), |sum, (a, b)| a.mul_add(*b, sum))
}

/// The largest value; a NaN is passed over.
#[inline(always)]
pub(crate) fn largest(values: &[f32]) -> f32 {
    let (blocks, rest) = values.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for block in blocks {
        for lane in 0..LANES {
            lanes[lane] = if block[lane] > lanes[lane] { block[lane] } else { lanes[lane] };
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |most, &value| if value > most { value } else { most })
}

/// `totals ← totals + values`.
#[inline(always)]
pub(crate) fn add_to(totals: &mut [f32], values: &[f32]) {
    for (total, value) in totals.iter_mut().zip(values) {
        *total += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_within_two_units() {
        for i in 0..=86_000 {
            let x = -(i as f32) / 1000.0;
            let (value, expected) = (exp_nonpositive(x), f64::from(x).exp());
            assert!((f64::from(value) / expected - 1.0).abs() < 2.4e-7, "e^{x} is not {value}");
        }
        assert_eq!([0.0, -88.0, f32::NEG_INFINITY].map(exp_nonpositive), [1.0, 0.0, 0.0]);
        // A payload in the lowest bits would reach the sign if it were not looked at.
        assert!([f32::NAN, f32::from_bits(0x7fc0_01ff)].map(exp_nonpositive).iter().all(|value| value.is_nan()));
    }

    #[test]
    fn the_normal_area_agrees_with_printed_tables() {
        // NIST Digital Library of Mathematical Functions, Φ(x) = erfc(−x/√2)/2.
        for (x, area) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_543),
            (-1.0, 0.158_655_253_931_457),
            (-2.0, 0.022_750_131_948_179),
            (-4.0, 3.167_124_183_312e-5),
            (-8.0, 6.220_960_574_272e-16),
        ] {
            let found = f64::from(normal_area_and_density(x).0);
            assert!((found / area - 1.0).abs() < 2e-6, "Φ({x}) is not {found}");
        }
        assert!((normal_area_and_density(1.0).1 - 0.241_970_72).abs() < 1e-7);
    }

    #[test]
    fn sums_count_every_number_once() {
        for length in [0, 1, 15, 16, 17, 40] {
            let values: Vec<f32> = (1..=length).map(|i| i as f32).collect();
            assert_eq!(sum(&values), (length * (length + 1) / 2) as f32);
            assert_eq!(dot(&values, &values), (length * (length + 1) * (2 * length + 1) / 6) as f32);
            assert_eq!(largest(&values), if length == 0 { f32::NEG_INFINITY } else { length as f32 });
        }
    }
}
