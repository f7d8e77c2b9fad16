//! The ten operations of RandAugment, each at a strength.

use serde::{Deserialize, Serialize};

use crate::Image;
use crate::affine::{Affine, warp};
use crate::sharpness::sharpness;
use crate::tone::{auto_contrast, brightness, equalize};

/// The largest magnitude, where shears are by 0.3, shifts by 10 pixels, turns by 30° and factors 1.9.
pub const MAX_MAGNITUDE: u32 = 10;

/// One change of a picture, which keeps its size; what comes from outside is 128. The numbers are ALBEF's
/// (`dataset/randaugment.py`), and so are the pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Augmentation {
    /// Nothing.
    Identity,
    /// Stretches each channel to 0 … 255.
    AutoContrast,
    /// Spreads each channel's levels evenly.
    Equalize,
    /// Multiplies all levels by the factor.
    Brightness(f64),
    /// Sharpens by a factor above 1, blurs by one below.
    Sharpness(f64),
    /// Moves row y left by this · y.
    ShearX(f64),
    /// Moves column x up by this · x.
    ShearY(f64),
    /// Moves left by pixels.
    TranslateX(f64),
    /// Moves up by pixels.
    TranslateY(f64),
    /// Turns anticlockwise by degrees around the middle.
    Rotate(f64),
}

/// The direction of a shear, a shift or a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// As [`Augmentation`] says.
    Plus,
    /// The other way.
    Minus,
}

/// Whether augmentation follows the reference's faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AugmentCompat {
    /// `AutoContrast` as Pillow has it, `Sharpness` clipped.
    #[default]
    Corrected,
    /// As ALBEF was trained: `AutoContrast` turns a channel whose minimum is not 0 white, `Sharpness` wraps past 0 and
    /// 255. The other eight are the same.
    Seed,
}

impl Augmentation {
    /// The ten operations at `magnitude` of [`MAX_MAGNITUDE`], directed ones with `sign`, in the reference's order.
    pub fn ten(magnitude: u32, sign: Sign) -> [Self; 10] {
        let share = f64::from(magnitude) / f64::from(MAX_MAGNITUDE);
        let factor = 1.8 * share + 0.1;
        let signed = match sign {
            Sign::Plus => share,
            Sign::Minus => -share,
        };
        [
            Self::Identity,
            Self::AutoContrast,
            Self::Equalize,
            Self::Brightness(factor),
            Self::Sharpness(factor),
            Self::ShearX(0.3 * signed),
            Self::ShearY(0.3 * signed),
            Self::TranslateX(10.0 * signed),
            Self::TranslateY(10.0 * signed),
            Self::Rotate(30.0 * signed),
        ]
    }

    /// The changed picture.
    pub fn apply(&self, image: &Image, compat: AugmentCompat) -> Image {
        match *self {
            Self::Identity => image.clone(),
            Self::AutoContrast => auto_contrast(image, compat),
            Self::Equalize => equalize(image),
            Self::Brightness(factor) => brightness(image, factor),
            Self::Sharpness(factor) => sharpness(image, factor, compat),
            Self::ShearX(shear) => warp(image, &Affine::shear_x(shear)),
            Self::ShearY(shear) => warp(image, &Affine::shear_y(shear)),
            Self::TranslateX(pixels) => warp(image, &Affine::translate(-pixels, 0.0)),
            Self::TranslateY(pixels) => warp(image, &Affine::translate(0.0, -pixels)),
            Self::Rotate(degrees) => warp(image, &Affine::rotate(degrees, image.width(), image.height())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn albef_strengths_at_seven_of_ten() {
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
        for (sign, direction) in [(Sign::Plus, 1.0), (Sign::Minus, -1.0)] {
            for operation in Augmentation::ten(7, sign) {
                match operation {
                    Augmentation::Identity | Augmentation::AutoContrast | Augmentation::Equalize => {}
                    Augmentation::Brightness(factor) | Augmentation::Sharpness(factor) => near(factor, 1.36),
                    Augmentation::ShearX(shear) | Augmentation::ShearY(shear) => near(shear, 0.21 * direction),
                    Augmentation::TranslateX(by) | Augmentation::TranslateY(by) => near(by, 7.0 * direction),
                    Augmentation::Rotate(degrees) => near(degrees, 21.0 * direction),
                }
            }
        }
    }

    #[test]
    fn albef_operations_keep_the_size_of_any_picture() {
        for (width, height) in [(1, 1), (2, 3), (1, 40), (1000, 10)] {
            let image = Image::from_fn(width, height, |x, y| [(x * 7) as u8, (y * 31) as u8, 200]).unwrap();
            for operation in [Sign::Plus, Sign::Minus].into_iter().flat_map(|sign| Augmentation::ten(10, sign)) {
                for compat in [AugmentCompat::Corrected, AugmentCompat::Seed] {
                    let changed = operation.apply(&image, compat);
                    assert_eq!((changed.width(), changed.height()), (width, height), "{operation:?}");
                }
            }
        }
    }
}
