//! Sharpens or blurs a picture.

use crate::{AugmentCompat, Image};

/// `s + factor · (p − s)` on inner pixels, truncated and clipped, where s is the mean of the 3×3 neighbours with the
/// pixel itself counted five times, rounded; the outermost pixels stay. A factor above 1 sharpens, below 1 blurs. Seed:
/// not clipped, so that values past 0 or 255 wrap modulo 256.
pub(crate) fn sharpness(image: &Image, factor: f64, compat: AugmentCompat) -> Image {
    let (row, height) = (3 * image.width() as usize, image.height() as usize);
    let (old, mut new) = (image.pixels(), image.pixels().to_vec());
    for y in 1..height.saturating_sub(1) {
        for at in y * row + 3..((y + 1) * row).saturating_sub(3) {
            let around = [at - row, at, at + row];
            let sum = around.iter().flat_map(|&at| [old[at - 3], old[at], old[at + 3]]).map(u32::from).sum::<u32>()
                + 4 * u32::from(old[at]);
            let smooth = ((2 * sum + 13) / 26) as f32; // sum/13, never halfway between two numbers
            let value = smooth + factor as f32 * (f32::from(old[at]) - smooth);
            new[at] = match compat {
                AugmentCompat::Corrected => value as u8,
                AugmentCompat::Seed => value as i32 as u8,
            };
        }
    }
    image.with_pixels(new)
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
}
