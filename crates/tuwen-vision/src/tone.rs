//! Changes a picture's levels channel by channel: contrast, histogram, brightness.

use crate::{AugmentCompat, Image};

/// What each level of a channel becomes.
type Table = [u8; 256];

/// Stretches each channel to 0 … 255: `(p − min) · 255/(max − min)`, truncated; a channel of one level stays. Computed
/// as Pillow's `autocontrast`, `p · scale + offset`, whose rounding can turn the highest level into 254. Seed: a channel whose minimum is not 0 becomes 255 everywhere, because the minimum is
/// negated within 8 bits, `256 − min` instead of `−min`.
pub(crate) fn auto_contrast(image: &Image, compat: AugmentCompat) -> Image {
    let tables = histograms(image).map(|histogram| {
        let low = histogram.iter().position(|&count| count > 0).unwrap_or(0);
        let high = histogram.iter().rposition(|&count| count > 0).unwrap_or(0);
        if high <= low {
            return std::array::from_fn(|level| level as u8);
        }
        let negated = match compat {
            AugmentCompat::Corrected => -(low as f64),
            AugmentCompat::Seed => f64::from((low as u8).wrapping_neg()),
        };
        let scale = 255.0 / (high - low) as f64;
        let offset = negated * scale;
        std::array::from_fn(|level| (level as f64 * scale + offset) as u8) // clips and truncates
    });
    map_levels(image, &tables)
}

/// Spreads each channel's levels evenly, as Pillow's `equalize`: with s = (pixels − those of the highest level) div
/// 255, level i becomes (s div 2 + pixels below i) div s; a channel with s = 0 stays.
pub(crate) fn equalize(image: &Image) -> Image {
    let tables = histograms(image).map(|histogram| {
        let pixels: u64 = histogram.iter().sum();
        let highest = histogram.iter().rfind(|&&count| count > 0).copied().unwrap_or(0);
        let step = (pixels - highest) / 255;
        let mut below = step / 2;
        let mut table: Table = std::array::from_fn(|level| level as u8);
        for (level, count) in table.iter_mut().zip(histogram) {
            *level = below.checked_div(step).map_or(*level, |spread| spread.min(255) as u8);
            below += count;
        }
        table
    });
    map_levels(image, &tables)
}

/// `factor · p`, clipped and truncated, in `f32` as the reference computes it.
pub(crate) fn brightness(image: &Image, factor: f64) -> Image {
    let table: Table = std::array::from_fn(|level| (level as f32 * factor as f32) as u8); // clips and truncates
    map_levels(image, &[table; 3])
}

/// How many pixels of each channel have each level.
fn histograms(image: &Image) -> [[u64; 256]; 3] {
    // Neighbours are often alike, and adding twice to one count takes its time: four pixels in turn have their own.
    let mut counts = [[0_u32; 256]; 12];
    let (fours, rest) = image.pixels().as_chunks::<12>();
    for levels in fours {
        for (counts, &level) in counts.iter_mut().zip(levels) {
            counts[usize::from(level)] += 1;
        }
    }
    for (counts, &level) in counts.iter_mut().zip(rest) {
        counts[usize::from(level)] += 1;
    }
    std::array::from_fn(|channel| {
        std::array::from_fn(|level| counts.iter().skip(channel).step_by(3).map(|counts| u64::from(counts[level])).sum())
    })
}

fn map_levels(image: &Image, tables: &[Table; 3]) -> Image {
    let mut mapped = image.clone();
    for pixel in mapped.pixels_mut().as_chunks_mut::<3>().0 {
        for (level, table) in pixel.iter_mut().zip(tables) {
            *level = table[usize::from(*level)];
        }
    }
    mapped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of one row, from the levels of each channel.
    fn row<const N: usize>(red: [u8; N], green: [u8; N], blue: [u8; N]) -> Image {
        Image::from_fn(N as u32, 1, |x, _| [red[x as usize], green[x as usize], blue[x as usize]]).unwrap()
    }

    #[test]
    fn albef_contrast_is_stretched_or_under_seed_lost() {
        let image = row([0, 51, 102], [100, 110, 150], [7, 7, 7]);
        // Red 51·255/102 = 127.5; green 10·255/50 = 51; blue has one level.
        let stretched = row([0, 127, 255], [0, 51, 255], [7, 7, 7]);
        assert_eq!(auto_contrast(&image, AugmentCompat::Corrected), stretched);
        assert_eq!(auto_contrast(&image, AugmentCompat::Seed), row([0, 127, 255], [255; 3], [7, 7, 7]));
    }

    #[test]
    fn albef_contrast_rounds_as_pillow_does() {
        // 255/100 lies below 2.55, so 100 times that is 254.99999999999997.
        let image = row([0, 50, 100], [0; 3], [0; 3]);
        assert_eq!(auto_contrast(&image, AugmentCompat::Corrected), row([0, 127, 254], [0; 3], [0; 3]));
    }

    #[test]
    fn albef_equalized_levels_are_even() {
        // 255 pixels of level 10, 255 of 20, 9 of 30: s = 510 div 255 = 2, so (1, 256, 511) div 2.
        let level = |x: u32| if x < 255 { 10 } else { 20 + 10 * u8::from(x >= 510) };
        let image = Image::from_fn(519, 1, |x, _| [level(x), 9, x.min(1) as u8]).unwrap();
        let expected = Image::from_fn(519, 1, |x, _| {
            let spread = [0, 128, 255][x as usize / 255];
            [spread, 9, x.min(1) as u8]
        });
        // Blue: one pixel of 0, so s = 1 div 255 = 0 and it stays, as does green with one level.
        assert_eq!(equalize(&image), expected.unwrap());
    }

    #[test]
    fn albef_brightness_truncates_and_clips() {
        // 1.36 · (1, 50, 200) = 1.36, 68, 272; 0.64 · (1, 50, 200) = 0.64, 32, 128.
        let image = row([1, 50, 200], [0; 3], [255; 3]);
        assert_eq!(brightness(&image, 1.36), row([1, 68, 255], [0; 3], [255; 3]));
        assert_eq!(brightness(&image, 0.64), row([0, 32, 128], [0; 3], [163; 3]));
    }

    #[test]
    fn every_pixel_is_counted_once() {
        for pixels in 1..10 {
            let image = Image::from_fn(pixels, 1, |x, _| [x as u8 / 2, 7, 255]).unwrap();
            let [red, green, blue] = histograms(&image);
            let whole = u64::from(pixels);
            assert_eq!((red.iter().sum::<u64>(), green[7], blue[255]), (whole, whole, whole));
            // Two pixels of each level, the last alone where their number is odd.
            assert_eq!(red[(whole as usize - 1) / 2], 2 - whole % 2, "{pixels} pixels");
        }
    }
}
