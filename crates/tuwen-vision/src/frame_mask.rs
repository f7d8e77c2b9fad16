//! Chooses the frames that masked frame modelling hides, and hides them.

use serde::{Deserialize, Serialize};
use tuwen_random::{Draws, Stream};

use crate::VisionError;
use crate::frames::frame_count;

/// The part of the masking probability that hides a frame; the other tenth changes nothing. QQ UniBERT, `masklm.py`.
pub const FRAME_MASK_SHARE: f64 = 0.9;

const MASK: Stream = Stream::named("mfm.mask");

/// How frames are masked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameMasking {
    /// Masking probability p; a valid frame is hidden with probability 0.9·p. 0.15 in QQ UniBERT, 0.25 in its job 6.
    pub probability: f64,
    /// What happens to a clip of which no frame was drawn.
    #[serde(default)]
    pub at_least: AtLeast,
}

/// How many frames of a clip are masked at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtLeast {
    /// A clip may go without a masked frame, as in QQ UniBERT.
    #[default]
    None,
    /// The valid frame with the smallest draw is masked if no draw was small enough, so each clip has one; as in HERO.
    OneMasked,
}

/// The frames of one clip that are hidden from the model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaskedFrames {
    /// Their places in the clip, ascending.
    pub positions: Vec<u32>,
}

/// Masks the valid frames `t` with `draws[t] < 0.9·p`. Padding is never masked; a clip of padding alone has nothing to
/// mask. Errors: not one draw per frame, a probability outside `[0, 1]`.
pub fn mask_frames(frame_mask: &[bool], masking: &FrameMasking, draws: &[f64]) -> Result<MaskedFrames, VisionError> {
    if draws.len() != frame_mask.len() {
        return Err(VisionError::DrawCount { draws: draws.len(), frames: frame_mask.len() });
    }
    if !(0.0..=1.0).contains(&masking.probability) {
        return Err(VisionError::Probability(masking.probability));
    }
    let threshold = FRAME_MASK_SHARE * masking.probability;
    let valid = || (0..frame_mask.len()).filter(|&t| frame_mask[t]);
    let mut positions: Vec<u32> = valid().filter(|&t| draws[t] < threshold).map(|t| t as u32).collect();
    if positions.is_empty() && masking.at_least == AtLeast::OneMasked {
        // The draws are alike for all frames, so the smallest is at each valid frame equally often.
        positions.extend(valid().min_by(|&s, &t| draws[s].total_cmp(&draws[t])).map(|t| t as u32));
    }
    Ok(MaskedFrames { positions })
}

/// The uniform draws in `[0, 1)` of one clip, one per frame: a function of seed, epoch, sample and place.
pub fn frame_draws(seed: u64, epoch: u64, sample: u64, frames: usize) -> Vec<f64> {
    let draws = Draws::new(seed, MASK, epoch, sample);
    (0..frames as u64).map(|position| draws.uniform(position)).collect()
}

