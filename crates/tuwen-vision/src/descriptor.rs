//! Describes a picture by plain numbers, so that clips and images can stand in for frame features made by a network.

use serde::{Deserialize, Serialize};

use crate::image::rgb_bytes;
use crate::{Image, Normalisation, ResizeFilter, VisionError, patches, resize};

/// How a picture becomes frame features: a thumbnail is one frame of a clip, patches make an image a clip of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FrameDescriptor {
    /// The picture shrunk by area to `side × side`, as standardised values `[3, side, side]`: one frame of `3·side²`.
    Thumbnail {
        /// Side of the thumbnail in pixels; 16 gives 768 values.
        side: u32,
        /// How its values are centred and scaled.
        #[serde(default)]
        standardise: Standardise,
    },
    /// The picture resized bicubically to `side × side`, normalised by [`Normalisation::ON_WHITE`] and cut into
    /// patches, each a frame: `(side/patch)²` frames of `3·patch²`.
    Patches {
        /// Side of the resized picture in pixels, a multiple of `patch`.
        side: u32,
        /// Side of a patch in pixels.
        patch: u32,
    },
}

/// How the values of a thumbnail are centred and scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standardise {
    /// `(x − m)/max(s, 1/255)`, m and s the mean and the standard deviation of this frame's own `3·side²` values in
    /// `[0, 1]`. All frames but plain ones have the same norm √(3·side²), so the dot products of the frame NCE are
    /// cosines times a constant, and no frame wins by being large. A plain frame is zero. Measured (`tests/measured.rs`):
    /// the mean of a clip's other frames points to the own clip among 32 in 960 of 960 cases.
    #[default]
    Frame,
    /// [`Normalisation::ON_WHITE`] on each channel: keeps brightness, and with it norms that differ (16 to 59); of the
    /// same 960 cases 844 point to the own clip.
    Channel,
}

impl FrameDescriptor {
    /// Values of one frame.
    pub fn width(&self) -> usize {
        let side = match *self {
            Self::Thumbnail { side, .. } => side,
            Self::Patches { patch, .. } => patch,
        } as usize;
        side.saturating_mul(side).saturating_mul(3)
    }

    /// Frames that one picture becomes.
    pub fn frames_per_image(&self) -> usize {
        match *self {
            Self::Thumbnail { .. } => 1,
            Self::Patches { side, patch } => {
                let row = side.checked_div(patch).unwrap_or(0) as usize;
                row.saturating_mul(row)
            }
        }
    }

    /// Whether any picture can be described so. Errors: a side of 0 or above the size limit, a side that patches do not
    /// fill.
    pub fn check(&self) -> Result<(), VisionError> {
        match *self {
            Self::Patches { side, patch } if side.checked_rem(patch) != Some(0) => {
                Err(VisionError::PatchSize { side, patch })
            }
            Self::Thumbnail { side, .. } | Self::Patches { side, .. } => rgb_bytes(side, side).map(|_| ()),
        }
    }

    /// Describes one picture: `[frames_per_image, width]`. Errors as [`FrameDescriptor::check`].
    pub fn describe(&self, image: &Image) -> Result<Vec<f32>, VisionError> {
        self.check()?;
        match *self {
            Self::Thumbnail { side, standardise } => {
                let thumbnail = resize(image, side, side, ResizeFilter::Area)?;
                Ok(match standardise {
                    Standardise::Channel => Normalisation::ON_WHITE.apply(&thumbnail),
                    Standardise::Frame => standardise_frame(&thumbnail),
                })
            }
            Self::Patches { side, patch } => {
                let resized = resize(image, side, side, ResizeFilter::Bicubic)?;
                patches(&Normalisation::ON_WHITE.apply(&resized), side, side, patch)
            }
        }
    }

    /// Describes the pictures of a clip in order: `[images · frames_per_image, width]`.
    pub fn describe_clip(&self, images: &[Image]) -> Result<Vec<f32>, VisionError> {
        let mut values = Vec::with_capacity(images.len() * self.frames_per_image() * self.width());
        for image in images {
            values.extend(self.describe(image)?);
        }
        Ok(values)
    }
}

