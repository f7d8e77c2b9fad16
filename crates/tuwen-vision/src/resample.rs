//! Resizing with a kernel, bit by bit as Pillow resizes 8-bit pictures.

use crate::crop::rows_of;
use crate::vectors::{Simd, WithSimd, on_widest};
use crate::{CropBox, Image, ResizeFilter};

/// Weights are whole numbers of 2⁻²²: 8 bits for the level and 2 for overshoot are left of 32.
const WEIGHT_BITS: u32 = 22;
const HALF: i32 = 1 << (WEIGHT_BITS - 1);
/// Rows that are resized together, so that a weight meets enough levels to fill a vector.
const ROWS: usize = 8;
/// Bytes of one column of as many rows: three colours and an idle byte for each.
const COLUMN: usize = 4 * ROWS;

/// The source pixels of one target pixel: the first one and the weights from there on.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

/// The bytes `[height, width, 3]` of the picture resized along rows, then along columns, rounded to 8 bits after each; a
/// side that keeps its length is left alone. The caller checks the target's size.
pub(crate) fn resample(image: &Image, width: u32, height: u32, filter: ResizeFilter) -> Vec<u8> {
    let whole = CropBox { top: 0, left: 0, height: image.height(), width: image.width() };
    resample_part(image, whole, (width, height), filter)
}

/// A part of the picture resized as if it were cut out first. The caller checks that the picture has such a part.
pub(crate) fn resample_part(
    image: &Image,
    part: CropBox,
    (width, height): (u32, u32),
    filter: ResizeFilter,
) -> Vec<u8> {
    let rows: Vec<&[u8]> = rows_of(image, part).collect();
    let wide = if width == part.width {
        rows.concat()
    } else {
        let taps = taps(part.width as usize, width as usize, filter);
        let mut resized = vec![0; 3 * taps.len() * rows.len()];
        on_widest(AlongRows { rows: &rows, taps: &taps, resized: &mut resized });
        resized
    };
    if height == part.height {
        return wide;
    }
    let taps = taps(part.height as usize, height as usize, filter);
    let mut resized = vec![0; 3 * width as usize * taps.len()];
    on_widest(AlongColumns { pixels: &wide, row: 3 * width as usize, taps: &taps, resized: &mut resized });
    resized
}

/// The weights of `target` pixels among `source` ones; when shrinking the kernel widens as much.
fn taps(source: usize, target: usize, filter: ResizeFilter) -> Vec<Taps> {
    let scale = source as f64 / target as f64;
    let widening = scale.max(1.0);
    let reach = filter.reach() * widening;
    let taps = (0..target).map(|at| {
        let centre = (at as f64 + 0.5) * scale;
        let first = (centre - reach + 0.5).max(0.0) as usize;
        let end = ((centre + reach + 0.5) as usize).min(source);
        let share = |at: usize| filter.weight((at as f64 - centre + 0.5) * (1.0 / widening));
        let shares: Vec<f64> = (first..end).map(share).collect();
        let sum: f64 = shares.iter().sum();
        let whole = |share: f64| (share / sum * f64::from(1 << WEIGHT_BITS) + 0.5_f64.copysign(share)) as i32;
        Taps { first, weights: shares.into_iter().map(whole).collect() }
    });
    taps.collect()
}

#[inline(always)]
fn rounded(sum: i32) -> u8 {
    (sum >> WEIGHT_BITS).clamp(0, 255) as u8
}

/// Rows of equal length become rows of as many pixels as there are taps.
struct AlongRows<'a> {
    rows: &'a [&'a [u8]],
    taps: &'a [Taps],
    resized: &'a mut [u8],
}

impl WithSimd for AlongRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut columns = vec![[0; COLUMN]; self.rows.first().map_or(0, |row| row.len() / 3)];
        let mut narrowed = vec![[0; COLUMN]; self.taps.len()];
        let row = 3 * self.taps.len();
        for (rows, resized) in self.rows.chunks(ROWS).zip(self.resized.chunks_mut(ROWS * row)) {
            for (number, pixels) in rows.iter().enumerate() {
                for (column, pixel) in columns.iter_mut().zip(pixels.as_chunks::<3>().0) {
                    column.as_chunks_mut::<4>().0[number][..3].copy_from_slice(pixel);
                }
            }
            for (narrowed, Taps { first, weights }) in narrowed.iter_mut().zip(self.taps) {
                let mut sums = [HALF; COLUMN];
                for (column, &weight) in columns[*first..].iter().zip(weights) {
                    for (sum, &level) in sums.iter_mut().zip(column) {
                        *sum += i32::from(level) * weight;
                    }
                }
                for (level, sum) in narrowed.iter_mut().zip(sums) {
                    *level = rounded(sum);
                }
            }
            for (number, pixels) in resized.chunks_exact_mut(row).enumerate() {
                for (pixel, column) in pixels.as_chunks_mut().0.iter_mut().zip(&narrowed) {
                    let [red, green, blue, _] = column.as_chunks().0[number];
                    *pixel = [red, green, blue];
                }
            }
        }
    }
}

/// Columns of bytes, `row` of them side by side, become columns of as many bytes as there are taps.
struct AlongColumns<'a> {
    pixels: &'a [u8],
    row: usize,
    taps: &'a [Taps],
    resized: &'a mut [u8],
}

