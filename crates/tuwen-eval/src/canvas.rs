//! A sheet to draw on: areas, pictures, text.

use tuwen_vision::{Image, ResizeFilter, VisionError, resize};

use crate::text::{GLYPH_HEIGHT, LINE_HEIGHT, glyph};

/// Red, green, blue.
pub(crate) type Colour = [u8; 3];

/// A sheet of pixels; whatever is drawn past its edge is lost.
pub(crate) struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl Canvas {
    /// A sheet of one colour.
    pub(crate) fn new(width: u32, height: u32, colour: Colour) -> Result<Self, VisionError> {
        let pixels = Image::from_fn(width, height, |_, _| colour)?.into_pixels();
        Ok(Self { width, height, pixels })
    }

    /// The sheet as a picture.
    pub(crate) fn into_image(self) -> Result<Image, VisionError> {
        Image::new(self.width, self.height, self.pixels)
    }

    fn put(&mut self, x: u32, y: u32, colour: Colour) {
        if x < self.width && y < self.height {
            let at = 3 * (y as usize * self.width as usize + x as usize);
            self.pixels[at..at + 3].copy_from_slice(&colour);
        }
    }

    /// Fills `width × height` pixels from `(x, y)`.
    pub(crate) fn fill(&mut self, (x, y): (u32, u32), (width, height): (u32, u32), colour: Colour) {
        for row in y..y + height {
            (x..x + width).for_each(|column| self.put(column, row, colour));
        }
    }

    /// Draws a picture into the middle of a square with its corner at `(x, y)`, as large as fits with its aspect ratio kept.
    pub(crate) fn picture(&mut self, (x, y): (u32, u32), side: u32, image: &Image) -> Result<(), VisionError> {
        let longer = u64::from(image.width().max(image.height()));
        let scaled = |length: u32| (u64::from(length) * u64::from(side) / longer).max(1) as u32;
        let (width, height) = (scaled(image.width()), scaled(image.height()));
        let fitted = resize(image, width, height, ResizeFilter::Bicubic)?;
        let (left, top) = (x + (side - width) / 2, y + (side - height) / 2);
        for (at, pixel) in (0..).zip(fitted.pixels().chunks_exact(3)) {
            self.put(left + at % width, top + at / width, [pixel[0], pixel[1], pixel[2]]);
        }
        Ok(())
    }

    /// Draws one line of text with its upper left corner at `(x, y)`, each of its pixels `scale` pixels wide.
    pub(crate) fn text(&mut self, (x, y): (u32, u32), text: &str, scale: u32, colour: Colour) {
        let mut left = x;
        for glyph in text.chars().filter_map(glyph) {
            let width = glyph.get_width() as u32;
            for (row, column) in (0..GLYPH_HEIGHT).flat_map(|row| (0..width).map(move |column| (row, column))) {
                if glyph.get_pixel(column as usize, row as usize) {
                    self.fill((left + column * scale, y + row * scale), (scale, scale), colour);
                }
            }
            left += width * scale;
        }
    }

    /// Draws lines below one another.
    pub(crate) fn lines(&mut self, (x, y): (u32, u32), lines: &[String], colour: Colour) {
        (0..).zip(lines).for_each(|(at, line)| self.text((x, y + at * LINE_HEIGHT), line, 1, colour));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Colour = [0; 3];
    const WHITE: Colour = [255; 3];

    fn drawn(width: u32, height: u32, draw: impl FnOnce(&mut Canvas)) -> Image {
        let mut canvas = Canvas::new(width, height, WHITE).unwrap();
        draw(&mut canvas);
        canvas.into_image().unwrap()
    }

    fn dark(image: &Image) -> Vec<(u32, u32)> {
        let pixels = (0..).zip(image.pixels().chunks_exact(3));
        pixels.filter(|(_, p)| p[0] < 128).map(|(at, _)| (at % image.width(), at / image.width())).collect()
    }

    #[test]
    fn wide_picture_lies_in_the_middle_of_its_square() {
        let wide = Image::from_fn(20, 10, |_, _| BLACK).unwrap();
        let places = dark(&drawn(12, 12, |canvas| canvas.picture((1, 1), 8, &wide).unwrap()));
        // 8 × 4 pixels, two below the square's upper edge.
        assert_eq!((places.len(), places[0], places[31]), (32, (1, 3), (8, 6)));
    }

    #[test]
    fn text_is_the_fonts_pixels_enlarged() {
        // The hyphen of Unifont is one bar of four pixels.
        let small = dark(&drawn(8, 16, |canvas| canvas.text((0, 0), "-", 1, BLACK)));
        let large = dark(&drawn(16, 32, |canvas| canvas.text((0, 0), "-", 2, BLACK)));
        assert_eq!((small.len(), large.len()), (4, 16));
        assert_eq!(large[0], (2 * small[0].0, 2 * small[0].1));
    }

    #[test]
    fn what_is_drawn_past_the_edge_is_lost() {
        let image = drawn(5, 5, |canvas| canvas.fill((3, 4), (100, 100), BLACK));
        assert_eq!(dark(&image), [(3, 4), (4, 4)]);
    }
}