/// Zero mean and unit variance over all values of a frame.
fn standardise_frame(image: &Image) -> Vec<f32> {
    // Sums of whole numbers are exact, so the result does not depend on their order.
    let (sum, squares) = image.pixels().iter().fold((0_u64, 0_u64), |(sum, squares), &pixel| {
        (sum + u64::from(pixel), squares + u64::from(pixel) * u64::from(pixel))
    });
    let n = image.pixels().len() as f64;
    let mean = sum as f64 / n;
    let variance = (squares as f64 / n - mean * mean).max(0.0);
    // Contrast below one of the 255 levels is rounding, not picture, and is not blown up.
    let std = variance.sqrt().max(1.0);
    Normalisation { mean: [(mean / 255.0) as f32; 3], std: [(std / 255.0) as f32; 3] }.apply(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: FrameDescriptor = FrameDescriptor::Thumbnail { side: 16, standardise: Standardise::Frame };
    const CHANNEL: FrameDescriptor = FrameDescriptor::Thumbnail { side: 16, standardise: Standardise::Channel };
    const PATCHES: FrameDescriptor = FrameDescriptor::Patches { side: 32, patch: 16 };

    fn picture() -> Image {
        Image::from_fn(64, 48, |x, y| [(4 * x) as u8, (5 * y) as u8, ((x * y) % 256) as u8]).unwrap()
    }

    #[test]
    fn lengths_are_as_stated() {
        for (descriptor, frames, width) in [(FRAME, 1, 768), (CHANNEL, 1, 768), (PATCHES, 4, 768)] {
            assert_eq!((descriptor.frames_per_image(), descriptor.width()), (frames, width));
            let clip = descriptor.describe_clip(&[picture(), picture()]).unwrap();
            assert_eq!(clip.len(), 2 * frames * width);
            assert_eq!(clip[..frames * width], descriptor.describe(&picture()).unwrap());
        }
    }

    #[test]
    fn standardised_frames_have_mean_zero_and_equal_norm() {
        let dim = Image::from_fn(20, 20, |x, _| [100 + x as u8; 3]).unwrap();
        for image in [picture(), dim] {
            let values = FRAME.describe(&image).unwrap();
            let mean = values.iter().sum::<f32>() / 768.0;
            let norm = values.iter().map(|x| x * x).sum::<f32>();
            assert!(mean.abs() < 1e-4 && (norm - 768.0).abs() < 0.1, "mean {mean}, squared norm {norm}");
        }
    }

    #[test]
    fn two_levels_become_plus_and_minus_one() {
        let halves = Image::from_fn(16, 16, |x, _| if x < 8 { [50; 3] } else { [150; 3] }).unwrap();
        for (i, value) in FRAME.describe(&halves).unwrap().iter().enumerate() {
            let expected = if i % 16 < 8 { -1.0 } else { 1.0 }; // mean 100, deviation 50
            assert!((value - expected).abs() < 1e-5, "value {i} is {value}");
        }
    }

    #[test]
    fn plain_and_nearly_plain_frames_stay_small() {
        let plain = FRAME.describe(&Image::from_fn(64, 64, |_, _| [255; 3]).unwrap()).unwrap();
        assert!(plain.iter().all(|value| value.abs() < 1e-4), "{:?}", plain[0]);
        let speck = Image::from_fn(16, 16, |x, y| if (x, y) == (3, 3) { [254; 3] } else { [255; 3] }).unwrap();
        assert!(FRAME.describe(&speck).unwrap().iter().all(|value| value.abs() <= 1.0));
    }

    #[test]
    fn channel_values_are_normalised_thumbnail_pixels() {
        let white = Image::from_fn(64, 64, |_, _| [255; 3]).unwrap();
        let values = CHANNEL.describe(&white).unwrap();
        let Normalisation { mean, std } = Normalisation::ON_WHITE;
        for (channel, plane) in values.chunks_exact(256).enumerate() {
            assert!(plane.iter().all(|&value| value == (1.0 - mean[channel]) / std[channel]));
        }
    }

    #[test]
    fn patches_of_a_picture_are_its_quarters() {
        let quarters = Image::from_fn(32, 32, |x, y| [if x < 16 { 0 } else { 255 }, if y < 16 { 0 } else { 255 }, 0]);
        let values = PATCHES.describe(&quarters.unwrap()).unwrap();
        let red: Vec<bool> = values.chunks_exact(768).map(|patch| patch[0] > 0.0).collect();
        let green: Vec<bool> = values.chunks_exact(768).map(|patch| patch[256] > 0.0).collect();
        assert_eq!((red, green), (vec![false, true, false, true], vec![false, false, true, true]));
    }

    #[test]
    fn impossible_descriptors_are_named() {
        let describe = |descriptor: FrameDescriptor| descriptor.describe(&picture());
        let thumbnail = |side| FrameDescriptor::Thumbnail { side, standardise: Standardise::Frame };
        assert!(matches!(describe(thumbnail(0)), Err(VisionError::EmptyImage { .. })));
        assert!(matches!(describe(thumbnail(u32::MAX)), Err(VisionError::TooLarge { .. })));
        for patch in [0, 5] {
            let error = describe(FrameDescriptor::Patches { side: 32, patch }).unwrap_err();
            assert!(matches!(error, VisionError::PatchSize { side: 32, .. }), "{error}");
        }
    }

    #[test]
    fn recipe_section_round_trips_and_refuses_unknown_keys() {
        let read = |json: &str| serde_json::from_str::<FrameDescriptor>(json);
        assert_eq!(read(r#"{"kind": "thumbnail", "side": 16}"#).unwrap(), FRAME);
        for descriptor in [FRAME, CHANNEL, PATCHES] {
            assert_eq!(read(&serde_json::to_string(&descriptor).unwrap()).unwrap(), descriptor);
        }
        assert!(read(r#"{"kind": "thumbnail", "side": 16, "patch": 4}"#).is_err());
        assert!(read(r#"{"kind": "patches", "side": 16}"#).is_err());
    }
}
