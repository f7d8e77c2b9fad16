//! `bench compare`: training steps and embedding beside PyTorch's, on the same weights and the same batch, in turns.

mod albef;
mod case;
mod embedding;
mod encoder;
mod exchange;
mod unibert;
mod worker;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::{Value, json};

use case::{CASES, Case};
pub(super) use embedding::config as embedding_config;
pub(super) use worker::serve;

use super::python::{Peer, Session};
use super::timing::{Times, processor};
use crate::commands::CommandError;

#[derive(Debug, Args)]
pub(in crate::commands) struct CompareArguments {
    /// Cases to compare, by name [default: all]
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
    /// A Python with torch, numpy and safetensors [default: one is set up under `target/`]
    #[arg(long, value_name = "PROGRAM")]
    python: Option<PathBuf>,
    /// Rounds; in each of them either side takes `steps` steps
    #[arg(long, value_name = "NUMBER", default_value_t = 9)]
    rounds: usize,
    /// Steps of a round
    #[arg(long, value_name = "NUMBER", default_value_t = 8)]
    steps: usize,
    /// Threads of either side [default: those of the machine]
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,
    /// Where our side computes: cpu, or tch where LibTorch was compiled in; PyTorch's side is on the CPU
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
}

/// The Python side, file by file.
const SCRIPTS: [(&str, &str); 7] = [
    ("layers.py", include_str!("peer/layers.py")),
    ("worker.py", include_str!("peer/worker.py")),
    ("two_stream.py", include_str!("peer/two_stream.py")),
    ("encoder.py", include_str!("peer/encoder.py")),
    ("unibert.py", include_str!("peer/unibert.py")),
    ("albef.py", include_str!("peer/albef.py")),
    ("embedding.py", include_str!("peer/embedding.py")),
];

/// What the Python side needs.
const PACKAGES: [&str; 3] = ["numpy==2.4.6", "safetensors==0.8.0", "torch==2.9.1"];

/// Runs a script of the folder in its first argument, which may import its neighbours.
const LAUNCHER: &str =
    "import runpy, sys; sys.path.insert(0, sys.argv[1]); runpy.run_path(sys.argv[2], run_name='__main__')";

/// Largest relative difference of the losses before the first step: both sides round in their own order.
const SAME: f64 = 1e-4;

/// What a case came to. Times in seconds, memory in MiB.
struct Outcome {
    /// PyTorch's median step over ours, round by round.
    ratios: Times,
    ours: Times,
    theirs: Times,
    memory: [Option<f64>; 2],
    /// Largest relative difference of a loss before the first step, and of the total after the last.
    apart: [f64; 2],
    /// PyTorch's version and its way of attention.
    torch: String,
}

pub(super) fn run(arguments: &CompareArguments, root: &Path) -> Result<(), CommandError> {
    let chosen = chosen(&arguments.cases)?;
    let threads = match arguments.threads {
        Some(threads) => threads.max(1),
        None => std::thread::available_parallelism()?.get(),
    };
    let folder = tempfile::tempdir()?;
    for (name, text) in SCRIPTS {
        std::fs::write(folder.path().join(name), text)?;
    }
    let python = Peer::find(arguments.python.as_deref(), root, &PACKAGES)?;
    println!("{}; {threads} threads on each side", processor());
    if let Some(load) = busy(threads) {
        println!("warning: the machine is busy (load {load:.1}), so these figures mean little");
    }
    println!("{} rounds of {} steps in turns; above 1: tuwen is faster\n", arguments.rounds, arguments.steps);
    println!("{:<24}{:>7}{:>16}{:>11}{:>11}{:>9}{:>9}", "", "ratio", "rounds", "ms", "PyTorch", "memory", "PyTorch");
    for case in chosen {
        let outcome = compare(case, arguments, (&python, folder.path(), root), threads)?;
        print_row(case, &outcome);
    }
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<Case>, CommandError> {
    if names.is_empty() {
        return Ok(CASES.to_vec());
    }
    let known = || CASES.map(|case| case.name).join("`, `");
    let named =
        |name: &String| Case::named(name).ok_or_else(|| format!("no case `{name}`, expected `{}`", known()).into());
    names.iter().map(named).collect()
}

fn compare(
    case: Case,
    arguments: &CompareArguments,
    (python, folder, root): (&Peer, &Path, &Path),
    threads: usize,
) -> Result<Outcome, CommandError> {
    let mut ours = Session::of(worker_command(case, &arguments.device, (folder, root), threads)?)?;
    ask(&mut ours, "check")?; // its files are written by then
    let script = folder.join(case.script());
    let arguments_of = [folder, &script, folder].map(|path| path.to_string_lossy().into_owned());
    let words: Vec<&str> = arguments_of.iter().map(String::as_str).collect();
    let mut theirs = python.start(LAUNCHER, &words, threads)?;
    let versions = ask(&mut theirs, "versions")?;
    let first = apart(&ask(&mut ours, "check")?, &ask(&mut theirs, "check")?)?;
    if first > SAME {
        return Err(format!(
            "{}: the losses differ by {first:.1e} of their size, so nothing can be compared",
            case.name
        )
        .into());
    }
    let (mut spans, mut ratios, mut last) = ([Times::default(), Times::default()], Times::default(), [0.0; 2]);
    // In the first round memory is allocated; it does not count.
    for round in 0..=arguments.rounds.max(1) {
        let mut medians = [0.0; 2];
        // Who begins changes, so that neither is always the one after a pause.
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for index in order {
            let side = if index == 0 { &mut ours } else { &mut theirs };
            let times = steps(side, arguments.steps, &mut last[index])?;
            medians[index] = times.median();
            if round > 0 {
                spans[index].extend(times);
            }
        }
        if round > 0 {
            ratios.push(medians[1] / medians[0]);
        }
    }
    let memory = [&mut ours, &mut theirs].map(|side| ask(side, "memory").ok()?["peak_mib"].as_f64());
    let [ours, theirs] = spans;
    let word = |key: &str| versions[key].as_str().unwrap_or("?");
    Ok(Outcome {
        ratios,
        ours,
        theirs,
        memory,
        apart: [first, relative(last[0], last[1])],
        torch: format!("PyTorch {} with {} attention", word("torch"), word("attention")),
    })
}

fn worker_command(
    case: Case,
    device: &str,
    (folder, root): (&Path, &Path),
    threads: usize,
) -> Result<Command, CommandError> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bench", "compare-worker", case.name, device]).arg(folder).current_dir(root);
    command.env("RAYON_NUM_THREADS", threads.to_string());
    Ok(command)
}

