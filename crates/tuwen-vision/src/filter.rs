//! The kernels that resizing weighs pixels with, as Pillow has them.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// The interpolation kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResizeFilter {
    /// Mean of the covered area, Pillow's `BOX`; the nearest pixel when enlarging.
    Area,
    /// Triangle, Pillow's `BILINEAR`.
    Bilinear,
    /// Cubic with a = −0.5 (Catmull–Rom), Pillow's `BICUBIC`.
    #[default]
    Bicubic,
    /// Windowed sinc of three lobes, Pillow's `LANCZOS`.
    Lanczos3,
}

impl ResizeFilter {
    /// How far from its centre the kernel is not zero, in pixels of the target when shrinking, of the source when enlarging.
    pub(crate) fn reach(self) -> f64 {
        match self {
            Self::Area => 0.5,
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos3 => 3.0,
        }
    }

    /// The kernel at `x`, before the weights of a pixel are brought to a sum of 1.
    pub(crate) fn weight(self, x: f64) -> f64 {
        match self {
            // Half open, or a pixel on the border between two would count for both.
            Self::Area => f64::from(u8::from(x > -0.5 && x <= 0.5)),
            Self::Bilinear => (1.0 - x.abs()).max(0.0),
            Self::Bicubic => cubic(x.abs()),
            Self::Lanczos3 if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            Self::Lanczos3 => 0.0,
        }
    }
}

fn cubic(x: f64) -> f64 {
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5
    } else {
        0.0
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) }
}

#[cfg(test)]
mod tests {
    use super::ResizeFilter::{Area, Bicubic, Bilinear, Lanczos3};

    #[test]
    fn kernels_pass_through_their_points() {
        for (x, expected) in [(0.0, 1.0), (0.5, 0.5625), (1.0, 0.0), (1.5, -0.0625), (-1.5, -0.0625), (2.0, 0.0)] {
            assert_eq!(Bicubic.weight(x), expected, "at {x}");
        }
        for (x, expected) in [(0.0, 1.0), (-0.25, 0.75), (1.0, 0.0), (7.0, 0.0)] {
            assert_eq!(Bilinear.weight(x), expected, "at {x}");
        }
        for (x, expected) in [(0.0, 1.0), (0.5, 1.0), (-0.5, 0.0), (0.6, 0.0)] {
            assert_eq!(Area.weight(x), expected, "at {x}");
        }
        // 2/π · 3/π at a half.
        for (x, expected) in [(0.0, 1.0), (0.5, 0.607_927_101_854_026_6), (1.0, 0.0), (-2.0, 0.0), (3.0, 0.0)] {
            assert!((Lanczos3.weight(x) - expected).abs() < 1e-15, "at {x}");
        }
    }
}