/// Sets the masked frames of `features` `[T, width]` to zero. Errors: features that aren't whole frames, a masked
/// frame past the end.
pub fn zero_frames(features: &mut [f32], width: usize, masked: &MaskedFrames) -> Result<(), VisionError> {
    let frames = frame_count(features, width)?;
    for &position in &masked.positions {
        let frame = position as usize;
        if frame >= frames {
            return Err(VisionError::FrameIndex { frame, frames });
        }
        features[frame * width..][..width].fill(0.0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: FrameMasking = FrameMasking { probability: 0.5, at_least: AtLeast::None };
    const ONE: FrameMasking = FrameMasking { probability: 0.5, at_least: AtLeast::OneMasked };

    #[test]
    fn draws_below_nine_tenths_of_the_probability_mask() {
        // 0.9 · 0.5 = 0.45; the third frame is padding.
        let masked = mask_frames(&[true, true, false, true], &HALF, &[0.44, 0.46, 0.0, 0.1]).unwrap();
        assert_eq!(masked.positions, [0, 3]);
    }

    #[test]
    fn one_masked_takes_the_smallest_draw_of_a_valid_frame() {
        let (mask, draws) = ([false, true, true, true], [0.5, 0.9, 0.6, 0.7]);
        assert!(mask_frames(&mask, &HALF, &draws).unwrap().positions.is_empty());
        assert_eq!(mask_frames(&mask, &ONE, &draws).unwrap().positions, [2]);
        assert!(mask_frames(&[false; 4], &ONE, &draws).unwrap().positions.is_empty());
    }

    #[test]
    fn share_of_masked_frames_is_nine_tenths_of_the_probability() {
        let mask: Vec<bool> = (0..32).map(|t| t < 24).collect();
        for (probability, clips) in [(0.15, 4000), (0.25, 4000), (1.0, 4000)] {
            let masking = FrameMasking { probability, at_least: AtLeast::None };
            let mut masked = 0;
            for clip in 0..clips {
                let positions = mask_frames(&mask, &masking, &frame_draws(7, 1, clip, 32)).unwrap().positions;
                assert!(positions.iter().all(|&t| t < 24), "padding is masked in clip {clip}");
                masked += positions.len();
            }
            let (n, expected) = ((24 * clips) as f64, 0.9 * probability);
            let sigma = (expected * (1.0 - expected) / n).sqrt();
            let share = masked as f64 / n;
            assert!((share - expected).abs() < 3.0 * sigma, "{share}, expected {expected} ± {sigma}");
        }
    }

    #[test]
    fn one_masked_is_fair_to_all_valid_frames() {
        // p = 0: every clip takes its smallest draw. χ² over 4 places, 3 degrees of freedom: 16.3 is its 0.1 % point.
        let masking = FrameMasking { probability: 0.0, at_least: AtLeast::OneMasked };
        let (clips, mut counts) = (8000_u64, [0_f64; 4]);
        for clip in 0..clips {
            let masked = mask_frames(&[true; 4], &masking, &frame_draws(7, 0, clip, 4)).unwrap();
            assert_eq!(masked.positions.len(), 1);
            counts[masked.positions[0] as usize] += 1.0;
        }
        let chi2: f64 = counts.iter().map(|c| (c - 2000.0).powi(2) / 2000.0).sum();
        assert!(chi2 < 16.3, "χ² {chi2}: {counts:?}");
    }

    #[test]
    fn draws_depend_on_seed_epoch_and_sample() {
        let draws = frame_draws(1, 2, 3, 4);
        assert_eq!(draws, frame_draws(1, 2, 3, 8)[..4]);
        for other in [frame_draws(9, 2, 3, 4), frame_draws(1, 9, 3, 4), frame_draws(1, 2, 9, 4)] {
            assert_ne!(draws, other);
        }
    }

    #[test]
    fn zeroed_frames_are_the_masked_ones() {
        let mut features = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        zero_frames(&mut features, 2, &MaskedFrames { positions: vec![0, 2] }).unwrap();
        assert_eq!(features, [0.0, 0.0, 3.0, 4.0, 0.0, 0.0]);
        let error = zero_frames(&mut features, 2, &MaskedFrames { positions: vec![3] }).unwrap_err();
        assert!(matches!(error, VisionError::FrameIndex { frame: 3, frames: 3 }));
    }

    #[test]
    fn wrong_draws_and_probabilities_are_named() {
        assert!(matches!(mask_frames(&[true], &HALF, &[]), Err(VisionError::DrawCount { draws: 0, frames: 1 })));
        for probability in [-0.1, 1.1, f64::NAN] {
            let masking = FrameMasking { probability, at_least: AtLeast::None };
            assert!(matches!(mask_frames(&[true], &masking, &[0.0]), Err(VisionError::Probability(_))));
        }
    }

    #[test]
    fn recipe_section_refuses_unknown_keys() {
        let read = |json: &str| serde_json::from_str::<FrameMasking>(json);
        assert_eq!(read(r#"{"probability": 0.5}"#).unwrap(), HALF);
        assert_eq!(read(r#"{"probability": 0.5, "at_least": "one_masked"}"#).unwrap(), ONE);
        assert!(read(r#"{"probability": 0.5, "at_lest": "none"}"#).is_err());
    }
}
