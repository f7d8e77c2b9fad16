//! Brings a clip of any number of frames to a fixed length, by zero frames or by even sampling.

use serde::{Deserialize, Serialize};

use crate::VisionError;

/// Which rule brings a clip to its length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameSampling {
    /// Zero frames after `n ≤ length` frames; else frame `round((i + ½)(n − 1)/length)`, halves to even, all valid.
    #[default]
    Uniform,
    /// The reference's `record_trans.py`: at `n = length + 1` all `n` frames are kept, and of `length < n < 2·length`
    /// only the first `n − length` sampled frames are valid.
    Seed,
}

/// Which frame stands where, and which places hold a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledFrames {
    /// The clip's frame at each place; `None` is a zero frame. As long as the mask, but for [`FrameSampling::Seed`].
    pub index: Vec<Option<usize>>,
    /// Whether each place is attended.
    pub mask: Vec<bool>,
}

/// Brings a clip of `frames` frames to `length` places. Indices are computed in whole numbers, so halves are exact at
/// every length. Errors: no frames, no length. QQ UniBERT, `record_trans.py`.
pub fn sample_frames(frames: usize, length: usize, sampling: FrameSampling) -> Result<SampledFrames, VisionError> {
    if frames == 0 {
        return Err(VisionError::NoFrames);
    }
    if length == 0 {
        return Err(VisionError::NoLength);
    }
    // The reference asks whether the step (n − 1)/length is at most 1, which is one frame too late.
    let longest_unsampled = match sampling {
        FrameSampling::Uniform => length,
        FrameSampling::Seed => length + 1,
    };
    let index = if frames <= longest_unsampled {
        (0..length.max(frames)).map(|i| (i < frames).then_some(i)).collect()
    } else {
        (0..length).map(|i| Some(sampled_index(i, frames, length))).collect()
    };
    // The reference clears `mask[n − length..]`, counted from the front once n exceeds the length.
    let valid = match sampling {
        FrameSampling::Seed if frames > length => frames - length,
        _ => frames,
    };
    Ok(SampledFrames { index, mask: (0..length).map(|i| i < valid).collect() })
}

/// `(2i + 1)(n − 1) / (2·length)` rounded half to even.
fn sampled_index(i: usize, frames: usize, length: usize) -> usize {
    let (numerator, denominator) = ((2 * i as u128 + 1) * (frames as u128 - 1), 2 * length as u128);
    let (quotient, remainder) = (numerator / denominator, numerator % denominator);
    let up = match (2 * remainder).cmp(&denominator) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => quotient % 2,
        std::cmp::Ordering::Greater => 1,
    };
    (quotient + up) as usize
}

/// Copies the sampled frames out of `features` `[n, width]`: values `[length, width]`, zero where there is no frame,
/// and the mask `[length]`. Errors: features that aren't whole frames, an index past the end, indices and mask of
/// different length (the reference fails there too, when it stacks the batch).
pub fn gather_frames(
    features: &[f32],
    width: usize,
    sampled: &SampledFrames,
) -> Result<(Vec<f32>, Vec<bool>), VisionError> {
    let frames = frame_count(features, width)?;
    if sampled.index.len() != sampled.mask.len() {
        return Err(VisionError::SampleLength { indices: sampled.index.len(), mask: sampled.mask.len() });
    }
    let mut values = vec![0.0; sampled.index.len() * width];
    for (row, frame) in values.chunks_exact_mut(width).zip(&sampled.index) {
        if let &Some(frame) = frame {
            if frame >= frames {
                return Err(VisionError::FrameIndex { frame, frames });
            }
            row.copy_from_slice(&features[frame * width..][..width]);
        }
    }
    Ok((values, sampled.mask.clone()))
}

