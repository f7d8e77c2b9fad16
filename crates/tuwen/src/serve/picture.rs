//! A picture at the size it is shown in.

use tuwen_vision::{Image, ResizeFilter, VisionError, resize};

/// Small pictures are drawn larger, in whole multiples, until they are about so many pixels wide or high.
const LEAST: u32 = 96;

/// `image` with its longer side at most `side`; its proportions stay. A tiny one is enlarged so that it can be seen.
pub(super) fn fitted(image: &Image, side: u32) -> Result<Image, VisionError> {
    let (width, height) = (image.width(), image.height());
    let longer = width.max(height);
    if longer > side {
        let scaled = |length: u32| (u64::from(length) * u64::from(side) / u64::from(longer)).max(1) as u32;
        return resize(image, scaled(width), scaled(height), ResizeFilter::Area);
    }
    match LEAST.min(side) / longer {
        0 | 1 => Ok(image.clone()),
        times => resize(image, times * width, times * height, ResizeFilter::Area),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proportions_stay() {
        let sizes = |width, height, side| {
            let fitted = fitted(&Image::from_fn(width, height, |_, _| [0; 3]).unwrap(), side).unwrap();
            (fitted.width(), fitted.height())
        };
        assert_eq!(sizes(400, 100, 200), (200, 50));
        assert_eq!(sizes(1000, 1, 100), (100, 1));
        assert_eq!(sizes(150, 100, 200), (150, 100));
        assert_eq!(sizes(20, 10, 200), (80, 40)); // four times
    }
}
