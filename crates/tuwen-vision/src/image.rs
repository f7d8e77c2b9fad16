//! The one form every picture has inside: 8-bit RGB, row by row.

use crate::VisionError;

/// The most bytes a decoded picture may take: 89 million RGB pixels, where Pillow too suspects a decompression bomb.
pub const MAX_IMAGE_BYTES: u64 = 256 << 20;

/// A picture of `width × height` pixels, each three bytes red, green, blue; rows from the top, pixels from the left.
/// Never empty and never above [`MAX_IMAGE_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Image {
    /// A picture from its bytes `[height, width, 3]`. Errors: no pixels, too many, or not `width · height · 3` bytes.
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, VisionError> {
        if pixels.len() != rgb_bytes(width, height)? {
            return Err(VisionError::PixelCount { bytes: pixels.len(), width, height });
        }
        Ok(Self { width, height, pixels })
    }

    /// A picture from its colour at each `(x, y)`. Errors: no pixels, too many.
    pub fn from_fn(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> Result<Self, VisionError> {
        let mut pixels = Vec::with_capacity(rgb_bytes(width, height)?);
        for y in 0..height {
            for x in 0..width {
                pixels.extend(colour(x, y));
            }
        }
        Ok(Self { width, height, pixels })
    }

    /// Pixels across.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes `[height, width, 3]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes `[height, width, 3]`, given away.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// The bytes `[height, width, 3]`, to be changed.
    pub(crate) fn pixels_mut(&mut self) -> &mut [u8] {
        &mut self.pixels
    }
}

/// The bytes of a picture in 8-bit RGB, or why there can't be such a picture.
pub(crate) fn rgb_bytes(width: u32, height: u32) -> Result<usize, VisionError> {
    if width == 0 || height == 0 {
        return Err(VisionError::EmptyImage { width, height });
    }
    let bytes = (u64::from(width) * u64::from(height)).saturating_mul(3);
    within_limit(width, height, bytes)?;
    Ok(bytes as usize)
}

/// Refuses a picture that takes more than [`MAX_IMAGE_BYTES`].
pub(crate) fn within_limit(width: u32, height: u32, bytes: u64) -> Result<(), VisionError> {
    if bytes > MAX_IMAGE_BYTES {
        return Err(VisionError::TooLarge { width, height, bytes, limit: MAX_IMAGE_BYTES });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_rows_of_rgb() {
        let image = Image::from_fn(2, 2, |x, y| [x as u8, y as u8, 7]).unwrap();
        assert_eq!(image.pixels(), [0, 0, 7, 1, 0, 7, 0, 1, 7, 1, 1, 7]);
        assert_eq!(Image::new(2, 2, image.clone().into_pixels()).unwrap(), image);
    }

    #[test]
    fn impossible_pictures_are_named() {
        assert!(matches!(Image::new(2, 1, vec![0; 5]), Err(VisionError::PixelCount { bytes: 5, width: 2, height: 1 })));
        assert!(matches!(Image::new(0, 4, vec![]), Err(VisionError::EmptyImage { width: 0, height: 4 })));
        let huge = Image::from_fn(u32::MAX, u32::MAX, |_, _| [0; 3]).unwrap_err();
        assert!(matches!(huge, VisionError::TooLarge { bytes: u64::MAX, .. }), "{huge}");
        assert_eq!(
            Image::new(20_000, 5_000, vec![]).unwrap_err().to_string(),
            "the picture of `20000×5000` pixels takes `300000000` bytes, expected at most `268435456`"
        );
    }
}