/// How many frames of `width` values a buffer holds.
pub(crate) fn frame_count(features: &[f32], width: usize) -> Result<usize, VisionError> {
    match features.len().checked_rem(width) {
        Some(0) => Ok(features.len() / width),
        _ => Err(VisionError::FeatureLength { values: features.len(), width }),
    }
}

#[cfg(test)]
mod tests {
    use super::FrameSampling::{Seed, Uniform};
    use super::*;

    fn indices(frames: usize, length: usize, sampling: FrameSampling) -> Vec<usize> {
        sample_frames(frames, length, sampling).unwrap().index.into_iter().flatten().collect()
    }

    #[test]
    fn short_clip_is_padded() {
        for sampling in [Uniform, Seed] {
            let sampled = sample_frames(2, 4, sampling).unwrap();
            assert_eq!(sampled.index, [Some(0), Some(1), None, None]);
            assert_eq!(sampled.mask, [true, true, false, false]);
        }
    }

    #[test]
    fn long_clip_is_sampled_with_halves_to_even() {
        // (i + ½)·4/4 = 0.5, 1.5, 2.5, 3.5
        assert_eq!(indices(5, 4, Uniform), [0, 2, 2, 4]);
        // (i + ½)·9/3 = 1.5, 4.5, 7.5: exact although 9/3 is no power of two
        assert_eq!(indices(10, 3, Uniform), [2, 4, 8]);
        assert_eq!(sample_frames(10, 3, Uniform).unwrap().mask, [true; 3]);
    }

    #[test]
    fn seed_keeps_one_frame_too_many() {
        let sampled = sample_frames(5, 4, Seed).unwrap();
        assert_eq!(indices(5, 4, Seed), [0, 1, 2, 3, 4]);
        assert_eq!(sampled.mask, [true, false, false, false]);
        let error = gather_frames(&[0.0; 5], 1, &sampled).unwrap_err();
        assert!(matches!(error, VisionError::SampleLength { indices: 5, mask: 4 }), "{error}");
    }

    #[test]
    fn seed_masks_valid_frames_up_to_twice_the_length() {
        for (frames, visible) in [(4, 4), (5, 1), (6, 2), (7, 3), (8, 4), (9, 4)] {
            let valid = |sampling| sample_frames(frames, 4, sampling).unwrap().mask.iter().filter(|&&m| m).count();
            assert_eq!((valid(Seed), valid(Uniform)), (visible, 4), "{frames} frames");
        }
    }

    #[test]
    fn indices_stay_inside_and_in_order_at_any_length() {
        for length in 1..40 {
            for frames in 1..120 {
                let index = indices(frames, length, Uniform);
                assert_eq!(index.len(), frames.min(length));
                assert!(index.is_sorted() && index.iter().all(|&i| i < frames), "{frames} to {length}: {index:?}");
            }
        }
        assert_eq!(indices(usize::MAX, 1, Uniform), [usize::MAX / 2]);
    }

    #[test]
    fn gathered_frames_are_rows_or_zeros() {
        let sampled = SampledFrames { index: vec![Some(1), None], mask: vec![true, false] };
        let (values, mask) = gather_frames(&[1.0, 2.0, 3.0, 4.0], 2, &sampled).unwrap();
        assert_eq!((values, mask), (vec![3.0, 4.0, 0.0, 0.0], vec![true, false]));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(matches!(sample_frames(0, 4, Uniform), Err(VisionError::NoFrames)));
        assert!(matches!(sample_frames(4, 0, Uniform), Err(VisionError::NoLength)));
        let sampled = SampledFrames { index: vec![Some(2)], mask: vec![true] };
        let gather = |width| gather_frames(&[0.0; 4], width, &sampled);
        assert!(matches!(gather(3), Err(VisionError::FeatureLength { values: 4, width: 3 })));
        assert!(matches!(gather(0), Err(VisionError::FeatureLength { values: 4, width: 0 })));
        assert!(matches!(gather(2), Err(VisionError::FrameIndex { frame: 2, frames: 2 })));
    }
}
