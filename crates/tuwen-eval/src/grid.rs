//! A sheet of queries and what was found for each: captions with pictures, pictures with captions.

use tuwen_vision::{Image, VisionError};

use crate::canvas::{Canvas, Colour};
use crate::text::{LINE_HEIGHT, text_width, wrap};
use crate::{Answered, EvalError, Verdict};

const PAPER: Colour = [246, 246, 248];
const WHITE: Colour = [255; 3];
const INK: Colour = [28, 30, 36];
const GREY: Colour = [120, 124, 134];
const RULE: Colour = [206, 208, 214];
const GREEN: Colour = [18, 138, 62];
const RED: Colour = [200, 36, 44];

/// Pixels around the sheet, and above a section.
const MARGIN: u32 = 28;
/// Pixels between two things.
const GAP: u32 = 14;
/// A picture's side, and the width of the frame around it.
const TILE: u32 = 128;
const FRAME: u32 = 5;
const FRAMED: u32 = TILE + 2 * FRAME;
/// The width of a caption that asks.
const CAPTION: u32 = 264;
/// The width of a tick or a cross.
const MARK: u32 = 16;
/// A caption is cut after so many lines, so that a whole book as a caption still leaves a sheet.
const MOST_LINES: usize = 12;
/// A title is drawn twice as large.
const TITLE_SCALE: u32 = 2;

/// What the sheet shows. Either half may be empty.
#[derive(Clone, Debug)]
pub struct RetrievalGrid<'a> {
    /// The line on top: model, set, language, how many candidates were re-ranked.
    pub title: &'a str,
    /// Captions that ask and pictures that answer.
    pub text_to_image: Vec<Answered<&'a str, &'a Image>>,
    /// Pictures that ask and captions that answer.
    pub image_to_text: Vec<Answered<&'a Image, &'a str>>,
}

/// Draws the sheet. Above: each caption, to its right the pictures found, right ones framed green with a tick, wrong ones red
/// with a cross. Below, in two columns: each picture, to its right the captions found, marked alike. By each query stands the
/// place of its best right answer. What the font lacks (emoji, rare characters) is drawn as a replacement mark. Errors: no row
/// at all, a sheet above [`tuwen_vision::MAX_IMAGE_BYTES`].
pub fn retrieval_grid(grid: &RetrievalGrid<'_>) -> Result<Image, EvalError> {
    if grid.text_to_image.is_empty() && grid.image_to_text.is_empty() {
        return Err(EvalError::NoRows);
    }
    let most = grid.text_to_image.iter().map(|row| row.answers.len()).max().unwrap_or(0).max(5);
    let width = CAPTION + most as u32 * (GAP + FRAMED);
    let mut blocks = vec![Block::Title(wrap(grid.title, width / TITLE_SCALE, MOST_LINES))];
    if !grid.text_to_image.is_empty() {
        blocks.push(Block::Heading("text → image"));
        blocks.extend(grid.text_to_image.iter().map(|row| Block::Captioned(Captioned::new(row))));
    }
    if !grid.image_to_text.is_empty() {
        blocks.push(Block::Heading("image → text"));
        let column = (width - GAP) / 2;
        let pictured = |row| Pictured::new(row, column);
        blocks.extend(grid.image_to_text.chunks(2).map(|rows| Block::Pictured(rows.iter().map(pictured).collect())));
    }
    // Saturated, so that a sheet of too many rows is refused below.
    let height = blocks.iter().fold(2 * MARGIN, |sum, block| sum.saturating_add(block.height() + GAP)) - GAP;
    let mut canvas = Canvas::new(width + 2 * MARGIN, height, PAPER)?;
    let mut y = MARGIN;
    for block in &blocks {
        block.draw(&mut canvas, y, width)?;
        y += block.height() + GAP;
    }
    Ok(canvas.into_image()?)
}

