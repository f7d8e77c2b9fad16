//! Cuts a part out of a picture.

use crate::{Image, VisionError};

/// A part of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CropBox {
    /// First row.
    pub top: u32,
    /// First column.
    pub left: u32,
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
}

/// Cuts `part` out of `image`. What is resized afterwards sees nothing of the rest. Errors: an empty part, or one that
/// reaches over the picture's edge.
pub fn crop(image: &Image, part: CropBox) -> Result<Image, VisionError> {
    check_part(image, part)?;
    let mut pixels = Vec::with_capacity(3 * part.width as usize * part.height as usize);
    rows_of(image, part).for_each(|row| pixels.extend_from_slice(row));
    Image::new(part.width, part.height, pixels)
}

/// Whether `image` has such a part. Errors as [`crop`], but for an empty part.
pub(crate) fn check_part(image: &Image, part: CropBox) -> Result<(), VisionError> {
    let fits = |from: u32, length: u32, whole: u32| from.checked_add(length).is_some_and(|end| end <= whole);
    if !fits(part.left, part.width, image.width()) || !fits(part.top, part.height, image.height()) {
        return Err(VisionError::CropOutside { part, width: image.width(), height: image.height() });
    }
    Ok(())
}

/// The rows of a part that `image` has.
pub(crate) fn rows_of(image: &Image, part: CropBox) -> impl Iterator<Item = &[u8]> {
    let (row, left, width) = (3 * image.width() as usize, 3 * part.left as usize, 3 * part.width as usize);
    let rows = image.pixels().chunks_exact(row).skip(part.top as usize).take(part.height as usize);
    rows.map(move |pixels| &pixels[left..][..width])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_keeps_its_pixels() {
        let image = Image::from_fn(5, 4, |x, y| [x as u8, y as u8, 9]).unwrap();
        let part = crop(&image, CropBox { top: 1, left: 2, height: 3, width: 2 }).unwrap();
        assert_eq!(part, Image::from_fn(2, 3, |x, y| [2 + x as u8, 1 + y as u8, 9]).unwrap());
        assert_eq!(crop(&image, CropBox { top: 0, left: 0, height: 4, width: 5 }).unwrap(), image);
    }

    #[test]
    fn impossible_parts_are_named() {
        let image = Image::from_fn(5, 4, |_, _| [0; 3]).unwrap();
        for part in [
            CropBox { top: 2, left: 0, height: 3, width: 5 },
            CropBox { top: 0, left: 1, height: 4, width: 5 },
            CropBox { top: u32::MAX, left: 0, height: 1, width: 1 },
        ] {
            let error = crop(&image, part).unwrap_err();
            assert!(matches!(error, VisionError::CropOutside { width: 5, height: 4, .. }), "{error}");
        }
        let over = crop(&image, CropBox { top: 2, left: 0, height: 3, width: 5 }).unwrap_err();
        assert_eq!(over.to_string(), "the part `5×3` at `(0, 2)` reaches out of the picture of `5×4` pixels");
        let empty = crop(&image, CropBox { top: 0, left: 0, height: 0, width: 1 }).unwrap_err();
        assert!(matches!(empty, VisionError::EmptyImage { width: 1, height: 0 }), "{empty}");
    }
}
