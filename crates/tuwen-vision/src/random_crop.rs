//! Draws the part of a picture that a random resized crop keeps.

use tuwen_random::Draws;

use crate::{CropBox, VisionError};

const TRIES: u64 = 10;
const NARROWEST: f64 = 3.0 / 4.0; // width ÷ height
const WIDEST: f64 = 4.0 / 3.0;

/// Draws a part of a picture of `width × height` pixels: area uniform in `scale` (shares of the whole), width ÷ height
/// log-uniform in 3/4 … 4/3, place uniform. After ten parts that do not fit, the largest one in the middle whose shape
/// is allowed. torchvision's `RandomResizedCrop`. Errors: not `0 < scale[0] ≤ scale[1] ≤ 1`, a picture without pixels.
pub fn random_crop(width: u32, height: u32, scale: [f64; 2], draws: &Draws) -> Result<CropBox, VisionError> {
    check_scale(scale)?;
    if width == 0 || height == 0 {
        return Err(VisionError::EmptyImage { width, height });
    }
    let between = |low: f64, high: f64, share: f64| low + share * (high - low);
    for first in (0..TRIES).map(|attempt| 4 * attempt) {
        let area = f64::from(width) * f64::from(height) * between(scale[0], scale[1], draws.uniform(first));
        let ratio = between(NARROWEST.ln(), WIDEST.ln(), draws.uniform(first + 1)).exp();
        let (w, h) = ((area * ratio).sqrt().round_ties_even(), (area / ratio).sqrt().round_ties_even());
        if (1.0..=f64::from(width)).contains(&w) && (1.0..=f64::from(height)).contains(&h) {
            let (w, h) = (w as u32, h as u32);
            let top = draws.below(first + 2, u64::from(height - h) + 1) as u32;
            let left = draws.below(first + 3, u64::from(width - w) + 1) as u32;
            return Ok(CropBox { top, left, height: h, width: w });
        }
    }
    Ok(central_part(width, height))
}

/// Whether `scale` is a range of shares. Errors: not `0 < scale[0] ≤ scale[1] ≤ 1`.
pub(crate) fn check_scale([low, high]: [f64; 2]) -> Result<(), VisionError> {
    if low > 0.0 && low <= high && high <= 1.0 { Ok(()) } else { Err(VisionError::CropScale { low, high }) }
}

/// The largest part in the middle whose width ÷ height lies in 3/4 … 4/3.
fn central_part(width: u32, height: u32) -> CropBox {
    let ratio = f64::from(width) / f64::from(height);
    let (w, h) = if ratio < NARROWEST {
        (width, (f64::from(width) / NARROWEST).round_ties_even() as u32)
    } else if ratio > WIDEST {
        ((f64::from(height) * WIDEST).round_ties_even() as u32, height)
    } else {
        (width, height)
    };
    CropBox { top: (height - h) / 2, left: (width - w) / 2, height: h, width: w }
}

#[cfg(test)]
mod tests {
    use tuwen_random::Stream;

    use super::*;

    const PRETRAINING: [f64; 2] = [0.2, 1.0];

    fn draws(sample: u64) -> Draws {
        Draws::new(7, Stream::named("test.crop"), 0, sample)
    }

    #[test]
    fn albef_crop_follows_its_four_draws() {
        let draws = draws(0);
        let part = random_crop(4000, 4000, [0.25, 0.25], &draws).unwrap();
        // A quarter of the area at ratio r is 2000·√r wide and 2000/√r high, which always fits.
        let ratio = (3.0_f64 / 4.0) * (16.0_f64 / 9.0).powf(draws.uniform(1));
        assert_eq!(part.width, (2000.0 * ratio.sqrt()).round() as u32);
        assert_eq!(part.height, (2000.0 / ratio.sqrt()).round() as u32);
        assert_eq!(part.top, draws.below(2, u64::from(4001 - part.height)) as u32);
        assert_eq!(part.left, draws.below(3, u64::from(4001 - part.width)) as u32);
    }

    #[test]
    fn albef_crop_areas_ratios_and_places_are_uniform() {
        // Up to a quarter of a square always fits at once: no try is lost, so nothing is skewed.
        let (n, mut sums) = (20_000_u64, [0.0; 4]);
        for sample in 0..n {
            let part = random_crop(4000, 4000, [0.05, 0.25], &draws(sample)).unwrap();
            let (w, h) = (f64::from(part.width), f64::from(part.height));
            let place = |from: u32, length: f64| f64::from(from) / (4000.0 - length);
            let log_ratio = ((w / h).ln() - NARROWEST.ln()) / (WIDEST / NARROWEST).ln();
            let area = (w * h / 16e6 - 0.05) / 0.2;
            for (sum, value) in sums.iter_mut().zip([area, log_ratio, place(part.top, h), place(part.left, w)]) {
                *sum += value;
            }
        }
        for sum in sums {
            // A uniform number has variance 1/12.
            assert!((sum / n as f64 - 0.5).abs() < 5.0 * (1.0 / 12.0 / n as f64).sqrt(), "{sums:?}");
        }
    }

    #[test]
    fn albef_crop_lies_in_the_picture_whatever_its_shape() {
        for (width, height) in [(1, 1), (2, 1), (1, 3), (7, 5), (640, 480), (10_000, 10), (10, 10_000)] {
            for sample in 0..200 {
                let part = random_crop(width, height, PRETRAINING, &draws(sample)).unwrap();
                assert!(part.width >= 1 && part.left + part.width <= width, "{width}×{height}: {part:?}");
                assert!(part.height >= 1 && part.top + part.height <= height, "{width}×{height}: {part:?}");
            }
        }
    }

    #[test]
    fn albef_crop_of_a_long_picture_falls_back_to_its_middle() {
        // A fifth of 10,000·10 pixels at 4/3 is 122 high and never fits: 10 high, 10·4/3 = 13 wide, (10,000 − 13)/2.
        let wide = random_crop(10_000, 10, PRETRAINING, &draws(0)).unwrap();
        assert_eq!(wide, CropBox { top: 0, left: 4993, height: 10, width: 13 });
        let high = random_crop(10, 10_000, PRETRAINING, &draws(0)).unwrap();
        assert_eq!(high, CropBox { top: 4993, left: 0, height: 13, width: 10 });
        assert_eq!(central_part(5, 4), CropBox { top: 0, left: 0, height: 4, width: 5 });
    }

    #[test]
    fn impossible_scales_and_pictures_are_named() {
        for scale in [[0.0, 1.0], [0.5, 0.4], [0.5, 1.1], [f64::NAN, 1.0], [0.5, f64::NAN]] {
            let error = random_crop(4, 4, scale, &draws(0)).unwrap_err();
            assert!(matches!(error, VisionError::CropScale { .. }), "{error}");
        }
        let error = random_crop(4, 4, [0.5, 0.4], &draws(0)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the crop's share of the area is `0.5` to `0.4`, expected a range within `0` to `1`"
        );
        assert!(matches!(random_crop(0, 4, PRETRAINING, &draws(0)), Err(VisionError::EmptyImage { .. })));
    }
}
