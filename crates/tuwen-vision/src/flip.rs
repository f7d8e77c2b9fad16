//! Mirrors a picture, left to right.

use serde::{Deserialize, Serialize};
use tuwen_random::Draws;

use crate::Image;

/// How often pictures are mirrored. Captions stay as they are: "left of" becomes wrong in a mirrored picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flip {
    /// Never.
    #[default]
    Off,
    /// With probability 1/2, as in ALBEF.
    Half,
}

impl Flip {
    /// Mirrors `image` or not, by the draw at position 0.
    pub fn apply(&self, image: Image, draws: &Draws) -> Image {
        match self {
            Self::Half if draws.uniform(0) < 0.5 => mirrored(image),
            Self::Half | Self::Off => image,
        }
    }
}

/// The picture mirrored left to right.
pub fn flip_horizontally(image: &Image) -> Image {
    mirrored(image.clone())
}

fn mirrored(mut image: Image) -> Image {
    let row = 3 * image.width() as usize;
    for row in image.pixels_mut().chunks_exact_mut(row) {
        row.as_chunks_mut::<3>().0.reverse();
    }
    image
}

#[cfg(test)]
mod tests {
    use tuwen_random::Stream;

    use super::*;

    #[test]
    fn columns_change_places() {
        let image = Image::from_fn(3, 2, |x, y| [x as u8, y as u8, 9]).unwrap();
        assert_eq!(flip_horizontally(&image), Image::from_fn(3, 2, |x, y| [2 - x as u8, y as u8, 9]).unwrap());
    }

    #[test]
    fn albef_mirrors_half_of_the_pictures() {
        let image = Image::from_fn(2, 1, |x, _| [x as u8; 3]).unwrap();
        let flipped = |flip: Flip, sample| {
            flip.apply(image.clone(), &Draws::new(7, Stream::named("test.flip"), 0, sample)) != image
        };
        let n = 10_000;
        let count = (0..n).filter(|&sample| flipped(Flip::Half, sample)).count();
        // Binomial: deviation √n/2 = 50.
        assert!(count.abs_diff(5000) < 5 * 50, "{count} of {n}");
        assert!((0..100).all(|sample| !flipped(Flip::Off, sample)));
    }
}