impl WithSimd for AlongColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut sums = vec![HALF; self.row];
        for (resized, Taps { first, weights }) in self.resized.chunks_exact_mut(self.row).zip(self.taps) {
            sums.fill(HALF);
            for (pixels, &weight) in self.pixels[first * self.row..].chunks_exact(self.row).zip(weights) {
                for (sum, &level) in sums.iter_mut().zip(pixels) {
                    *sum += i32::from(level) * weight;
                }
            }
            for (resized, &sum) in resized.iter_mut().zip(&sums) {
                *resized = rounded(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ResizeFilter::{Area, Bicubic, Bilinear, Lanczos3};
    use super::*;

    const FILTERS: [ResizeFilter; 5] = [Bicubic, Area, Bilinear, Lanczos3, Bicubic];

    /// Weights in units of 2⁻²², as fractions.
    fn shares(taps: &Taps) -> Vec<f64> {
        taps.weights.iter().map(|&weight| f64::from(weight) / f64::from(1 << WEIGHT_BITS)).collect()
    }

    #[test]
    fn halving_widens_the_kernel_and_cuts_it_at_the_edge() {
        let taps = taps(8, 4, Bicubic);
        assert_eq!(
            taps.iter().map(|t| (t.first, t.weights.len())).collect::<Vec<_>>(),
            [(0, 5), (0, 7), (1, 7), (3, 5)]
        );
        // Pixel 1 lies at 3.0 of the source, pixel i at (i + 0.5 − 3)/2: −1.25, −0.75, −0.25, 0.25, 0.75, 1.25, 1.75.
        let kernel = [-1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75].map(|x| Bicubic.weight(x));
        let sum: f64 = kernel.iter().sum();
        for (share, expected) in shares(&taps[1]).iter().zip(kernel) {
            assert!((share - expected / sum).abs() < 1e-6, "{share}, expected {}", expected / sum);
        }
    }

    #[test]
    fn doubling_an_edge_overshoots_and_is_clipped() {
        let edge =
            Image::from_fn(4, 1, |x, _| [[0, 0, 255, 255][x as usize], [90, 90, 100, 100][x as usize], 7]).unwrap();
        let wide = resample(&edge, 8, 1, Bicubic);
        // Between two pixels the kernel stands at quarters: 0.25 → 0.8672, 0.75 → 0.2266, 1.25 → −0.0703, 1.75 → −0.0234.
        // Target 3 lies a quarter right of pixel 1: green is 90 + 10·(0.2266 − 0.0234) = 92.0; target 2 a quarter left of
        // it: 90 + 10·(−0.0703) = 89.3.
        assert_eq!(wide.iter().skip(1).step_by(3).skip(2).take(4).copied().collect::<Vec<u8>>(), [89, 92, 98, 101]);
        assert_eq!(wide.iter().step_by(3).copied().collect::<Vec<u8>>()[2], 0);
        assert!(wide.iter().skip(2).step_by(3).all(|&level| level == 7));
    }

    /// Pixel by pixel, in the order of the definition.
    fn naive(image: &Image, width: usize, height: usize, filter: ResizeFilter) -> Vec<u8> {
        let (columns, rows) = (image.width() as usize, image.height() as usize);
        let sum = |taps: &Taps, level: &dyn Fn(usize) -> u8| {
            let products = taps.weights.iter().enumerate().map(|(i, weight)| i32::from(level(taps.first + i)) * weight);
            ((products.sum::<i32>() + HALF) >> WEIGHT_BITS).clamp(0, 255) as u8
        };
        let (across, down) = (taps(columns, width, filter), taps(rows, height, filter));
        let mut wide = image.pixels().to_vec();
        if width != columns {
            let pixel = |y: usize, x: usize, c: usize| sum(&across[x], &|x| image.pixels()[3 * (y * columns + x) + c]);
            wide = (0..3 * width * rows).map(|i| pixel(i / 3 / width, i / 3 % width, i % 3)).collect();
        }
        if height == rows {
            return wide;
        }
        (0..3 * width * height).map(|i| sum(&down[i / 3 / width], &|y| wide[3 * width * y + i % (3 * width)])).collect()
    }

    #[test]
    fn many_rows_at_once_are_as_one_pixel_at_a_time() {
        for (columns, rows) in [(1, 1), (2, 7), (9, 8), (23, 17), (40, 3)] {
            let picture =
                |x: u32, y: u32| [(x * 97 + y * 31) as u8, (x * x * 13) as u8, 255 * u8::from(x.is_multiple_of(3))];
            let image = Image::from_fn(columns, rows, picture).unwrap();
            for ((width, height), filter) in [(1, 1), (5, 5), (9, 30), (40, 2), (23, 17)].into_iter().zip(FILTERS) {
                let expected = naive(&image, width as usize, height as usize, filter);
                let case = format!("{columns}×{rows} to {width}×{height}, {filter:?}");
                assert!(resample(&image, width, height, filter) == expected, "{case}");
            }
        }
    }

    #[test]
    fn nothing_outside_of_a_part_has_influence() {
        let image = Image::from_fn(30, 20, |x, y| [(x * 9) as u8, (y * 12) as u8, (x * y) as u8]).unwrap();
        let part = CropBox { top: 3, left: 7, height: 11, width: 13 };
        let cut = crate::crop(&image, part).unwrap();
        for (width, height) in [(8, 8), (13, 30), (20, 11), (13, 11)] {
            let resized = resample_part(&image, part, (width, height), Bicubic);
            assert!(resized == resample(&cut, width, height, Bicubic), "{width}×{height}");
        }
    }
}
