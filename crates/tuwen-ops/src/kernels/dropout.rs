//! Dropout masks as a function of a key and an element's index: nothing is stored between forward and backward.

use super::buffer::unfilled;
use super::parallel::{each, rows_per_block};
use super::vectorised;

/// Blocks of the cipher computed side by side, and the elements that they decide about: four to a block.
const BLOCKS: usize = 16;
const ELEMENTS: usize = 4 * BLOCKS;

/// Which elements are dropped at one place of one step, and what the others are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mask {
    key: [u32; 2],
    site: u64,
    threshold: u32,
    kept: f32,
}

impl Mask {
    /// The mask that `Draws::new(seed, stream, step, site).block(element / 4)[element % 4]` decides about: the element
    /// is dropped where that is below `rate` of its range.
    pub(crate) fn new(seed: u64, stream: u64, step: u64, site: u64, rate: f64) -> Self {
        let counter = [seed, step].map(|word| [word as u32, (word >> 32) as u32]).concat();
        let lanes = [0, 1, 2, 3].map(|word| [counter[word]; BLOCKS]);
        let [[first, ..], [second, ..], ..] = philox(lanes, [stream as u32, (stream >> 32) as u32]);
        let (threshold, kept) = ((rate * f64::from(u32::MAX)) as u32, (1.0 / (1.0 - rate)) as f32);
        Self { key: [first, second], site, threshold, kept }
    }

    /// What 64 elements from `4·block` on are multiplied by.
    #[inline(always)]
    fn elements(&self, block: u64) -> [f32; ELEMENTS] {
        let (mut low, mut high) = ([0; BLOCKS], [0; BLOCKS]);
        for lane in 0..BLOCKS {
            let position = block + lane as u64;
            (low[lane], high[lane]) = (position as u32, (position >> 32) as u32);
        }
        let site = [self.site as u32, (self.site >> 32) as u32].map(|word| [word; BLOCKS]);
        let words = philox([low, high, site[0], site[1]], self.key);
        let mut values = [0.0; ELEMENTS];
        for lane in 0..BLOCKS {
            for word in 0..4 {
                values[4 * lane + word] = if words[word][lane] >= self.threshold { self.kept } else { 0.0 };
            }
        }
        values
    }

    /// Writes what the elements from `start` on are multiplied by: 0 or 1/(1 − rate).
    #[inline(always)]
    pub(crate) fn fill(&self, start: usize, output: &mut [f32]) {
        let mut done = 0;
        while done < output.len() {
            let (block, skipped) = ((start + done) / 4, (start + done) % 4);
            let values = self.elements(block as u64);
            let count = (output.len() - done).min(ELEMENTS - skipped);
            output[done..done + count].copy_from_slice(&values[skipped..skipped + count]);
            done += count;
        }
    }
}

/// Philox4x32-10 (Salmon et al., SC 2011, §4.3), the cipher of `tuwen-random`, over 16 counters side by side.
#[inline(always)]
fn philox(mut counter: [[u32; BLOCKS]; 4], mut key: [u32; 2]) -> [[u32; BLOCKS]; 4] {
    for _ in 0..10 {
        let before = counter;
        for lane in 0..BLOCKS {
            let product0 = 0xD251_1F53_u64 * u64::from(before[0][lane]);
            let product1 = 0xCD9E_8D57_u64 * u64::from(before[2][lane]);
            counter[0][lane] = (product1 >> 32) as u32 ^ before[1][lane] ^ key[0];
            counter[1][lane] = product1 as u32;
            counter[2][lane] = (product0 >> 32) as u32 ^ before[3][lane] ^ key[1];
            counter[3][lane] = product0 as u32;
        }
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

vectorised! {
    fn apply_block(input: &[f32], mask: &Mask, start: usize, output: &mut [f32]) {
        mask.fill(start, output);
        for (y, &x) in output.iter_mut().zip(input) {
            *y *= x;
        }
    }

    /// As [`Mask::fill`].
    pub(crate) fn fill(mask: &Mask, start: usize, output: &mut [f32]) {
        mask.fill(start, output);
    }
}

/// `x · mask`; the gradient of it is the same function of the output's gradient.
pub(crate) fn apply(input: &[f32], mask: &Mask) -> Vec<f32> {
    let mut output = unfilled(input.len());
    let block = rows_per_block(1);
    each(input.chunks(block).zip(output.chunks_mut(block)).enumerate(), |(part, (input, output))| {
        apply_block(input, mask, part * block, output);
    });
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuwen_random::{Draws, Stream};

    const STREAM: Stream = Stream::named("test");

    #[test]
    fn the_mask_is_that_of_the_draws() {
        // A seed, a step and a site that use the upper half of their words too, and a position beyond 2³².
        let (seed, step, site) = (0x1234_5678_9abc_def0, 1 << 40 | 7, 1 << 36 | 5);
        let mask = Mask::new(seed, STREAM.id(), step, site, 0.3);
        let draws = Draws::new(seed, STREAM, step, site);
        for start in [0, 1, 62, 4 * ((1 << 32) - 3) + 2] {
            let mut found = vec![f32::NAN; 150];
            fill(&mask, start, &mut found);
            for (i, value) in found.iter().enumerate() {
                let element = start + i;
                let bits = draws.block(element as u64 / 4)[element % 4];
                let expected = if bits >= (0.3 * f64::from(u32::MAX)) as u32 { (1.0_f64 / 0.7) as f32 } else { 0.0 };
                assert_eq!(*value, expected, "element {element}");
            }
        }
    }

    #[test]
    fn neighbours_are_independent() {
        // Products of deviations of elements `distance` apart: mean 0, standard deviation p(1−p)/√n.
        let (mask, rate, n) = (Mask::new(1, STREAM.id(), 2, 3, 0.1), 0.1_f64, 400_000);
        let mut values = vec![0.0; n + 128];
        fill(&mask, 0, &mut values);
        let dropped: Vec<f64> = values.iter().map(|&v| f64::from(u8::from(v == 0.0)) - rate).collect();
        assert!((dropped.iter().sum::<f64>() / n as f64).abs() < 5.0 * (rate * (1.0 - rate) / n as f64).sqrt());
        for distance in [1, 2, 3, 4, 16, 64, 128] {
            let mean = (0..n).map(|i| dropped[i] * dropped[i + distance]).sum::<f64>() / n as f64;
            assert!(mean.abs() < 5.0 * rate * (1.0 - rate) / (n as f64).sqrt(), "distance {distance}: {mean}");
        }
    }
}
