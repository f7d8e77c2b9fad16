//! Cuts a strip, frames side by side in one picture, into its frames.

use crate::{Image, VisionError};

/// Cuts a strip into `frames` pictures of equal width, from the left. Errors: no frames, or a width that they do not
/// fill.
pub fn split_strip(strip: &Image, frames: usize) -> Result<Vec<Image>, VisionError> {
    if frames == 0 {
        return Err(VisionError::NoFrames);
    }
    let width = match u32::try_from(frames) {
        Ok(count) if strip.width().is_multiple_of(count) => strip.width() / count,
        _ => return Err(VisionError::StripWidth { width: strip.width(), frames }),
    };
    let (row, strip_row) = (3 * width as usize, 3 * strip.width() as usize);
    (0..frames)
        .map(|frame| {
            let rows = strip.pixels().chunks_exact(strip_row);
            let pixels = rows.flat_map(|pixels| &pixels[frame * row..][..row]).copied().collect();
            Image::new(width, strip.height(), pixels)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_is_its_columns() {
        let strip = Image::from_fn(6, 2, |x, y| [x as u8, y as u8, 0]).unwrap();
        let frames = split_strip(&strip, 3).unwrap();
        for (k, frame) in frames.iter().enumerate() {
            assert_eq!(*frame, Image::from_fn(2, 2, |x, y| [2 * k as u8 + x as u8, y as u8, 0]).unwrap());
        }
        assert_eq!(frames.len(), 3);
        assert_eq!(split_strip(&strip, 1).unwrap(), [strip]);
    }

    #[test]
    fn widths_that_frames_do_not_fill_are_named() {
        let strip = Image::from_fn(6, 1, |_, _| [0; 3]).unwrap();
        for frames in [4, 7, usize::MAX] {
            assert!(matches!(split_strip(&strip, frames), Err(VisionError::StripWidth { width: 6, .. })));
        }
        assert!(matches!(split_strip(&strip, 0), Err(VisionError::NoFrames)));
    }
}
