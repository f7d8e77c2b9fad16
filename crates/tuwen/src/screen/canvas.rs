//! Lines on a terminal that are drawn again in their place, with messages above them.
//!
//! The cursor rests below the lines and stays visible, and nothing else of the terminal's state is touched: whatever ends
//! the program leaves a clean terminal.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::layout::{Line, Look, columns};

/// Between these a terminal that knows them shows nothing, so that the lines don't flicker; others ignore them.
const BEGIN: &str = "\x1b[?2026h";
const END: &str = "\x1b[?2026l";

/// Whether looks are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    /// As the terminal has them.
    On,
    /// Text alone.
    Off,
}

/// The place on the terminal.
#[derive(Debug)]
pub(crate) struct Canvas<W: Write> {
    out: W,
    colours: Colours,
    /// The columns of each line that stands there.
    shown: Vec<usize>,
}

impl<W: Write> Canvas<W> {
    /// Nothing is drawn yet.
    pub(crate) fn new(out: W, colours: Colours) -> Self {
        Self { out, colours, shown: Vec::new() }
    }

    /// Draws `lines` over those before, on a terminal that is `width` columns wide now.
    pub(super) fn draw(&mut self, lines: &[Line], width: usize) -> io::Result<()> {
        let mut text = format!("{BEGIN}{}", self.taken_away(width));
        for line in lines {
            line.iter().for_each(|(look, piece)| self.piece(*look, piece, &mut text));
            text.push_str("\r\n");
        }
        text.push_str(END);
        self.shown = lines.iter().map(columns).collect();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Takes the lines away, so that something can be printed where they were.
    pub(super) fn clear(&mut self, width: usize) -> io::Result<()> {
        let text = self.taken_away(width);
        self.shown.clear();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Leaves the lines as they are; the next ones come below.
    pub(super) fn leave(&mut self) {
        self.shown.clear();
    }

    /// To the begin of the first line, and away with all of them. A narrower window has wrapped what it has no room for. The
    /// rows are deleted and not emptied: a terminal may still count, and wrap, the emptied end of a row.
    fn taken_away(&self, width: usize) -> String {
        let rows: usize = self.shown.iter().map(|columns| columns.div_ceil(width.max(1)).max(1)).sum();
        if rows == 0 { "\r\x1b[J".to_string() } else { format!("\r\x1b[{rows}A\x1b[{rows}M\x1b[J") }
    }

    fn piece(&self, look: Look, piece: &str, text: &mut String) {
        let code = match look {
            Look::Plain => None,
            Look::Quiet => Some(2),
            Look::Strong => Some(1),
            Look::Curve => Some(36),
            Look::Warning => Some(33),
        };
        match code.filter(|_| self.colours == Colours::On && !piece.is_empty()) {
            Some(code) => _ = write!(text, "\x1b[{code}m{piece}\x1b[0m"),
            None => text.push_str(piece),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        vec![(Look::Strong, text.to_string())]
    }

    fn written(draw: impl FnOnce(&mut Canvas<Vec<u8>>)) -> String {
        let mut canvas = Canvas::new(Vec::new(), Colours::Off);
        draw(&mut canvas);
        String::from_utf8(canvas.out).unwrap()
    }

    #[test]
    fn lines_are_drawn_in_the_place_of_those_before() {
        let text = written(|canvas| {
            canvas.draw(&[line("ab"), line("c")], 10).unwrap();
            canvas.draw(&[line("d")], 10).unwrap();
        });
        assert_eq!(text, format!("{BEGIN}\r\x1b[Jab\r\nc\r\n{END}{BEGIN}\r\x1b[2A\x1b[2M\x1b[Jd\r\n{END}"));
    }

    #[test]
    fn a_narrower_window_has_wrapped_what_was_there() {
        // 7 columns take 3 rows of 3, the empty line takes one.
        let text = written(|canvas| {
            canvas.draw(&[line("abcdefg"), line("")], 10).unwrap();
            canvas.clear(3).unwrap();
        });
        assert!(text.ends_with("\r\x1b[4A\x1b[4M\x1b[J"), "{text:?}");
    }

    #[test]
    fn lines_that_are_left_stay() {
        let text = written(|canvas| {
            canvas.draw(&[line("a")], 10).unwrap();
            canvas.leave();
            canvas.clear(10).unwrap();
        });
        assert!(text.ends_with(&format!("a\r\n{END}\r\x1b[J")), "{text:?}");
    }

    #[test]
    fn looks_are_colours_where_they_are_wanted() {
        let mut canvas = Canvas::new(Vec::new(), Colours::On);
        let line = vec![(Look::Plain, "a".into()), (Look::Warning, "b".into()), (Look::Quiet, String::new())];
        canvas.draw(&[line], 10).unwrap();
        let text = String::from_utf8(canvas.out).unwrap();
        assert!(text.ends_with(&format!("Ja\x1b[33mb\x1b[0m\r\n{END}")), "{text:?}");
    }
}
