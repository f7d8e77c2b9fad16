//! Sizes of pictures, or of the frames of a strip.

use serde::Serialize;

use crate::Histogram;

/// Sizes of pictures, or of the frames of a strip, in pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PictureNumbers {
    /// Pixels across.
    pub widths: Histogram,
    /// Pixels down.
    pub heights: Histogram,
    /// The shorter side of each.
    pub shorter_sides: Histogram,
    /// The longer side of each in per cent of the shorter one: 100 is a square.
    pub aspects: Histogram,
}

impl PictureNumbers {
    pub(crate) fn add(&mut self, (width, height): (u32, u32)) {
        let (width, height) = (width as usize, height as usize);
        self.widths.add(width);
        self.heights.add(height);
        self.shorter_sides.add(width.min(height));
        self.aspects.add((100 * width.max(height)).checked_div(width.min(height)).unwrap_or(0));
    }

    /// How many pictures there are.
    pub fn pictures(&self) -> u64 {
        self.widths.len()
    }
}
