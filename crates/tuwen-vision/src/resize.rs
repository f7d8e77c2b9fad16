//! Resizes pictures, antialiased: when shrinking, a filter widens to cover all source pixels.

use crate::crop::check_part;
use crate::image::{Image, rgb_bytes};
use crate::resample::{resample, resample_part};
use crate::{CropBox, ResizeFilter, VisionError};

/// Resizes to `width × height` pixels, without keeping the aspect ratio. To the bit like Pillow: horizontally, then
/// vertically, rounded to 8 bits after each pass, in the stored (gamma) values. The same size gives the same pixels.
/// Errors: a target without pixels or with too many.
pub fn resize(image: &Image, width: u32, height: u32, filter: ResizeFilter) -> Result<Image, VisionError> {
    rgb_bytes(width, height)?;
    rgb_bytes(width, image.height())?; // between the passes
    Image::new(width, height, resample(image, width, height, filter))
}

/// Cuts a part out and resizes it bicubically, in one go: what lies outside of the part has no influence. Errors: an empty
/// part, one that reaches over the picture's edge, and as [`resize`].
pub(crate) fn resize_part(image: &Image, part: CropBox, width: u32, height: u32) -> Result<Image, VisionError> {
    rgb_bytes(part.width, part.height)?;
    check_part(image, part)?;
    rgb_bytes(width, height)?;
    rgb_bytes(width, part.height)?; // between the passes
    Image::new(width, height, resample_part(image, part, (width, height), ResizeFilter::Bicubic))
}

#[cfg(test)]
mod tests {
    use super::ResizeFilter::{Area, Bicubic, Bilinear, Lanczos3};
    use super::*;

    /// Grey levels of the first row.
    fn first_row(image: &Image) -> Vec<u8> {
        image.pixels().chunks_exact(3).take(image.width() as usize).map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn area_is_the_mean_of_each_block() {
        let image = Image::from_fn(4, 2, |x, y| [(10 * x + 100 * y) as u8; 3]).unwrap();
        // (0 + 10 + 100 + 110)/4, (20 + 30 + 120 + 130)/4
        assert_eq!(first_row(&resize(&image, 2, 1, Area).unwrap()), [55, 75]);
    }

    #[test]
    fn shrinking_is_antialiased() {
        // Stripes of one pixel become grey, not black or white.
        let stripes = Image::from_fn(64, 8, |x, _| if x % 2 == 0 { [0; 3] } else { [255; 3] }).unwrap();
        for filter in [Area, Bilinear, Bicubic, Lanczos3] {
            let row = first_row(&resize(&stripes, 8, 8, filter).unwrap());
            assert!(row[1..7].iter().all(|&level| level.abs_diff(128) <= 2), "{filter:?}: {row:?}");
        }
    }

    #[test]
    fn plain_picture_and_same_size_stay_as_they_are() {
        let (plain, picture) = (
            Image::from_fn(7, 5, |_, _| [3, 99, 250]).unwrap(),
            Image::from_fn(7, 5, |x, y| [(x * 30) as u8, (y * 50) as u8, (x * y) as u8]).unwrap(),
        );
        for filter in [Area, Bilinear, Bicubic, Lanczos3] {
            let resized = resize(&plain, 3, 11, filter).unwrap();
            assert!(resized.pixels().chunks_exact(3).all(|pixel| pixel == [3, 99, 250]), "{filter:?}");
            assert_eq!(resize(&picture, 7, 5, filter).unwrap(), picture, "{filter:?}");
        }
    }

    /// What Pillow 13 gives for the picture below.
    #[test]
    fn every_filter_is_pillows_to_the_bit() {
        let level = |x: u32, y: u32| [x * 37 + y * 11, x * x * 13 + y * 29, x * y * 17 + 5].map(|level| level as u8);
        let picture = Image::from_fn(7, 5, level).unwrap();
        let smaller = [
            (Area, [30, 36, 14, 122, 126, 56, 215, 127, 99, 58, 109, 35, 150, 142, 141, 179, 115, 77]),
            (Bilinear, [43, 46, 20, 122, 127, 55, 201, 139, 83, 65, 104, 49, 144, 144, 128, 194, 98, 104]),
            (Bicubic, [36, 37, 15, 120, 128, 51, 207, 143, 84, 62, 109, 47, 148, 146, 138, 196, 92, 108]),
            (Lanczos3, [33, 32, 13, 119, 126, 50, 213, 144, 86, 58, 112, 47, 152, 149, 142, 197, 88, 111]),
        ];
        for (filter, expected) in smaller {
            assert_eq!(resize(&picture, 3, 2, filter).unwrap().pixels(), expected, "{filter:?}");
        }
        // Narrower and higher; each level times its place, from 1 on.
        for (filter, expected) in [(Area, 669_410), (Bilinear, 663_086), (Bicubic, 666_666), (Lanczos3, 665_306)] {
            let resized = resize(&picture, 4, 9, filter).unwrap();
            let sum: u64 = (1..).zip(resized.pixels()).map(|(place, &level)| place * u64::from(level)).sum();
            assert_eq!(sum, expected, "{filter:?}");
        }
    }

    #[test]
    fn impossible_targets_are_named() {
        let image = Image::from_fn(1, 1, |_, _| [0; 3]).unwrap();
        assert!(matches!(resize(&image, 0, 1, Area), Err(VisionError::EmptyImage { .. })));
        assert!(matches!(resize(&image, u32::MAX, 9, Area), Err(VisionError::TooLarge { .. })));
    }
}
