//! A sheet of pictures with a line of text below each: what a search found.

use tuwen_vision::Image;

use crate::EvalError;
use crate::canvas::{Canvas, Colour};
use crate::text::{LINE_HEIGHT, wrap};

const PAPER: Colour = [246, 246, 248];
const WHITE: Colour = [255; 3];
const INK: Colour = [28, 30, 36];
const GREY: Colour = [120, 124, 134];

/// Pixels around the sheet and between its tiles.
const GAP: u32 = 16;
/// A tile's side.
const TILE: u32 = 144;
/// Tiles in a row.
const COLUMNS: u32 = 5;
/// Lines of a title, and of the text below a tile.
const LINES: usize = 2;

/// Draws a title and below it the pictures, five in a row, each with its text. What the font lacks is drawn as a replacement
/// mark. Errors: no picture, a sheet above [`tuwen_vision::MAX_IMAGE_BYTES`].
pub fn contact_sheet(title: &str, tiles: &[(&Image, String)]) -> Result<Image, EvalError> {
    if tiles.is_empty() {
        return Err(EvalError::NoRows);
    }
    let width = COLUMNS * (TILE + GAP) + GAP;
    let heading = wrap(title, (width - 2 * GAP) / 2, LINES);
    let top = GAP + 2 * LINE_HEIGHT * heading.len() as u32 + GAP;
    let row = TILE + LINES as u32 * LINE_HEIGHT + GAP;
    // Saturated, so that a sheet of too many pictures is refused below.
    let rows = u32::try_from(tiles.len().div_ceil(COLUMNS as usize)).unwrap_or(u32::MAX);
    let mut canvas = Canvas::new(width, top.saturating_add(row.saturating_mul(rows)), PAPER)?;
    (0..).zip(&heading).for_each(|(at, line)| canvas.text((GAP, GAP + at * 2 * LINE_HEIGHT), line, 2, INK));
    for (number, (picture, text)) in (0..).zip(tiles) {
        let (x, y) = (GAP + number % COLUMNS * (TILE + GAP), top + number / COLUMNS * row);
        canvas.fill((x, y), (TILE, TILE), WHITE);
        canvas.picture((x, y), TILE, picture)?;
        canvas.lines((x, y + TILE + 4), &wrap(text, TILE, LINES), GREY);
    }
    Ok(canvas.into_image()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_in_rows_of_five() {
        let blue = Image::from_fn(10, 10, |_, _| [0, 0, 250]).unwrap();
        let sheet = |count: usize| contact_sheet("a", &vec![(&blue, String::new()); count]).unwrap();
        let blues = |image: &Image| image.pixels().chunks_exact(3).filter(|pixel| *pixel == [0, 0, 250]).count();
        assert_eq!(blues(&sheet(6)), 6 * (TILE * TILE) as usize);
        assert_eq!(sheet(6).height(), sheet(5).height() + TILE + 2 * LINE_HEIGHT + GAP);
        assert!(matches!(contact_sheet("a", &[]), Err(EvalError::NoRows)));
    }
}
