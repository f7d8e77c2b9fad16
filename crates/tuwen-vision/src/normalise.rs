//! Turns 8-bit pixels into the zero-centred values that a model reads.

use serde::{Deserialize, Serialize};

use crate::Image;

/// Mean and standard deviation of each channel, red, green, blue, of pixels scaled to `[0, 1]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalisation {
    /// What is subtracted.
    pub mean: [f32; 3],
    /// What is divided by.
    pub std: [f32; 3],
}

impl Normalisation {
    /// CLIP's (`clip.py`, `_transform`), and so ALBEF's and BLIP's, as `f32` holds them.
    pub const CLIP: Self = Self { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.2613026, 0.2757771] };
    /// ImageNet's, as torchvision's models use it.
    pub const IMAGENET: Self = Self { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    /// `[0, 1]` to `[−1, 1]`, as the ViT and SigLIP checkpoints use it.
    pub const HALF: Self = Self { mean: [0.5; 3], std: [0.5; 3] };
    /// Drawings on white: measured over the 7,696 frames of `datasets/fluent-clips/train.tar`, each shrunk to 16×16
    /// by area (`tests/measured.rs`). The white ground lies 0.65 to 0.82 above zero.
    pub const ON_WHITE: Self = Self { mean: [0.857, 0.797, 0.768], std: [0.221, 0.249, 0.284] };

    /// `(pixel/255 − mean)/std` as pixel values `[3, height, width]`, the layout a convolution reads.
    pub fn apply(&self, image: &Image) -> Vec<f32> {
        let (pixels, _) = image.pixels().as_chunks::<3>();
        let mut values = Vec::with_capacity(3 * pixels.len());
        for channel in 0..3 {
            let level: [f32; 256] =
                std::array::from_fn(|level| (level as f32 / 255.0 - self.mean[channel]) / self.std[channel]);
            values.extend(pixels.iter().map(|pixel| level[usize::from(pixel[channel])]));
        }
        values
    }
}

/// A picture as bytes, `[3, height, width]`, with what makes pixel values of them: a quarter of the values' size, for a
/// device that computes them itself as [`Normalisation::apply`] does.
#[derive(Clone, Debug, PartialEq)]
pub struct PixelPlanes {
    /// Red, green, blue.
    pub planes: Vec<u8>,
    /// How a byte becomes a value.
    pub normalisation: Normalisation,
}

impl PixelPlanes {
    /// The planes of `image`.
    pub fn of(image: &Image, normalisation: Normalisation) -> Self {
        let planes = (0..3).flat_map(|channel| image.pixels().iter().skip(channel).step_by(3).copied()).collect();
        Self { planes, normalisation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_become_planes() {
        let image = Image::new(2, 1, vec![0, 51, 255, 255, 102, 0]).unwrap();
        // 51/255 = 0.2, 102/255 = 0.4
        let expected = [-1.0, 1.0, -0.6, -0.2, 1.0, -1.0];
        for (value, expected) in Normalisation::HALF.apply(&image).iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{value}, expected {expected}");
        }
    }

    #[test]
    fn bytes_become_planes() {
        let image = Image::new(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(PixelPlanes::of(&image, Normalisation::HALF).planes, [1, 4, 2, 5, 3, 6]);
    }

    #[test]
    fn each_channel_has_its_own_constants() {
        let white = Image::new(1, 1, vec![255; 3]).unwrap();
        for (value, (mean, std)) in Normalisation::CLIP.apply(&white).iter().zip([
            (0.48145466, 0.26862954),
            (0.4578275, 0.2613026),
            (0.40821073, 0.2757771),
        ]) {
            assert!((value - (1.0 - mean) / std).abs() < 1e-6);
        }
    }
}
