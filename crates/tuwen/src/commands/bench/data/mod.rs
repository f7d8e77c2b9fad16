//! `bench data`: the host's side of training, each part in turn with what Python has for it, one thread each.

mod pictures;
mod records;
mod text;

use std::path::{Path, PathBuf};

use clap::Args;

use super::python::Peer;
use super::timing::{Contest, processor};
use crate::commands::CommandError;

/// What the Python sides import.
const PACKAGES: [&str; 5] =
    ["numpy==2.4.6", "pillow==13.0.0", "tokenizers==0.22.2", "torch==2.9.1", "transformers==4.57.6"];

#[derive(Debug, Args)]
pub(in crate::commands) struct DataArguments {
    /// An interpreter that has numpy, pillow, tokenizers, torch and transformers [default: an environment in
    /// target/bench-python, made where it is missing; needs python3, and some gigabytes for torch]
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Rounds; in each both sides do everything once
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    rounds: usize,
}

/// What was measured.
struct Row {
    name: String,
    /// What is counted.
    unit: &'static str,
    /// How many of them a time is for.
    items: usize,
    contest: Contest,
}

/// Some rows, and in words what was found equal before.
struct Part {
    versions: String,
    equal: Vec<String>,
    rows: Vec<Row>,
}

/// A part's measurement: with which Python, where the sets lie, in how many rounds.
type Measure = fn(&Peer, &Path, usize) -> Result<Part, CommandError>;

pub(in crate::commands) fn run(arguments: &DataArguments, root: &Path) -> Result<(), CommandError> {
    let peer = Peer::find(arguments.python.as_deref(), root, &PACKAGES)?;
    println!("{}; one thread on each side", processor());
    println!("medians of {} interleaved rounds (slowest–fastest), per second\n", arguments.rounds.max(1));
    let parts: [Measure; 3] = [pictures::measure, records::measure, text::measure];
    for part in parts {
        let Part { versions, equal, rows } = part(&peer, root, arguments.rounds)?;
        println!("{versions}");
        equal.iter().for_each(|line| println!("  checked: {line}"));
        rows.iter().for_each(|row| println!("{}", line(row)));
        println!();
    }
    Ok(())
}

fn line(row: &Row) -> String {
    let Row { name, unit, items, contest } = row;
    let (ours, theirs) = (contest.ours.rate(*items), contest.theirs.rate(*items));
    format!("  {name:<42} tuwen {ours:<26} Python {theirs:<26} {unit}/s  ratio {:.1}", contest.ratio())
}

/// Where one of the repository's sets lies.
fn dataset(root: &Path, name: &str) -> PathBuf {
    root.join("datasets").join(name)
}

/// A number in an answer.
fn number(answer: &serde_json::Value, name: &str) -> Result<f64, CommandError> {
    answer[name].as_f64().ok_or_else(|| format!("the Python side answers `{answer}`, expected a `{name}`").into())
}

/// A text in an answer.
fn word<'a>(answer: &'a serde_json::Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or("of unknown version")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_both_rates_and_their_ratio() {
        let (mut contest, name) = (Contest::default(), "reading".to_owned());
        contest.ours.push(0.5);
        contest.theirs.push(2.0);
        let line = line(&Row { name, unit: "records", items: 100, contest });
        let words: Vec<&str> = line.split_whitespace().collect();
        let expected = "reading tuwen 200 (200–200) Python 50.0 (50.0–50.0) records/s ratio 4.0";
        assert_eq!(words, expected.split(' ').collect::<Vec<_>>());
    }

    #[test]
    fn answers_without_the_number_are_shown() {
        let answer = json!({"seconds": 0.5});
        assert_eq!(number(&answer, "seconds").unwrap(), 0.5);
        let error = number(&answer, "bytes").unwrap_err().to_string();
        assert_eq!(error, "the Python side answers `{\"seconds\":0.5}`, expected a `bytes`");
    }
}
