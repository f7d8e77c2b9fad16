//! Turns images into patches and clips into frames, resized, normalised and masked.
//!
//! A picture goes `decode_image` → `split_strip` or `resize` → [`FrameDescriptor`]; a clip's frame features go
//! `sample_frames` → `gather_frames` → `mask_frames`; a [`TrainTransform`] or [`TestTransform`] makes a picture into pixel
//! values for a vision transformer. Everything is host code over flat `f32` slices, the same bits on every run, and every
//! draw is an argument.
//!
//! ```
//! use tuwen_vision::*;
//! # fn main() -> Result<(), VisionError> {
//! // Three 64×64 frames side by side, the last two alike.
//! let strip = Image::from_fn(192, 64, |x, y| if x < 64 { [x as u8, y as u8, 0] } else { [x as u8 % 64, 9, 9] })?;
//! let descriptor = FrameDescriptor::Thumbnail { side: 16, standardise: Standardise::Frame };
//! let features = descriptor.describe_clip(&split_strip(&strip, 3)?)?; // [3, 768]
//!
//! // Cut or padded to eight frames, then masked; the masked ones are set to zero before the model sees them.
//! let sampled = sample_frames(3, 8, FrameSampling::Uniform)?;
//! let (frame_features, frame_mask) = gather_frames(&features, descriptor.width(), &sampled)?; // [8, 768], [8]
//! let masking = FrameMasking { probability: 0.15, at_least: AtLeast::OneMasked };
//! let masked = mask_frames(&frame_mask, &masking, &frame_draws(42, 0, 1841, 8))?;
//! let mut model_input = frame_features.clone();
//! zero_frames(&mut model_input, descriptor.width(), &masked)?;
//!
//! assert_eq!(frame_mask, [true, true, true, false, false, false, false, false]);
//! assert_eq!(identical_frames(&frame_features, descriptor.width(), &frame_mask)?, [0, 1, 1, 3, 4, 5, 6, 7]);
//! assert!(!masked.positions.is_empty());
//! # Ok(())
//! # }
//! ```

mod affine;
mod augmentation;
mod crop;
mod decode;
mod descriptor;
mod error;
mod filter;
mod flip;
mod frame_mask;
mod frames;
mod identical;
mod image;
mod jpeg;
mod normalise;
mod patches;
mod rand_augment;
mod random_crop;
mod resample;
mod resize;
mod sharpness;
mod strip;
mod tone;
mod transform;
mod vectors;

pub use crate::image::{Image, MAX_IMAGE_BYTES};
pub use augmentation::{AugmentCompat, Augmentation, MAX_MAGNITUDE, Sign};
pub use crop::{CropBox, crop};
pub use decode::decode_image;
pub use descriptor::{FrameDescriptor, Standardise};
pub use error::VisionError;
pub use filter::ResizeFilter;
pub use flip::{Flip, flip_horizontally};
pub use frame_mask::{AtLeast, FRAME_MASK_SHARE, FrameMasking, MaskedFrames, frame_draws, mask_frames, zero_frames};
pub use frames::{FrameSampling, SampledFrames, gather_frames, sample_frames};
pub use identical::identical_frames;
pub use normalise::{Normalisation, PixelPlanes};
pub use patches::patches;
pub use rand_augment::RandAugment;
pub use random_crop::random_crop;
pub use resize::resize;
pub use strip::split_strip;
pub use transform::{ImageDraws, TestTransform, TrainTransform};
