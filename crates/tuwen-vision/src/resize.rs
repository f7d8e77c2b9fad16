//! Resizes pictures, antialiased: when shrinking, a filter widens to cover all source pixels.

use fast_image_resize::images::{Image as Target, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use serde::{Deserialize, Serialize};

use crate::bicubic::{resize_bicubic, resize_part_bicubic};
use crate::crop::check_part;
use crate::image::{Image, rgb_bytes};
use crate::{CropBox, VisionError};

/// The interpolation kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResizeFilter {
    /// Mean of the covered area (box); the nearest pixel when enlarging.
    Area,
    /// Triangle.
    Bilinear,
    /// Cubic with a = −0.5 (Catmull–Rom), Pillow's `BICUBIC`.
    #[default]
    Bicubic,
    /// Windowed sinc of three lobes.
    Lanczos3,
}

/// Resizes to `width × height` pixels, without keeping the aspect ratio. Like Pillow: horizontally, then vertically,
/// rounded to 8 bits after each pass, in the stored (gamma) values; bicubic is Pillow's to the bit, the others may be
/// one level off. The same size gives the same pixels. Errors: a target without pixels or with too many.
pub fn resize(image: &Image, width: u32, height: u32, filter: ResizeFilter) -> Result<Image, VisionError> {
    rgb_bytes(width, height)?;
    rgb_bytes(width, image.height())?; // between the passes
    let kernel = match filter {
        ResizeFilter::Bicubic => return Image::new(width, height, resize_bicubic(image, width, height)),
        ResizeFilter::Area => FilterType::Box,
        ResizeFilter::Bilinear => FilterType::Bilinear,
        ResizeFilter::Lanczos3 => FilterType::Lanczos3,
    };
    // Two calls because the library by itself takes the vertical pass first.
    let wide = resize_one_way(image, width, image.height(), kernel)?;
    resize_one_way(&wide, width, height, kernel)
}

/// Cuts a part out and resizes it bicubically, in one go: what lies outside of the part has no influence. Errors: an empty
/// part, one that reaches over the picture's edge, and as [`resize`].
pub(crate) fn resize_part(image: &Image, part: CropBox, width: u32, height: u32) -> Result<Image, VisionError> {
    rgb_bytes(part.width, part.height)?;
    check_part(image, part)?;
    rgb_bytes(width, height)?;
    rgb_bytes(width, part.height)?; // between the passes
    Image::new(width, height, resize_part_bicubic(image, part, width, height))
}

fn resize_one_way(image: &Image, width: u32, height: u32, kernel: FilterType) -> Result<Image, VisionError> {
    let source = ImageRef::new(image.width(), image.height(), image.pixels(), PixelType::U8x3)
        .expect("an image holds width · height · 3 bytes");
    let mut target = Target::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(kernel));
    Resizer::new().resize(&source, &mut target, &options).expect("both are whole 8-bit RGB pictures");
    Image::new(width, height, target.into_vec())
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

    #[test]
    fn impossible_targets_are_named() {
        let image = Image::from_fn(1, 1, |_, _| [0; 3]).unwrap();
        assert!(matches!(resize(&image, 0, 1, Area), Err(VisionError::EmptyImage { .. })));
        assert!(matches!(resize(&image, u32::MAX, 9, Area), Err(VisionError::TooLarge { .. })));
    }
}
