//! Counter-based random streams: every draw is a function of (seed, stream, epoch, sample, position).
//!
//! There is no generator to pass around and no state to save: [`Draws`] names a place, and a position in it names a
//! number. So any number of workers, in any order, and any resumed run draw the same numbers.
//!
//! The numbers are Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
//!
//! ```
//! use tuwen_random::{Draws, Stream};
//! const SELECT: Stream = Stream::named("mlm.select");
//! let draws = Draws::new(42, SELECT, 3, 1841); // seed, stream, epoch, sample
//! assert_eq!(draws.uniform(7), Draws::new(42, SELECT, 3, 1841).uniform(7));
//! assert_ne!(draws.uniform(7), draws.uniform(8));
//! ```

mod philox;

use philox::philox4x32;

/// What the numbers are for. Two streams never share a number, whatever the other coordinates are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(u64);

impl Stream {
    /// A stream named by its purpose, such as `"mlm.select"`; the name is hashed (FNV-1a) when the program is compiled.
    pub const fn named(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
            i += 1;
        }
        Self(hash)
    }

    /// The hash of the name, for those who need a number for one.
    pub const fn id(self) -> u64 {
        self.0
    }
}

/// The draws of one stream for one sample in one epoch, indexed by position.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    key: [u32; 2],
    sample: u64,
}

impl Draws {
    /// The draws at `(seed, stream, epoch, sample)`.
    pub const fn new(seed: u64, stream: Stream, epoch: u64, sample: u64) -> Self {
        // Two rounds of the cipher itself fold the four 64-bit coordinates into its 64-bit key and the counter.
        let [a, b, ..] = philox4x32(words(seed, epoch), halves(stream.0));
        Self { key: [a, b], sample }
    }

    /// 64 random bits at `position`.
    pub const fn bits(&self, position: u64) -> u64 {
        let [a, b, ..] = philox4x32(words(position, self.sample), self.key);
        (a as u64) << 32 | b as u64
    }

    /// 128 random bits at `position`, for those who need many numbers: four elements to a block.
    pub const fn block(&self, position: u64) -> [u32; 4] {
        philox4x32(words(position, self.sample), self.key)
    }

    /// The cipher's key and the upper two words of its counter (the position is the lower two), for those who compute
    /// [`Draws::block`] on a device of their own.
    pub const fn words(&self) -> ([u32; 2], [u32; 2]) {
        (self.key, halves(self.sample))
    }

    /// A uniform number in `[0, 1)` with 53 random bits.
    pub fn uniform(&self, position: u64) -> f64 {
        (self.bits(position) >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A whole number in `[0, bound)`; `bound` must be at least 1. The bias is below 2⁻⁶⁴ · `bound`.
    pub fn below(&self, position: u64, bound: u64) -> u64 {
        debug_assert!(bound > 0, "a draw below 0 does not exist");
        ((u128::from(self.bits(position)) * u128::from(bound)) >> 64) as u64
    }

    /// A standard normal number (Box–Muller).
    pub fn normal(&self, position: u64) -> f64 {
        let [a, b, c, d] = philox4x32(words(position, self.sample), self.key);
        let u = (f64::from(a) * 2.0_f64.powi(32) + f64::from(b) + 1.0) / 2.0_f64.powi(64);
        let v = (f64::from(c) * 2.0_f64.powi(32) + f64::from(d)) / 2.0_f64.powi(64);
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// A random order of `0..length` (Fisher–Yates).
    pub fn permutation(&self, length: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..length).collect();
        for i in (1..length).rev() {
            order.swap(i, self.below(i as u64, i as u64 + 1) as usize);
        }
        order
    }
}

const fn halves(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}

const fn words(low: u64, high: u64) -> [u32; 4] {
    let ([a, b], [c, d]) = (halves(low), halves(high));
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Stream = Stream::named("a");
    const B: Stream = Stream::named("b");

    #[test]
    fn every_coordinate_matters() {
        let base = Draws::new(1, A, 2, 3).bits(4);
        for other in [Draws::new(9, A, 2, 3), Draws::new(1, B, 2, 3), Draws::new(1, A, 9, 3), Draws::new(1, A, 2, 9)] {
            assert_ne!(base, other.bits(4));
        }
        assert_ne!(base, Draws::new(1, A, 2, 3).bits(5));
    }

    #[test]
    fn uniform_draws_are_uniform() {
        // χ² over 64 cells, 63 degrees of freedom: mean 63, standard deviation 11.2; 119 is five of them above.
        let (draws, cells, n) = (Draws::new(7, A, 0, 0), 64, 1_000_000_u64);
        let mut counts = vec![0_u64; cells];
        for i in 0..n {
            counts[(draws.uniform(i) * cells as f64) as usize] += 1;
        }
        let expected = n as f64 / cells as f64;
        let chi2: f64 = counts.iter().map(|&c| (c as f64 - expected).powi(2) / expected).sum();
        assert!(chi2 < 119.0, "χ² {chi2}");
    }

    #[test]
    fn below_reaches_both_ends() {
        let draws = Draws::new(7, A, 0, 1);
        let seen: Vec<u64> = (0..1000).map(|i| draws.below(i, 3)).collect();
        for value in 0..3 {
            assert!(seen.contains(&value));
        }
        assert!(seen.iter().all(|&v| v < 3));
    }

    #[test]
    fn normal_draws_have_mean_zero_and_variance_one() {
        let (draws, n) = (Draws::new(7, A, 0, 2), 200_000_u64);
        let values: Vec<f64> = (0..n).map(|i| draws.normal(i)).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
        assert!(mean.abs() < 5.0 / (n as f64).sqrt(), "mean {mean}");
        assert!((variance - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "variance {variance}");
    }

    #[test]
    fn permutation_holds_each_index_once() {
        let mut order = Draws::new(7, A, 0, 3).permutation(1000);
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
        assert!(Draws::new(7, A, 0, 3).permutation(0).is_empty());
    }
}
