//! Vector code without intrinsics: one body compiled for several instruction sets, picked when the program runs.

use std::sync::LazyLock;

/// The widest instruction set that this processor has and that kernels are compiled for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// AVX-512.
    V4,
    /// AVX2 with FMA.
    V3,
    /// What every processor of the target has; NEON on 64-bit ARM.
    Base,
}

pub(crate) static LEVEL: LazyLock<Level> = LazyLock::new(|| {
    #[cfg(target_arch = "x86_64")]
    {
        let v4 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw");
        if v4 {
            return Level::V4;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Level::V3;
        }
    }
    Level::Base
});

/// Compiles the body of a function once for each [`Level`]. The body must not call functions that are not inlined.
macro_rules! vectorised {
    ($($(#[$doc:meta])* pub(crate) fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$doc])*
        // A safe function with more instructions enabled may only be called where the processor has them.
        #[allow(unsafe_code, clippy::too_many_arguments)]
        pub(crate) fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body($($argument: $type),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,bmi2")]
                fn v4($($argument: $type),*) $(-> $result)? { body($($argument),*) }
                #[target_feature(enable = "avx2,fma,bmi2")]
                fn v3($($argument: $type),*) $(-> $result)? { body($($argument),*) }
                match *$crate::cpu::simd::LEVEL {
                    // SAFETY: LEVEL says that the processor has the instructions that v4 is compiled for.
                    $crate::cpu::simd::Level::V4 => return unsafe { v4($($argument),*) },
                    // SAFETY: likewise for v3.
                    $crate::cpu::simd::Level::V3 => return unsafe { v3($($argument),*) },
                    $crate::cpu::simd::Level::Base => {}
                }
            }
            body($($argument),*)
        }
    )*};
}
pub(crate) use vectorised;

/// Values that are added up side by side, so that a sum becomes vector code.
pub(crate) const LANES: usize = 16;

/// eˣ to 2 units in the last place on [−87, 88], and the value at the nearer end outside; NaN stays NaN.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let nan = x.is_nan();
    let x = x.clamp(-87.0, 88.0);
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: adding it leaves the nearest whole number in the low bits
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    // x − whole · ln 2, the logarithm in two parts so that nothing is lost.
    let rest = whole.mul_add(-0.693_359_4, x);
    let rest = whole.mul_add(2.121_944_4e-4, rest);
    let mut polynomial = 1.987_569_1e-4_f32;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        polynomial = polynomial.mul_add(rest, coefficient);
    }
    let value = polynomial.mul_add(rest * rest, rest) + 1.0;
    let scaled = f32::from_bits(value.to_bits().wrapping_add(shifted.to_bits().wrapping_shl(23)));
    if nan { f32::NAN } else { scaled }
}

/// `Σ of(i)` over `0..length`, in [`LANES`] running sums: the same order on every processor.
#[inline(always)]
pub(crate) fn sum(length: usize, of: impl Fn(usize) -> f32) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let whole = length / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += of(start + lane);
        }
    }
    let mut total = sums.iter().sum::<f32>();
    for index in whole..length {
        total += of(index);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_near_and_keeps_nan() {
        for step in -8700..=8800 {
            let x = step as f32 / 100.0;
            let (found, expected) = (exp(x), x.exp());
            assert!((found - expected).abs() <= 3e-7 * expected, "{x}: {found}, expected {expected}");
        }
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn a_sum_counts_the_rest_too() {
        assert_eq!(sum(35, |i| i as f32), 595.0);
    }
}
