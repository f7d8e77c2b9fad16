//! The live view: the run's progress, drawn again in its place a few times a second.

use std::io::{self, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tuwen_train::{Event, Start};

use super::canvas::{Canvas, Colours};
use super::layout::lines;
use super::message::{Message, message};
use super::progress::Progress;

/// It is drawn at most so often.
const EVERY: Duration = Duration::from_millis(200);

/// A run on a terminal.
#[derive(Debug)]
pub(super) struct Live {
    progress: Progress,
    canvas: Canvas<Stdout>,
    drawn: Option<Instant>,
    /// Set when the program goes on after it was put to sleep: somebody else has written on the terminal.
    woken: Arc<AtomicBool>,
}

impl Live {
    pub(super) fn new(start: &Start, colours: Colours, woken: Arc<AtomicBool>) -> Self {
        Self { progress: Progress::of(start), canvas: Canvas::new(io::stdout(), colours), drawn: None, woken }
    }

    /// Takes `event` in, and prints what is to be said of it above the view.
    pub(super) fn show(&mut self, event: &Event<'_>) {
        self.progress.see(event);
        match message(event) {
            Some(message) => self.say(&message),
            None if self.drawn.is_none_or(|drawn| drawn.elapsed() >= EVERY) => self.draw(),
            None => {}
        }
    }

    /// Prints `message` above the view.
    pub(super) fn say(&mut self, message: &Message) {
        self.forget_if_woken();
        // A terminal that is gone stops no run.
        let _ = self.canvas.clear(size().0);
        message.print();
        self.draw();
    }

    fn draw(&mut self) {
        self.forget_if_woken();
        let (width, height) = size();
        // The last column stays free: some terminals wrap as soon as it is taken.
        let mut lines = lines(&self.progress, width.saturating_sub(1));
        lines.truncate(height.saturating_sub(1));
        let _ = self.canvas.draw(&lines, width);
        self.drawn = Some(Instant::now());
    }

    fn forget_if_woken(&mut self) {
        if self.woken.swap(false, Ordering::SeqCst) {
            self.canvas.leave();
        }
    }
}

impl Drop for Live {
    /// The last state stays, whatever comes below.
    fn drop(&mut self) {
        self.draw();
        let _ = io::stdout().flush();
    }
}

/// Columns and rows of the terminal.
fn size() -> (usize, usize) {
    let (rows, columns) = console::Term::stdout().size();
    (columns.into(), rows.into())
}
