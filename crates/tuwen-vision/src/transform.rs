//! Makes a picture into the pixel values that a vision transformer reads, with augmentation in training and without.

use serde::{Deserialize, Serialize};
use tuwen_random::{Draws, Stream};

use crate::image::rgb_bytes;
use crate::random_crop::check_scale;
use crate::resize::resize_part;
use crate::{Flip, Image, Normalisation, PixelPlanes, RandAugment, ResizeFilter, VisionError, random_crop, resize};

const CROP: Stream = Stream::named("image.crop");
const FLIP: Stream = Stream::named("image.flip");
const AUGMENT: Stream = Stream::named("image.augment");

/// The draws of one picture.
#[derive(Clone, Copy, Debug)]
pub struct ImageDraws {
    /// Those of [`random_crop`].
    pub crop: Draws,
    /// Those of [`Flip::apply`].
    pub flip: Draws,
    /// Those of [`RandAugment::choose`].
    pub augment: Draws,
}

impl ImageDraws {
    /// The draws at `(seed, epoch, sample)`.
    pub const fn new(seed: u64, epoch: u64, sample: u64) -> Self {
        Self {
            crop: Draws::new(seed, CROP, epoch, sample),
            flip: Draws::new(seed, FLIP, epoch, sample),
            augment: Draws::new(seed, AUGMENT, epoch, sample),
        }
    }
}

/// A training picture: random crop, resized bicubically to a square, mirrored, RandAugment, normalised; as ALBEF's
/// `dataset/__init__.py`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainTransform {
    /// Side of the square in pixels.
    pub side: u32,
    /// Smallest and largest share of the picture's area that a crop keeps.
    pub scale: [f64; 2],
    /// How often the picture is mirrored.
    pub flip: Flip,
    /// The operations that change it; absent: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augment: Option<RandAugment>,
    /// How pixels become values; absent: [`Normalisation::CLIP`].
    #[serde(default = "clip")]
    pub normalisation: Normalisation,
}

impl TrainTransform {
    /// ALBEF's pre-training, `configs/Pretrain.yaml`: 256 pixels, crops of a fifth and more.
    pub const ALBEF_PRETRAINING: Self = Self {
        side: 256,
        scale: [0.2, 1.0],
        flip: Flip::Half,
        augment: Some(RandAugment::ALBEF),
        normalisation: Normalisation::CLIP,
    };
    /// ALBEF's fine-tuning for retrieval and visual entailment, among others: 384 pixels, crops of a half and more.
    pub const ALBEF_FINE_TUNING: Self = Self { side: 384, scale: [0.5, 1.0], ..Self::ALBEF_PRETRAINING };

    /// Whether any picture can be transformed so. Errors: a side of 0 or above the size limit, not
    /// `0 < scale[0] ≤ scale[1] ≤ 1`, and as [`RandAugment::check`].
    pub fn check(&self) -> Result<(), VisionError> {
        rgb_bytes(self.side, self.side)?;
        check_scale(self.scale)?;
        self.augment.as_ref().map_or(Ok(()), RandAugment::check)
    }

    /// The picture of `side × side` pixels before it is normalised. Errors as [`TrainTransform::check`].
    pub fn picture(&self, image: &Image, draws: &ImageDraws) -> Result<Image, VisionError> {
        self.check()?;
        let part = random_crop(image.width(), image.height(), self.scale, &draws.crop)?;
        let resized = resize_part(image, part, self.side, self.side)?;
        let flipped = self.flip.apply(resized, &draws.flip);
        match &self.augment {
            Some(augment) => augment.apply(flipped, &draws.augment),
            None => Ok(flipped),
        }
    }

    /// The picture as bytes `[3, side, side]`. Errors as [`TrainTransform::check`].
    pub fn planes(&self, image: &Image, draws: &ImageDraws) -> Result<PixelPlanes, VisionError> {
        Ok(PixelPlanes::of(&self.picture(image, draws)?, self.normalisation))
    }

    /// The pixel values `[3, side, side]`. Errors as [`TrainTransform::check`].
    pub fn apply(&self, image: &Image, draws: &ImageDraws) -> Result<Vec<f32>, VisionError> {
        Ok(self.normalisation.apply(&self.picture(image, draws)?))
    }
}

/// A picture as it is tested: the whole, resized bicubically to a square, normalised.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestTransform {
    /// Side of the square in pixels.
    pub side: u32,
    /// How pixels become values; absent: [`Normalisation::CLIP`].
    #[serde(default = "clip")]
    pub normalisation: Normalisation,
}

impl TestTransform {
    /// Whether any picture can be transformed so. Errors: a side of 0 or above the size limit.
    pub fn check(&self) -> Result<(), VisionError> {
        rgb_bytes(self.side, self.side).map(|_| ())
    }

    /// The picture of `side × side` pixels before it is normalised. Errors as [`TestTransform::check`].
    pub fn picture(&self, image: &Image) -> Result<Image, VisionError> {
        resize(image, self.side, self.side, ResizeFilter::Bicubic)
    }

    /// The picture as bytes `[3, side, side]`. Errors as [`TestTransform::check`].
    pub fn planes(&self, image: &Image) -> Result<PixelPlanes, VisionError> {
        Ok(PixelPlanes::of(&self.picture(image)?, self.normalisation))
    }

