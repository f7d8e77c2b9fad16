//! Frames of clips, and frames that are equal to an earlier one.

use serde::Serialize;

use crate::Histogram;
use crate::digest::FrameDigest;

/// Frames of clips.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClipNumbers {
    /// Frames of each clip.
    pub frames: Histogram,
    /// Frames that are equal to an earlier one of their clip.
    pub repeated_frames: u64,
    /// Clips with such frames.
    pub clips_with_repeated: u64,
    /// Clips of several frames, all equal.
    pub still: u64,
}

impl ClipNumbers {
    pub(crate) fn add(&mut self, clip: FrameDigest) {
        self.frames.add(clip.frames);
        self.repeated_frames += (clip.frames - clip.distinct) as u64;
        self.clips_with_repeated += u64::from(clip.distinct < clip.frames);
        self.still += u64::from(clip.distinct == 1 && clip.frames > 1);
    }

    /// How many clips there are.
    pub fn clips(&self) -> u64 {
        self.frames.len()
    }
}