/// A part of the sheet as wide as the sheet.
enum Block<'a> {
    Title(Vec<String>),
    Heading(&'static str),
    Captioned(Captioned<'a>),
    /// One or two, side by side.
    Pictured(Vec<Pictured<'a>>),
}

impl Block<'_> {
    fn height(&self) -> u32 {
        match self {
            Self::Title(text) => TITLE_SCALE * LINE_HEIGHT * text.len() as u32,
            Self::Heading(_) => GAP + LINE_HEIGHT + 1,
            Self::Captioned(row) => FRAMED.max(row.text_height()),
            Self::Pictured(rows) => rows.iter().map(|row| FRAMED.max(row.text_height())).max().unwrap_or(0),
        }
    }

    fn draw(&self, canvas: &mut Canvas, y: u32, width: u32) -> Result<(), VisionError> {
        match self {
            Self::Title(text) => (0..).zip(text).for_each(|(at, line)| {
                canvas.text((MARGIN, y + at * TITLE_SCALE * LINE_HEIGHT), line, TITLE_SCALE, INK);
            }),
            Self::Heading(text) => {
                canvas.text((MARGIN, y + GAP), text, 1, INK);
                canvas.fill((MARGIN, y + GAP + LINE_HEIGHT), (width, 1), RULE);
            }
            Self::Captioned(row) => row.draw(canvas, y, self.height())?,
            Self::Pictured(rows) => {
                for (at, row) in (0..).zip(rows) {
                    row.draw(canvas, (MARGIN + at * (width + GAP) / 2, y), self.height())?;
                }
            }
        }
        Ok(())
    }
}

/// A caption in lines, and pictures.
struct Captioned<'a> {
    lines: Vec<String>,
    place: String,
    answers: &'a [(&'a Image, Verdict)],
}

impl<'a> Captioned<'a> {
    fn new(row: &'a Answered<&'a str, &'a Image>) -> Self {
        Self { lines: wrap(row.query, CAPTION, MOST_LINES), place: place(row.rank), answers: &row.answers }
    }

    fn text_height(&self) -> u32 {
        (self.lines.len() as u32 + 1) * LINE_HEIGHT
    }

    fn draw(&self, canvas: &mut Canvas, y: u32, height: u32) -> Result<(), VisionError> {
        let top = y + (height - self.text_height()) / 2;
        canvas.lines((MARGIN, top), &self.lines, INK);
        canvas.text((MARGIN, top + self.text_height() - LINE_HEIGHT), &self.place, 1, GREY);
        for (at, (picture, verdict)) in (0..).zip(self.answers) {
            framed(canvas, (MARGIN + CAPTION + GAP + at * (GAP + FRAMED), y), picture, Some(*verdict))?;
        }
        Ok(())
    }
}

/// A picture, and captions in lines.
struct Pictured<'a> {
    picture: &'a Image,
    answers: Vec<(Vec<String>, Verdict)>,
    place: String,
}

impl<'a> Pictured<'a> {
    fn new(row: &Answered<&'a Image, &'a str>, width: u32) -> Self {
        let lines = |text| wrap(text, width - FRAMED - 2 * GAP - MARK, MOST_LINES);
        let answers = row.answers.iter().map(|&(text, verdict)| (lines(text), verdict)).collect();
        Self { picture: row.query, answers, place: place(row.rank) }
    }

    fn text_height(&self) -> u32 {
        let lines: usize = self.answers.iter().map(|(text, _)| text.len()).sum();
        (lines as u32 + 1) * LINE_HEIGHT
    }

    fn draw(&self, canvas: &mut Canvas, (x, y): (u32, u32), height: u32) -> Result<(), VisionError> {
        framed(canvas, (x, y), self.picture, None)?;
        let (mark, left) = (x + FRAMED + GAP, x + FRAMED + GAP + MARK + GAP / 2);
        let mut top = y + (height - self.text_height()) / 2;
        for (text, verdict) in &self.answers {
            canvas.text((mark, top), verdict.mark(), 1, verdict.colour());
            canvas.lines((left, top), text, verdict.colour());
            top += text.len() as u32 * LINE_HEIGHT;
        }
        canvas.text((left, top), &self.place, 1, GREY);
        Ok(())
    }
}

impl Verdict {
    fn colour(self) -> Colour {
        match self {
            Self::Right => GREEN,
            Self::Wrong => RED,
        }
    }

    /// Beside the colour, for those who can't tell green from red.
    fn mark(self) -> &'static str {
        match self {
            Self::Right => "✓",
            Self::Wrong => "✗",
        }
    }
}

fn place(rank: usize) -> String {
    format!("right answer: place {}", rank + 1)
}

