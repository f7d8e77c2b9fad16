//! A picture with a map laid over it: where something was looked at.

use tuwen_vision::{Image, ResizeFilter, resize};

use crate::EvalError;

/// The colour of the map's highest places.
const HOT: [f32; 3] = [255.0, 72.0, 0.0];
/// How much of the picture's own colour stays where the map is 0.
const COLOUR_LEFT: f32 = 0.35;
/// How much of [`HOT`] the highest places take.
const STRONGEST: f32 = 0.75;

/// `picture`, paler, with `map` (`side × side`, row by row, not negative) over it in red; the highest value is the reddest, and
/// between the map's cells it changes smoothly. Errors: a map that is not square, a picture that can't be made.
pub fn heat_map(picture: &Image, map: &[f32]) -> Result<Image, EvalError> {
    let side = map.len().isqrt();
    if side * side != map.len() || side == 0 {
        return Err(EvalError::MapShape { cells: map.len() });
    }
    let highest = map.iter().copied().fold(0.0, f32::max);
    let level = |value: f32| if highest > 0.0 { (255.0 * value.max(0.0) / highest).round() as u8 } else { 0 };
    let cells = map.iter().flat_map(|&value| [level(value); 3]).collect();
    let small = Image::new(side as u32, side as u32, cells)?;
    let smooth = resize(&small, picture.width(), picture.height(), ResizeFilter::Bilinear)?;
    let pixels = picture.pixels().chunks_exact(3).zip(smooth.pixels().chunks_exact(3));
    let painted = pixels.flat_map(|(colour, heat)| painted(colour, f32::from(heat[0]) / 255.0)).collect();
    Ok(Image::new(picture.width(), picture.height(), painted)?)
}

fn painted(colour: &[u8], heat: f32) -> [u8; 3] {
    let grey = colour.iter().map(|&part| f32::from(part)).sum::<f32>() / 3.0;
    let mut painted = [0; 3];
    for (place, part) in painted.iter_mut().enumerate() {
        let pale = grey + COLOUR_LEFT * (f32::from(colour[place]) - grey);
        *part = (pale + STRONGEST * heat * (HOT[place] - pale)).round() as u8;
    }
    painted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_cell_is_red_and_the_rest_is_pale() {
        let picture = Image::from_fn(2, 2, |_, _| [90, 90, 90]).unwrap();
        let hot = heat_map(&picture, &[0.0, 0.0, 0.0, 2.0]).unwrap();
        assert_eq!(hot.pixels()[..3], [90, 90, 90]);
        // 90 + 0.75 · (255 − 90), 90 + 0.75 · (72 − 90), 90 + 0.75 · (0 − 90)
        assert_eq!(hot.pixels()[9..], [214, 77, 23]);
    }

    #[test]
    fn a_map_of_nothing_leaves_the_picture_pale() {
        let picture = Image::from_fn(1, 1, |_, _| [90, 0, 0]).unwrap();
        // 30 + 0.35 · (90 − 30), 30 + 0.35 · (0 − 30)
        assert_eq!(heat_map(&picture, &[0.0]).unwrap().pixels(), [51, 20, 20]);
    }

    #[test]
    fn a_map_has_to_be_square() {
        let picture = Image::from_fn(1, 1, |_, _| [0; 3]).unwrap();
        let error = heat_map(&picture, &[1.0, 2.0]).unwrap_err().to_string();
        assert_eq!(error, "a map has 2 cells, expected a square number");
    }
}
