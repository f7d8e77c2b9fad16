//! What is said of a run besides its steps: a line for an event, above the live view or among the plain lines.

use tuwen_train::{Event, Finding, Severity, Turn};

use super::wording::one_line;

/// Where a line goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// What happens.
    Out(String),
    /// What is not as it should be.
    Err(String),
}

impl Message {
    /// Prints it.
    pub(super) fn print(&self) {
        match self {
            Self::Out(line) => println!("{line}"),
            Self::Err(line) => eprintln!("{line}"),
        }
    }
}

/// What is said of an event whatever shows the run; nothing of steps, the start and the end.
pub(super) fn message(event: &Event<'_>) -> Option<Message> {
    Some(match event {
        Event::Evaluated(step, evaluation) => {
            Message::Out(format!("step {step:>6}  held out: {}", one_line(evaluation)))
        }
        Event::Saved(path) => Message::Out(format!("            saved {}", path.display())),
        Event::Drawn(path) => Message::Out(format!("            drew {}", path.display())),
        Event::SkippedRecord(message) => Message::Err(format!("warning: skipped {message}")),
        Event::SkippedStep(step, bad) => Message::Err(format!("warning: step {step} skipped: {bad} is not finite")),
        Event::Finding(finding) => Message::Out(found(finding)),
        Event::Notice(message) => Message::Err(format!("note: {message}")),
        Event::Started(_) | Event::Stepped(_) | Event::Finished(_) => return None,
    })
}

/// A line for what a monitor found, and one for what to do about it.
fn found(finding: &Finding) -> String {
    let Finding { step, turn, severity, sentence, advice, .. } = finding;
    match (turn, severity) {
        (Turn::Over, _) => format!("step {step:>6}  health: over: {sentence}"),
        (Turn::Began, Severity::Warning) => format!("step {step:>6}  health: {sentence}\n             → {advice}"),
        (Turn::Began, Severity::Note) => {
            format!("step {step:>6}  health, a note: {sentence}\n             → {advice}")
        }
    }
}
