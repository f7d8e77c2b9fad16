//! Several emoji on one white canvas, each in a quarter of it, and the boxes they fill.

use tuwen_annotation::BoundingBox;
use tuwen_random::Draws;
use tuwen_vision::{Image, ResizeFilter, VisionError, decode_image, resize};

use crate::SetsError;
use crate::emoji::Emoji;

/// Pixels of a canvas's side.
pub(crate) const SIDE: u32 = 128;
/// Emoji on a canvas, at most: one in each quarter.
pub(crate) const PLACES: usize = 4;
/// An emoji's picture is scaled to a side of at least and at most so many pixels.
const SCALED: [u32; 2] = [40, 60];
/// A pixel belongs to the emoji where a colour is darker than this; JPEG leaves specks on white.
const WHITE: u8 = 236;

/// A canvas and the box around each emoji, in their order.
pub(crate) struct Canvas {
    pub(crate) picture: Image,
    pub(crate) boxes: Vec<BoundingBox>,
}

/// One emoji, scaled, at its place.
struct Tile {
    left: u32,
    top: u32,
    picture: Image,
}

impl Tile {
    /// A tile of a drawn size at a drawn place in quarter `quarter`; takes three positions of the draws.
    fn place(emoji: &Emoji, quarter: u32, draws: &Draws) -> Result<Self, SetsError> {
        let wrong = |reason: VisionError| SetsError::Picture { id: emoji.id.clone(), reason };
        let position = 8 + 3 * u64::from(quarter);
        let [least, most] = SCALED;
        let side = least + draws.below(position, u64::from(most - least + 1)) as u32;
        let half = SIDE / 2;
        let shift = |at: u64| draws.below(position + at, u64::from(half - side + 1)) as u32;
        let picture = decode_image(&emoji.picture).map_err(wrong)?;
        let picture = resize(&picture, side, side, ResizeFilter::Bicubic).map_err(wrong)?;
        Ok(Self { left: quarter % 2 * half + shift(1), top: quarter / 2 * half + shift(2), picture })
    }

    /// The colour at a place of the canvas, if the tile is there.
    fn colour(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        let (x, y) = (x.checked_sub(self.left)?, y.checked_sub(self.top)?);
        let side = self.picture.width();
        let at = 3 * (y * side + x) as usize;
        (x < side && y < side).then(|| [0, 1, 2].map(|channel| self.picture.pixels()[at + channel]))
    }

    /// The box around what is not white, or the whole tile where all of it is.
    fn bounds(&self) -> BoundingBox {
        let side = self.picture.width();
        let drawn = |(x, y): &(u32, u32)| {
            self.colour(self.left + x, self.top + y).is_some_and(|colour| colour.iter().any(|value| *value < WHITE))
        };
        let places: Vec<(u32, u32)> = (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).filter(drawn).collect();
        let span = |of: fn(&(u32, u32)) -> u32| {
            let values = || places.iter().map(of);
            values().min().zip(values().max()).unwrap_or((0, side - 1))
        };
        let ((left, right), (top, bottom)) = (span(|place| place.0), span(|place| place.1));
        BoundingBox {
            x: f64::from(self.left + left),
            y: f64::from(self.top + top),
            width: f64::from(right - left + 1),
            height: f64::from(bottom - top + 1),
        }
    }
}

/// Puts up to four emoji on a canvas: quarters, sizes and places are drawn. Errors: a picture that can't be decoded.
pub(crate) fn compose(emoji: &[&Emoji], draws: &Draws) -> Result<Canvas, SetsError> {
    let quarters = draws.permutation(PLACES);
    let tiles = emoji.iter().zip(&quarters).map(|(emoji, quarter)| Tile::place(emoji, *quarter as u32, draws));
    let tiles: Vec<Tile> = tiles.collect::<Result<_, _>>()?;
    let colour = |x, y| tiles.iter().find_map(|tile| tile.colour(x, y)).unwrap_or([255; 3]);
    let picture = Image::from_fn(SIDE, SIDE, colour);
    let ids = || emoji.iter().map(|emoji| emoji.id.as_str()).collect::<Vec<_>>().join(", ");
    let picture = picture.map_err(|reason| SetsError::Picture { id: ids(), reason })?;
    Ok(Canvas { picture, boxes: tiles.iter().map(Tile::bounds).collect() })
}

#[cfg(test)]
mod tests {
    use tuwen_random::Stream;

    use super::*;
    use crate::fixture::parts;

    #[test]
    fn boxes_hold_all_that_is_drawn_and_do_not_meet() {
        let parts = parts();
        for sample in 0..20 {
            let draws = Draws::new(3, Stream::named("sets.test"), 0, sample);
            let emoji: Vec<&Emoji> =
                parts[2].emoji[4 * sample as usize..][..1 + sample as usize % PLACES].iter().collect();
            let canvas = compose(&emoji, &draws).unwrap();
            assert_eq!(canvas.boxes.len(), emoji.len());
            let inside = |b: &BoundingBox, x: u32, y: u32| {
                let (x, y) = (f64::from(x), f64::from(y));
                b.x <= x && x < b.x + b.width && b.y <= y && y < b.y + b.height
            };
            for (at, pixel) in (0..).zip(canvas.picture.pixels().chunks_exact(3)) {
                let holding = canvas.boxes.iter().filter(|bounds| inside(bounds, at % SIDE, at / SIDE)).count();
                assert!(holding <= 1, "two boxes at {at}");
                assert!(holding == 1 || pixel.iter().all(|value| *value >= WHITE), "something outside of all boxes");
            }
            assert!(canvas.boxes.iter().all(|bounds| bounds.width * bounds.height > 100.0));
        }
    }
}
