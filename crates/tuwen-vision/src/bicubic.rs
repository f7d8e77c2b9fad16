//! Bicubic resizing, bit by bit as Pillow resizes 8-bit pictures.

use std::borrow::Cow;

use crate::Image;

/// Weights are whole numbers of 2⁻²²: 8 bits for the level and 2 for overshoot are left of 32.
const WEIGHT_BITS: u32 = 22;
const HALF: i32 = 1 << (WEIGHT_BITS - 1);

/// The source pixels of one target pixel: the first one and the weights from there on.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// The bytes `[height, width, 3]` of the picture resized along rows, then along columns, rounded to 8 bits after each; a
/// side that keeps its length is left alone. The caller checks the target's size.
pub(crate) fn resize_bicubic(image: &Image, width: u32, height: u32) -> Vec<u8> {
    let wide = if width == image.width() {
        Cow::Borrowed(image.pixels())
    } else {
        let row = image.width() as usize;
        Cow::Owned(along_rows(image.pixels(), row, &taps(row, width as usize)))
    };
    if height == image.height() {
        return wide.into_owned();
    }
    along_columns(&wide, 3 * width as usize, &taps(image.height() as usize, height as usize))
}

/// The kernel with a = −0.5 (Catmull–Rom).
fn cubic(x: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5
    } else {
        0.0
    }
}

/// The weights of `target` pixels among `source` ones; when shrinking the kernel widens as much.
fn taps(source: usize, target: usize) -> Vec<Taps> {
    let scale = source as f64 / target as f64;
    let widening = scale.max(1.0);
    let taps = (0..target).map(|at| {
        let centre = (at as f64 + 0.5) * scale;
        let first = (centre - 2.0 * widening + 0.5).max(0.0) as usize;
        let end = ((centre + 2.0 * widening + 0.5) as usize).min(source);
        let share = |at: usize| cubic((at as f64 - centre + 0.5) * (1.0 / widening));
        let shares: Vec<f64> = (first..end).map(share).collect();
        let sum: f64 = shares.iter().sum();
        let whole = |share: f64| (share / sum * f64::from(1 << WEIGHT_BITS)).round() as i32;
        Taps { first, weights: shares.into_iter().map(whole).collect() }
    });
    taps.collect()
}

fn level(sum: i32) -> u8 {
    (sum >> WEIGHT_BITS).clamp(0, 255) as u8
}

/// `width` pixels make a row.
fn along_rows(pixels: &[u8], width: usize, taps: &[Taps]) -> Vec<u8> {
    let mut resized = Vec::with_capacity(pixels.len() / width * taps.len());
    for row in pixels.chunks_exact(3 * width) {
        for Taps { first, weights } in taps {
            let mut sums = [HALF; 3];
            for (pixel, weight) in row[3 * first..].chunks_exact(3).zip(weights) {
                for (sum, &level) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(level) * weight;
                }
            }
            resized.extend(sums.map(level));
        }
    }
    resized
}

/// `row` bytes make a row.
fn along_columns(pixels: &[u8], row: usize, taps: &[Taps]) -> Vec<u8> {
    let (mut resized, mut sums) = (Vec::with_capacity(row * taps.len()), vec![0; row]);
    for Taps { first, weights } in taps {
        sums.fill(HALF);
        for (pixels, &weight) in pixels[first * row..].chunks_exact(row).zip(weights) {
            for (sum, &level) in sums.iter_mut().zip(pixels) {
                *sum += i32::from(level) * weight;
            }
        }
        resized.extend(sums.iter().map(|&sum| level(sum)));
    }
    resized
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights in units of 2⁻²², as fractions.
    fn shares(taps: &Taps) -> Vec<f64> {
        taps.weights.iter().map(|&weight| f64::from(weight) / f64::from(1 << WEIGHT_BITS)).collect()
    }

    #[test]
    fn halving_widens_the_kernel_and_cuts_it_at_the_edge() {
        let taps = taps(8, 4);
        assert_eq!(
            taps.iter().map(|t| (t.first, t.weights.len())).collect::<Vec<_>>(),
            [(0, 5), (0, 7), (1, 7), (3, 5)]
        );
        // Pixel 1 lies at 3.0 of the source, pixel i at (i + 0.5 − 3)/2: −1.25, −0.75, −0.25, 0.25, 0.75, 1.25, 1.75.
        let kernel = [-1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75].map(cubic);
        let sum: f64 = kernel.iter().sum();
        for (share, expected) in shares(&taps[1]).iter().zip(kernel) {
            assert!((share - expected / sum).abs() < 1e-6, "{share}, expected {}", expected / sum);
        }
    }

    #[test]
    fn kernel_passes_through_its_points() {
        for (x, expected) in [(0.0, 1.0), (0.5, 0.5625), (1.0, 0.0), (1.5, -0.0625), (-1.5, -0.0625), (2.0, 0.0)] {
            assert_eq!(cubic(x), expected, "at {x}");
        }
    }

    #[test]
    fn doubling_an_edge_overshoots_and_is_clipped() {
        let edge =
            Image::from_fn(4, 1, |x, _| [[0, 0, 255, 255][x as usize], [90, 90, 100, 100][x as usize], 7]).unwrap();
        let wide = resize_bicubic(&edge, 8, 1);
        // Between two pixels the kernel stands at quarters: 0.25 → 0.8672, 0.75 → 0.2266, 1.25 → −0.0703, 1.75 → −0.0234.
        // Target 3 lies a quarter right of pixel 1: green is 90 + 10·(0.2266 − 0.0234) = 92.0; target 2 a quarter left of
        // it: 90 + 10·(−0.0703) = 89.3.
        assert_eq!(wide.iter().skip(1).step_by(3).skip(2).take(4).copied().collect::<Vec<u8>>(), [89, 92, 98, 101]);
        assert_eq!(wide.iter().step_by(3).copied().collect::<Vec<u8>>()[2], 0);
        assert!(wide.iter().skip(2).step_by(3).all(|&level| level == 7));
    }
}