/// A picture in its frame; one that asks has a plain one.
fn framed(canvas: &mut Canvas, at: (u32, u32), picture: &Image, verdict: Option<Verdict>) -> Result<(), VisionError> {
    canvas.fill(at, (FRAMED, FRAMED), verdict.map_or(RULE, Verdict::colour));
    let inner = (at.0 + FRAME, at.1 + FRAME);
    canvas.fill(inner, (TILE, TILE), WHITE);
    canvas.picture(inner, TILE, picture)?;
    if let Some(verdict) = verdict {
        let badge = text_width(verdict.mark()) + 4;
        canvas.fill(at, (badge, badge), verdict.colour());
        canvas.text((at.0 + 2, at.1 + 2), verdict.mark(), 1, WHITE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: u32, height: u32, colour: Colour) -> Image {
        Image::from_fn(width, height, |_, _| colour).unwrap()
    }

    fn count(image: &Image, colour: Colour) -> usize {
        image.pixels().chunks_exact(3).filter(|pixel| *pixel == colour).count()
    }

    fn text_row<'a>(query: &'a str, picture: &'a Image, verdict: Verdict) -> Answered<&'a str, &'a Image> {
        Answered { query, answers: vec![(picture, verdict)], rank: 0 }
    }

    fn sheet(
        text_to_image: Vec<Answered<&str, &Image>>,
        image_to_text: Vec<Answered<&Image, &str>>,
    ) -> Result<Image, EvalError> {
        retrieval_grid(&RetrievalGrid { title: "title", text_to_image, image_to_text })
    }

    #[test]
    fn right_and_wrong_pictures_are_framed_in_their_colours() {
        let blue = plain(64, 64, [0, 0, 250]);
        let frame = (FRAMED * FRAMED - TILE * TILE) as usize;
        for (verdict, colour, other) in [(Verdict::Right, GREEN, RED), (Verdict::Wrong, RED, GREEN)] {
            let image = sheet(vec![text_row("a", &blue, verdict)], vec![]).unwrap();
            let framed = count(&image, colour);
            assert!(framed > frame && framed < frame + 400, "the frame of {frame} and the badge: {framed}");
            assert_eq!(count(&image, other), 0);
            let shown = count(&image, [0, 0, 250]);
            assert!(shown > (TILE * TILE - 400) as usize, "{shown}");
        }
    }

    #[test]
    fn captions_that_answer_are_written_in_their_colours() {
        let blue = plain(64, 64, [0, 0, 250]);
        let answers = vec![("女消防员", Verdict::Right), ("man in tuxedo", Verdict::Wrong)];
        let image = sheet(vec![], vec![Answered { query: &blue, answers, rank: 2 }]).unwrap();
        assert!(count(&image, GREEN) > 80 && count(&image, RED) > 80);
        assert_eq!(count(&image, [0, 0, 250]), (TILE * TILE) as usize);
    }

    #[test]
    fn long_caption_makes_its_row_higher() {
        let blue = plain(64, 64, [0, 0, 250]);
        let (short, long) = ("a word", "a word ".repeat(40));
        let height = |text| sheet(vec![text_row(text, &blue, Verdict::Right)], vec![]).unwrap().height();
        // 33 characters a line are nine words, so 80 words are nine lines; then the place. A picture is lower.
        assert_eq!(height(&long), height(short) - FRAMED + 10 * LINE_HEIGHT);
        let book = "a word ".repeat(40_000);
        assert_eq!(height(&book), height(&long) + 3 * LINE_HEIGHT);
    }

    #[test]
    fn flat_pictures_and_any_number_of_answers_fit() {
        let strip = plain(1000, 3, [0, 0, 250]);
        let answers = vec![(&strip, Verdict::Wrong); 8];
        let image = sheet(vec![Answered { query: "a", answers, rank: 8 }], vec![]).unwrap();
        assert_eq!(image.width(), 2 * MARGIN + CAPTION + 8 * (GAP + FRAMED));
        assert_eq!(count(&image, [0, 0, 250]), 8 * TILE as usize); // one row of pixels each
    }

    #[test]
    fn sheet_without_rows_and_sheet_too_large_are_refused() {
        assert!(matches!(sheet(vec![], vec![]), Err(EvalError::NoRows)));
        let blue = plain(1, 1, [0, 0, 250]);
        let rows = vec![text_row("a", &blue, Verdict::Right); 1000];
        assert!(matches!(sheet(rows, vec![]), Err(EvalError::Picture(VisionError::TooLarge { .. }))));
    }
}
