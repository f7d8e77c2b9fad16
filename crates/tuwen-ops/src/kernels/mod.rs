//! The arithmetic of the fused operations on plain `f32` slices: no tensor, no gradient graph, no device.
//!
//! Every kernel is one body of plain Rust that the compiler vectorises three times ([`vectorised`]); the widest clone
//! that the processor can run is picked at run time. Work is cut into blocks whose size depends on the shapes alone,
//! never on the number of threads, and sums over blocks are taken in the order of the blocks: the same bits come out
//! on any number of threads.

mod buffer;
mod maths;
mod matrix;
mod parallel;

pub(crate) mod adamw;
pub(crate) mod attention;
pub(crate) mod cross_entropy;
pub(crate) mod dropout;
pub(crate) mod embedding;
pub(crate) mod gelu;
pub(crate) mod layer_norm;
pub(crate) mod linear;
pub(crate) mod lion;
pub(crate) mod moving_average;

/// What a processor can do, the widest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// What the target always has: NEON with fused multiply-add on AArch64.
    Baseline,
    /// Vectors of 8 numbers with fused multiply-add.
    Avx2,
    /// Vectors of 16 numbers.
    Avx512,
}

/// The widest level of the running processor; the standard library remembers what it found.
fn detected() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512dq") && has!("avx512vl") && has!("avx512bw") && has!("fma") {
            return Level::Avx512;
        }
        if has!("avx2") && has!("fma") && has!("bmi2") {
            return Level::Avx2;
        }
    }
    Level::Baseline
}

/// The level that kernels run at. Tests lower it to run the narrower clones too.
pub(crate) fn level() -> Level {
    #[cfg(test)]
    return detected().min(*tests::HIGHEST.read().unwrap());
    #[cfg(not(test))]
    detected()
}

/// Whether the kernels are worth calling: without a fused multiply-add each of theirs is a call into the C library.
pub(crate) fn worthwhile() -> bool {
    detected() != Level::Baseline || cfg!(target_arch = "aarch64")
}

/// Compiles each function once for AVX-512, once for AVX2 and once for the target's baseline.
macro_rules! vectorised {
    ($($(#[$meta:meta])* $visibility:vis fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $(-> $result:ty)?
        $body:block)*) => {$(
        $(#[$meta])*
        #[allow(unsafe_code)]
        $visibility fn $name($($argument: $kind),*) $(-> $result)? {
            #[inline(always)]
            fn body($($argument: $kind),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,bmi2")]
                fn avx512($($argument: $kind),*) $(-> $result)? {
                    body($($argument),*)
                }
                #[target_feature(enable = "avx2,fma,bmi2")]
                fn avx2($($argument: $kind),*) $(-> $result)? {
                    body($($argument),*)
                }
                match $crate::kernels::level() {
                    // SAFETY: the processor has every feature that this clone is compiled for.
                    $crate::kernels::Level::Avx512 => return unsafe { avx512($($argument),*) },
                    // SAFETY: as above.
                    $crate::kernels::Level::Avx2 => return unsafe { avx2($($argument),*) },
                    $crate::kernels::Level::Baseline => {}
                }
            }
            body($($argument),*)
        }
    )*};
}
use vectorised;

#[cfg(test)]
mod tests {
    use super::cross_entropy::{Logits, Targets};
    use super::*;
    use std::sync::RwLock;

    /// No kernel gives other bits at another level, so tests that run meanwhile don't notice.
    pub(super) static HIGHEST: RwLock<Level> = RwLock::new(Level::Avx512);

    fn numbers(count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 % 1009) as f32 / 504.5 - 1.0) * scale).collect()
    }

    fn cross_entropies(x: &[f32], y: &[f32], labels: &[usize]) -> Vec<Vec<f32>> {
        let excluded: Vec<bool> = (0..x.len()).map(|entry| entry % 5 == 0).collect();
        let cases =
            [(None, Targets::Labels(labels)), (Some(&*excluded), Targets::Labels(labels)), (None, Targets::Shares(y))];
        let results = cases.into_iter().flat_map(|(excluded, targets)| {
            let logits = Logits { values: x, columns: x.len() / labels.len(), excluded };
            let (loss, peaks) = cross_entropy::forward(logits, targets);
            [vec![loss], cross_entropy::backward(logits, targets, &peaks, 2.0)]
        });
        results.collect()
    }

    /// The bits of every kernel on rows of 37 numbers.
    fn everything() -> Vec<u32> {
        let (rows, size) = (29, 37);
        let (x, y, vector) = (numbers(rows * size, 5.0), numbers(rows * size, 2.0), numbers(size, 1.0));
        let mask = dropout::Mask::new(1, 2, 3, 4, 0.3);
        let mut results = vec![gelu::forward(&x), gelu::backward(&x, &y), dropout::apply(&x, &mask)];
        let summands = layer_norm::Summands { branch: &x, residual: Some(&y), mask: Some(mask) };
        let norm = layer_norm::Norm { weight: &vector, bias: &vector, epsilon: 1e-6 };
        let (output, saved) = layer_norm::forward(summands, norm);
        let gradients = layer_norm::backward(&y, &saved, &vector, Some(mask));
        results.extend([output, gradients.sum, gradients.branch.unwrap(), gradients.norm]);
        let labels: Vec<usize> = (0..rows).collect();
        results.extend(cross_entropies(&x, &y, &labels));
        results.push(embedding::backward(&x, size, &labels, rows, None));
        results.extend(linear::gradients(&x, &numbers(size * size, 1.0), size, &y, [true; 3]).map(Option::unwrap));
        let packed = numbers(rows * 36, 3.0);
        let states = [0, 12, 24].map(|offset| attention::States { values: &packed, length: rows, stride: 36, offset });
        let real: Vec<bool> = (0..rows).map(|key| key % 3 != 0).collect();
        let attention = attention::Attention {
            states,
            real: &real,
            reach: attention::Reach::Everything,
            padded_score: -1e4,
            heads: [2, 6],
            mask: Some(mask),
        };
        let (output, peaks) = attention.forward();
        results.extend([attention::backward_packed(&attention, &output, &peaks), output]);
        let [mut weight, mut first, mut second] = [x.clone(), y.clone(), vec![0.5; rows * size]];
        let step = adamw::Numbers {
            first: [0.9, 0.1],
            second: [0.99, 0.01],
            kept: [0.9, 1.0],
            rate: 0.1,
            root: 1.1,
            epsilon: 1e-3,
            gradient: 0.7,
        };
        adamw::step(&mut weight, &y, &mut first, &mut second, step);
        moving_average::step(&mut first, &weight, [0.9, 0.1]);
        results.extend([weight, first, second, vec![adamw::sum_of_squares(&x)]]);
        results.concat().into_iter().map(f32::to_bits).collect()
    }

    #[test]
    fn every_level_gives_the_same_bits() {
        let widest = everything();
        for level in [Level::Avx2, Level::Baseline] {
            *HIGHEST.write().unwrap() = level;
            let narrower = everything();
            *HIGHEST.write().unwrap() = Level::Avx512;
            assert!(narrower == widest, "{level:?}");
        }
    }
}
