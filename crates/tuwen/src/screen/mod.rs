//! What a run looks like: a live view on a terminal, plain lines elsewhere, and a last screen that says what was learned.

mod canvas;
mod ending;
mod layout;
mod live;
mod message;
mod plain;
mod progress;
mod trend;
mod wording;

use std::io::{self, IsTerminal, Stdout};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::ValueEnum;
use tuwen_train::{Event, Start};

pub(crate) use canvas::{Canvas, Colours};
pub(crate) use ending::retrieval;
pub(crate) use live::Live;
use message::{Message, message};
use plain::Plain;

/// How a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// A live view on a terminal that can draw one, plain lines elsewhere
    Auto,
    /// A live view
    Live,
    /// A line now and then
    Plain,
}

/// Shows events.
pub(crate) struct Screen {
    view: View,
    woken: Arc<AtomicBool>,
    train: String,
    run: String,
    plain: Plain,
    /// From the first step to the last.
    live: Option<Live<Stdout>>,
}

impl Screen {
    /// For a run on the records at `train`. `woken` is set when the program goes on after it was put to sleep.
    pub(crate) fn new(train: &str, view: View, woken: Arc<AtomicBool>) -> Self {
        let view = if view == View::Auto { suiting() } else { view };
        Self { view, woken, train: train.to_string(), run: String::new(), plain: Plain::default(), live: None }
    }

    pub(crate) fn show(&mut self, event: &Event<'_>) {
        match (event, &mut self.live) {
            (Event::Started(start), _) => self.start(start),
            (Event::Finished(summary), _) => {
                self.live = None; // its last state stays above the last screen
                ending::finish(summary, &self.run);
            }
            (_, Some(live)) => live.show(event),
            (Event::Stepped(report), None) => self.plain.step(report).iter().for_each(|line| println!("{line}")),
            (_, None) => message(event).iter().for_each(Message::print),
        }
    }

    /// Says that something is not as it should be.
    pub(crate) fn warn(&mut self, warning: &str) {
        let message = Message::Err(format!("warning: {warning}"));
        match &mut self.live {
            Some(live) => live.say(&message),
            None => message.print(),
        }
    }

    fn start(&mut self, start: &Start) {
        self.run = start.run.display().to_string();
        let Start { records: [train, heldout], parameters, groups, plan, steps: [first, last], .. } = start;
        println!("run         {}", self.run);
        println!("data        {train} records to train on ({}), {heldout} held out", self.train);
        println!("model       {parameters} parameters");
        groups.iter().for_each(|group| println!("group       {group}"));
        plan.lines().for_each(|pass| println!("{pass}"));
        println!("steps       {first} to {last}\n");
        if self.view == View::Live && first <= last {
            let colours =
                if console::Term::stdout().features().colors_supported() { Colours::On } else { Colours::Off };
            let canvas = Canvas::new(io::stdout(), colours);
            self.live = Some(Live::new(start, canvas, size, Arc::clone(&self.woken)));
        }
    }
}

/// Columns and rows of the terminal.
fn size() -> (usize, usize) {
    let (rows, columns) = console::Term::stdout().size();
    (columns.into(), rows.into())
}

/// What suits where the output goes.
fn suiting() -> View {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb") && !cfg!(windows);
    if io::stdout().is_terminal() && !dumb && !set("CI") { View::Live } else { View::Plain }
}
