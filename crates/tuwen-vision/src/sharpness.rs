//! Sharpens or blurs a picture.

use crate::vectors::{Simd, WithSimd, on_widest};
use crate::{AugmentCompat, Image};

/// `s + factor · (p − s)` on inner pixels, truncated and clipped, where s is the mean of the 3×3 neighbours with the
/// pixel itself counted five times, rounded; the outermost pixels stay. A factor above 1 sharpens, below 1 blurs. Seed:
/// not clipped, so that values past 0 or 255 wrap modulo 256.
pub(crate) fn sharpness(image: &Image, factor: f64, compat: AugmentCompat) -> Image {
    let mut new = image.clone();
    let factor = factor as f32;
    match compat {
        AugmentCompat::Corrected => {
            on_widest(Sharpness { old: image, factor, level: |value| value as u8, new: &mut new })
        }
        AugmentCompat::Seed => {
            on_widest(Sharpness { old: image, factor, level: |value| value as i32 as u8, new: &mut new });
        }
    }
    new
}

/// Fills the inner pixels of `new`, which is as large as `old`; `level` makes a value one of 8 bits.
struct Sharpness<'a, L> {
    old: &'a Image,
    factor: f32,
    level: L,
    new: &'a mut Image,
}

impl<L: Fn(f32) -> u8> WithSimd for Sharpness<'_, L> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let row = 3 * self.old.width() as usize;
        let mut columns = vec![0; row]; // three pixels one above the other
        let three_rows = self.old.pixels().windows(3 * row).step_by(row);
        for (old, new) in three_rows.zip(self.new.pixels_mut().chunks_exact_mut(row).skip(1)) {
            let (above, rest) = old.split_at(row);
            let (middle, below) = rest.split_at(row);
            for (((column, &above), &middle), &below) in columns.iter_mut().zip(above).zip(middle).zip(below) {
                *column = u16::from(above) + u16::from(middle) + u16::from(below);
            }
            let Some(inner) = row.checked_sub(6).filter(|&inner| inner > 0) else { return };
            let around = columns.iter().zip(&columns[3..]).zip(&columns[6..]);
            for ((new, ((left, column), right)), &old) in new[3..][..inner].iter_mut().zip(around).zip(&middle[3..]) {
                let sum = left + column + right + 4 * u16::from(old);
                let smooth = f32::from((2 * sum + 13) / 26); // sum/13, never halfway between two numbers
                *new = (self.level)(smooth + self.factor * (f32::from(old) - smooth));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(ground: u8, dot: u8) -> Image {
        Image::from_fn(3, 3, |x, y| if (x, y) == (1, 1) { [dot; 3] } else { [ground; 3] }).unwrap()
    }

    #[test]
    fn albef_overshoot_is_clipped_or_under_seed_wraps() {
        // s = (8·100 + 5·250)/13 = 157.69 → 158; 158 + 2·(250 − 158) = 342 = 86 + 256.
        assert_eq!(sharpness(&dot(100, 250), 2.0, AugmentCompat::Corrected), dot(100, 255));
        assert_eq!(sharpness(&dot(100, 250), 2.0, AugmentCompat::Seed), dot(100, 86));
        // s = (8·100 + 5·5)/13 = 63.46 → 63; 63 + 2·(5 − 63) = −53 = 203 − 256.
        assert_eq!(sharpness(&dot(100, 5), 2.0, AugmentCompat::Corrected), dot(100, 0));
        assert_eq!(sharpness(&dot(100, 5), 2.0, AugmentCompat::Seed), dot(100, 203));
    }

    #[test]
    fn albef_factors_from_blurred_to_unchanged() {
        for compat in [AugmentCompat::Corrected, AugmentCompat::Seed] {
            assert_eq!(sharpness(&dot(100, 250), 0.0, compat), dot(100, 158));
            // 158 + 0.5·92 = 204
            assert_eq!(sharpness(&dot(100, 250), 0.5, compat), dot(100, 204));
            assert_eq!(sharpness(&dot(100, 250), 1.0, compat), dot(100, 250));
        }
    }

    #[test]
    fn albef_pictures_without_inner_pixels_stay() {
        for (width, height) in [(1, 1), (2, 9), (9, 2), (1, 9), (9, 1)] {
            let image = Image::from_fn(width, height, |x, y| [(x * 29) as u8, (y * 29) as u8, 3]).unwrap();
            assert_eq!(sharpness(&image, 1.9, AugmentCompat::Corrected), image, "{width}×{height}");
        }
    }

    #[test]
    fn each_inner_pixel_has_its_own_neighbours() {
        let image = Image::from_fn(21, 6, |x, y| [(x * 37 + y * 11) as u8, (x * x * y) as u8, (y * 50) as u8]).unwrap();
        let sharp = sharpness(&image, 1.7, AugmentCompat::Corrected);
        let at = |x: usize, y: usize, c: usize| u32::from(image.pixels()[3 * (21 * y + x) + c]);
        for (x, y, c) in (0..21 * 6 * 3).map(|i| (i / 3 % 21, i / 63, i % 3)) {
            let mut expected = at(x, y, c) as u8;
            if (1..20).contains(&x) && (1..5).contains(&y) {
                let sum: u32 = (0..9).map(|i| at(x + i % 3 - 1, y + i / 3 - 1, c)).sum();
                let smooth = f64::from(sum + 4 * at(x, y, c)) / 13.0;
                let smooth = smooth.round() as f32;
                expected = (smooth + 1.7 * (at(x, y, c) as f32 - smooth)) as u8;
            }
            assert_eq!(sharp.pixels()[3 * (21 * y + x) + c], expected, "({x}, {y}), channel {c}");
        }
    }
}
