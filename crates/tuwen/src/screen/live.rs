//! The live view: the run's progress, drawn again in its place a few times a second.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tuwen_train::{Event, Start};

use super::canvas::Canvas;
use super::layout::lines;
use super::message::{Message, message};
use super::progress::Progress;

/// It is drawn at most so often.
const EVERY: Duration = Duration::from_millis(200);

/// A run on a terminal.
#[derive(Debug)]
pub(crate) struct Live<W: Write> {
    progress: Progress,
    canvas: Canvas<W>,
    /// Columns and rows.
    size: fn() -> (usize, usize),
    drawn: Option<Instant>,
    /// Set when the program goes on after it was put to sleep: somebody else has written on the terminal.
    woken: Arc<AtomicBool>,
}

impl<W: Write> Live<W> {
    /// Of a run that sets out, on a terminal of that size. `woken` is set when the program goes on after it was put to sleep.
    pub(crate) fn new(start: &Start, canvas: Canvas<W>, size: fn() -> (usize, usize), woken: Arc<AtomicBool>) -> Self {
        Self { progress: Progress::of(start), canvas, size, drawn: None, woken }
    }

    /// Takes `event` in, and prints what is to be said of it above the view.
    pub(crate) fn show(&mut self, event: &Event<'_>) {
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
        let _ = self.canvas.clear((self.size)().0);
        message.print();
        self.draw();
    }

    fn draw(&mut self) {
        self.forget_if_woken();
        let (width, height) = (self.size)();
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

impl<W: Write> Drop for Live<W> {
    /// The last state stays, whatever comes below.
    fn drop(&mut self) {
        self.draw();
    }
}
