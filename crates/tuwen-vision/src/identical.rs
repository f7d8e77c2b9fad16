//! Finds frames that are the same, value for value, as in a clip that stands still.

use std::collections::HashMap;

use crate::VisionError;
use crate::frames::frame_count;

/// Gives each frame of `features` `[N, width]` the index of the first valid frame that equals it exactly; a frame
/// outside the mask gets its own index. Two frames of one group aren't negatives of each other. `N` may be one clip or
/// a whole batch; cost `N · width`. Errors: features that aren't whole frames, a mask of another length.
pub fn identical_frames(features: &[f32], width: usize, frame_mask: &[bool]) -> Result<Vec<u32>, VisionError> {
    let frames = frame_count(features, width)?;
    if frame_mask.len() != frames {
        return Err(VisionError::MaskLength { mask: frame_mask.len(), frames });
    }
    let row = |frame: usize| &features[frame * width..][..width];
    let mut firsts: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut groups = Vec::with_capacity(frames);
    for (frame, &valid) in frame_mask.iter().enumerate() {
        if !valid {
            groups.push(frame as u32);
            continue;
        }
        // The hash only finds candidates; equality decides.
        let candidates = firsts.entry(row_hash(row(frame))).or_default();
        let first = candidates.iter().copied().find(|&first| row(first) == row(frame));
        if first.is_none() {
            candidates.push(frame);
        }
        groups.push(first.unwrap_or(frame) as u32);
    }
    Ok(groups)
}

/// A hash that agrees on equal rows: −0 and 0 are equal, so both are hashed as 0.
fn row_hash(row: &[f32]) -> u64 {
    row.iter().fold(0, |hash: u64, &value| {
        (hash.rotate_left(5) ^ u64::from((value + 0.0).to_bits())).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_frames_share_the_first_index() {
        let features = [1.0, 2.0, /**/ 3.0, 4.0, /**/ 1.0, 2.0, /**/ 3.0, 5.0, /**/ 1.0, 2.0];
        assert_eq!(identical_frames(&features, 2, &[true; 5]).unwrap(), [0, 1, 0, 3, 0]);
    }

    #[test]
    fn padding_equals_nothing() {
        assert_eq!(identical_frames(&[0.0; 4], 1, &[true, false, true, false]).unwrap(), [0, 1, 0, 3]);
    }

    #[test]
    fn negative_zero_equals_zero_and_nan_equals_nothing() {
        assert_eq!(identical_frames(&[0.0, -0.0], 1, &[true; 2]).unwrap(), [0, 0]);
        assert_eq!(identical_frames(&[f32::NAN, f32::NAN], 1, &[true; 2]).unwrap(), [0, 1]);
    }

    #[test]
    fn mask_of_another_length_is_named() {
        let error = identical_frames(&[0.0; 4], 2, &[true]).unwrap_err();
        assert!(matches!(error, VisionError::MaskLength { mask: 1, frames: 2 }));
    }
}