fn ask(side: &mut Session, question: &str) -> Result<Value, CommandError> {
    Ok(side.ask(&json!(question))?)
}

/// The times of `count` steps; `total` becomes the last one's loss.
fn steps(side: &mut Session, count: usize, total: &mut f64) -> Result<Times, CommandError> {
    (0..count.max(1))
        .map(|_| {
            let answer = ask(side, "step")?;
            *total = answer["total"].as_f64().unwrap_or(f64::NAN);
            answer["seconds"].as_f64().ok_or_else(|| format!("a step without a time: {answer}").into())
        })
        .collect()
}

/// The largest relative difference of numbers that both have by the same names.
fn apart(ours: &Value, theirs: &Value) -> Result<f64, CommandError> {
    let (Some(a), Some(b)) = (ours.as_object(), theirs.as_object()) else {
        return Err(format!("losses expected, got {ours} and {theirs}").into());
    };
    if !a.keys().eq(b.keys()) {
        return Err(format!("the sides have other losses: {ours} and {theirs}").into());
    }
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let differences = a.iter().map(|(name, value)| relative(number(value), number(&b[name])));
    // A NaN is as far apart as can be.
    Ok(differences.fold(0.0, |worst, d| if d.is_nan() { f64::INFINITY } else { d.max(worst) }))
}

fn relative(a: f64, b: f64) -> f64 {
    (a - b).abs() / a.abs().max(b.abs()).max(1e-12)
}

fn print_row(case: Case, outcome: &Outcome) {
    let [low, high] = outcome.ratios.spread();
    let mib = |memory: Option<f64>| memory.map_or("?".to_string(), |mib| format!("{mib:.0} MiB"));
    println!(
        "{:<24}{:>7.2}{:>16}{:>11.1}{:>11.1}{:>9}{:>9}",
        case.name,
        outcome.ratios.median(),
        format!("{low:.2}–{high:.2}"),
        outcome.ours.median() * 1e3,
        outcome.theirs.median() * 1e3,
        mib(outcome.memory[0]),
        mib(outcome.memory[1]),
    );
    let [first, last] = outcome.apart;
    let later = if case.stays_equal() { format!(", {last:.0e} after the last step") } else { String::new() };
    println!("  {}; {}; losses equal within {first:.0e}{later}", case.what, outcome.torch);
}

/// The load of the last minute, where it leaves less than half of the threads free.
fn busy(threads: usize) -> Option<f64> {
    let told = std::fs::read_to_string("/proc/loadavg").ok()?;
    let load: f64 = told.split_whitespace().next()?.parse().ok()?;
    (load > threads as f64 / 2.0).then_some(load)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_worst_loss_counts_and_a_nan_most() {
        assert_eq!(apart(&json!({ "a": 1.0, "b": 2.0 }), &json!({ "a": 1.0, "b": 1.0 })).unwrap(), 0.5);
        assert_eq!(apart(&json!({ "a": null }), &json!({ "a": 1.0 })).unwrap(), f64::INFINITY);
        assert!(apart(&json!({ "a": 1.0 }), &json!({ "b": 1.0 })).is_err());
    }
}
