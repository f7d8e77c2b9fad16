//! RandAugment: a few operations, drawn for each picture anew.

use serde::{Deserialize, Serialize};
use tuwen_random::Draws;

use crate::{AugmentCompat, Augmentation, Image, MAX_MAGNITUDE, Sign, VisionError};

/// How many operations a picture goes through and how strong they are (arXiv:1909.13719).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandAugment {
    /// Operations drawn for each picture, one after the other, of the ten of [`Augmentation::ten`]; one may come twice.
    pub operations: u32,
    /// Their strength, 0 to [`MAX_MAGNITUDE`].
    pub magnitude: u32,
    /// The probability that a drawn operation is carried out.
    pub probability: f64,
    /// Whether two operations keep the reference's faults.
    #[serde(default)]
    pub compat: AugmentCompat,
}

impl RandAugment {
    /// Two operations at 7, each carried out half of the time: all of ALBEF's stages (`dataset/__init__.py`).
    pub const ALBEF: Self = Self { operations: 2, magnitude: 7, probability: 0.5, compat: AugmentCompat::Corrected };

    /// Whether there can be such operations. Errors: a magnitude above 10, a probability outside `[0, 1]`.
    pub fn check(&self) -> Result<(), VisionError> {
        if self.magnitude > MAX_MAGNITUDE {
            return Err(VisionError::Magnitude(self.magnitude));
        }
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(VisionError::AugmentProbability(self.probability));
        }
        Ok(())
    }

    /// The operations to carry out, in order. Operation i takes the draws 3i: which, 3i+1: whether, 3i+2: sign. Errors
    /// as [`RandAugment::check`].
    pub fn choose(&self, draws: &Draws) -> Result<Vec<Augmentation>, VisionError> {
        self.check()?;
        let carried_out = (0..u64::from(self.operations))
            .map(|i| 3 * i)
            .filter(|first| draws.uniform(first + 1) < self.probability)
            .map(|first| {
                let sign = if draws.uniform(first + 2) < 0.5 { Sign::Minus } else { Sign::Plus };
                let ten = Augmentation::ten(self.magnitude, sign);
                ten[draws.below(first, ten.len() as u64) as usize]
            });
        Ok(carried_out.collect())
    }

    /// The picture after the operations that are drawn for it. Errors as [`RandAugment::check`].
    pub fn apply(&self, image: Image, draws: &Draws) -> Result<Image, VisionError> {
        let operations = self.choose(draws)?;
        Ok(operations.iter().fold(image, |image, operation| operation.apply(&image, self.compat)))
    }
}

#[cfg(test)]
mod tests {
    use tuwen_random::Stream;

    use super::*;

    fn draws(sample: u64) -> Draws {
        Draws::new(7, Stream::named("test.augment"), 0, sample)
    }

    #[test]
    fn albef_operations_follow_their_three_draws() {
        for sample in 0..200 {
            let (draws, mut expected) = (draws(sample), Vec::new());
            for first in [0, 3] {
                if draws.uniform(first + 1) < 0.5 {
                    let sign = if draws.uniform(first + 2) < 0.5 { Sign::Minus } else { Sign::Plus };
                    expected.push(Augmentation::ten(7, sign)[(10.0 * draws.uniform(first)) as usize]);
                }
            }
            assert_eq!(RandAugment::ALBEF.choose(&draws).unwrap(), expected, "sample {sample}");
        }
    }

    #[test]
    fn albef_operations_and_signs_are_drawn_evenly() {
        // χ² over 20 cells (ten operations, two signs), 19 degrees of freedom: 43.8 is its 0.1 % point.
        let (samples, mut cells, mut count) = (20_000, [0_u64; 20], 0);
        let always = RandAugment { probability: 1.0, operations: 1, ..RandAugment::ALBEF };
        for sample in 0..samples {
            count += RandAugment::ALBEF.choose(&draws(sample)).unwrap().len();
            let only = always.choose(&draws(sample)).unwrap()[0];
            let minus = draws(sample).uniform(2) < 0.5;
            let place =
                Augmentation::ten(7, if minus { Sign::Minus } else { Sign::Plus }).iter().position(|o| *o == only);
            cells[place.unwrap() + 10 * usize::from(minus)] += 1;
        }
        let expected = samples as f64 / 20.0;
        let chi2: f64 = cells.iter().map(|&c| (c as f64 - expected).powi(2) / expected).sum();
        assert!(chi2 < 43.8, "χ² {chi2}: {cells:?}");
        // 2 · 20,000 trials at 1/2: deviation √40,000/2 = 100.
        assert!(count.abs_diff(20_000) < 5 * 100, "{count} operations");
    }

    #[test]
    fn albef_compat_decides_between_the_two_contrasts() {
        // 50 … 114 is stretched to 0 … 255, or lost where the reference's fault is kept.
        let image = Image::from_fn(9, 9, |x, y| [50 + (8 * x.min(y)) as u8; 3]).unwrap();
        let contrast_first = |sample: &u64| {
            RandAugment { operations: 1, ..RandAugment::ALBEF }.choose(&draws(*sample)).unwrap()
                == [Augmentation::AutoContrast]
        };
        let sample = (0..1000).find(contrast_first).unwrap();
        let contrast = |compat| {
            let one = RandAugment { operations: 1, compat, ..RandAugment::ALBEF };
            one.apply(image.clone(), &draws(sample)).unwrap().into_pixels()
        };
        let corrected = contrast(AugmentCompat::Corrected);
        assert_eq!((corrected.iter().min(), corrected.iter().max()), (Some(&0), Some(&255)));
        assert!(contrast(AugmentCompat::Seed).iter().all(|&level| level == 255));
    }

    #[test]
    fn impossible_magnitudes_and_probabilities_are_named() {
        let error = RandAugment { magnitude: 11, ..RandAugment::ALBEF }.choose(&draws(0)).unwrap_err();
        assert_eq!(error.to_string(), "the magnitude is `11`, expected a number from `0` to `10`");
        for probability in [-0.1, 1.1, f64::NAN] {
            let error = RandAugment { probability, ..RandAugment::ALBEF }.check().unwrap_err();
            assert!(matches!(error, VisionError::AugmentProbability(_)), "{error}");
        }
    }
}