    /// The pixel values `[3, side, side]`. Errors as [`TestTransform::check`].
    pub fn apply(&self, image: &Image) -> Result<Vec<f32>, VisionError> {
        Ok(self.normalisation.apply(&self.picture(image)?))
    }
}

fn clip() -> Normalisation {
    Normalisation::CLIP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crop;

    const SMALL: TrainTransform = TrainTransform { side: 32, ..TrainTransform::ALBEF_PRETRAINING };

    fn picture() -> Image {
        Image::from_fn(48, 40, |x, y| [(5 * x) as u8, (6 * y) as u8, (x * y % 200) as u8]).unwrap()
    }

    #[test]
    fn albef_pixels_depend_on_seed_epoch_and_sample_alone() {
        let values = |seed, epoch, sample| SMALL.apply(&picture(), &ImageDraws::new(seed, epoch, sample)).unwrap();
        let first = values(1, 2, 3);
        assert_eq!(first.len(), 3 * 32 * 32);
        assert_eq!(first, values(1, 2, 3));
        for other in [values(9, 2, 3), values(1, 9, 3), values(1, 2, 9)] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn albef_steps_come_in_order() {
        for sample in 0..20 {
            let draws = ImageDraws::new(5, 0, sample);
            let part = random_crop(48, 40, [0.2, 1.0], &draws.crop).unwrap();
            let resized = resize(&crop(&picture(), part).unwrap(), 32, 32, ResizeFilter::Bicubic).unwrap();
            let flipped = Flip::Half.apply(resized.clone(), &draws.flip);
            let augmented = RandAugment::ALBEF.apply(flipped.clone(), &draws.augment).unwrap();
            assert_eq!(SMALL.apply(&picture(), &draws).unwrap(), Normalisation::CLIP.apply(&augmented));
            let plain = TrainTransform { augment: None, ..SMALL };
            assert_eq!(plain.picture(&picture(), &draws).unwrap(), flipped);
            assert_eq!(TrainTransform { flip: Flip::Off, ..plain }.picture(&picture(), &draws).unwrap(), resized);
        }
    }

    #[test]
    fn albef_test_picture_is_the_whole() {
        let plain = Image::from_fn(30, 7, |_, _| [255, 0, 51]).unwrap();
        let values = TestTransform { side: 4, normalisation: Normalisation::HALF }.apply(&plain).unwrap();
        // 2·255/255 − 1, 2·0/255 − 1, 2·51/255 − 1
        for (plane, expected) in values.chunks_exact(16).zip([1.0, -1.0, -0.6]) {
            assert!(plane.iter().all(|value: &f32| (value - expected).abs() < 1e-6), "{plane:?}");
        }
    }

    #[test]
    fn impossible_transforms_are_named() {
        let error = |transform: TrainTransform| transform.apply(&picture(), &ImageDraws::new(0, 0, 0)).unwrap_err();
        assert!(matches!(error(TrainTransform { side: 0, ..SMALL }), VisionError::EmptyImage { .. }));
        assert!(matches!(error(TrainTransform { side: u32::MAX, ..SMALL }), VisionError::TooLarge { .. }));
        assert!(matches!(error(TrainTransform { scale: [0.0, 1.0], ..SMALL }), VisionError::CropScale { .. }));
        let augment = Some(RandAugment { magnitude: 99, ..RandAugment::ALBEF });
        assert!(matches!(error(TrainTransform { augment, ..SMALL }), VisionError::Magnitude(99)));
        let test = TestTransform { side: 0, normalisation: Normalisation::CLIP };
        assert!(matches!(test.check(), Err(VisionError::EmptyImage { .. })));
        assert!(matches!(test.apply(&picture()), Err(VisionError::EmptyImage { .. })));
    }

    #[test]
    fn albef_recipe_sections_round_trip_and_refuse_unknown_keys() {
        let train = |json: &str| serde_json::from_str::<TrainTransform>(json);
        let albef = r#"{"side": 256, "scale": [0.2, 1.0], "flip": "half",
            "augment": {"operations": 2, "magnitude": 7, "probability": 0.5}}"#;
        assert_eq!(train(albef).unwrap(), TrainTransform::ALBEF_PRETRAINING);
        let seed = albef.replace("0.5}", r#"0.5, "compat": "seed"}"#);
        assert_eq!(train(&seed).unwrap().augment.unwrap().compat, crate::AugmentCompat::Seed);
        let plain = TrainTransform { augment: None, flip: Flip::Off, ..SMALL };
        for transform in [SMALL, TrainTransform::ALBEF_FINE_TUNING, plain] {
            assert_eq!(train(&serde_json::to_string(&transform).unwrap()).unwrap(), transform);
        }
        assert!(train(&albef.replace("side", "size")).is_err());
        assert!(train(&albef.replace("operations", "n")).is_err());
        assert!(serde_json::from_str::<TestTransform>(r#"{"side": 384, "scale": 1}"#).is_err());
        assert_eq!(
            serde_json::from_str::<TestTransform>(r#"{"side": 384}"#).unwrap().normalisation,
            Normalisation::CLIP
        );
    }
}
