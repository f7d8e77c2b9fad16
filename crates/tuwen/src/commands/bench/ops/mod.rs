//! `bench ops`: each operation forward and backward, fused, composed of Burn's own, and in PyTorch, in turns.

mod operations;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::asking::relative;
use super::python::{Peer, Session};
use super::timing::{Times, processor};
use crate::commands::CommandError;
use operations::{Operation, Way, operations};

/// What the Python side imports.
const PACKAGES: [&str; 2] = ["numpy==2.4.6", "torch==2.9.1"];

/// Largest difference of the sums of a result and of its first gradient, relative to them.
const SAME: f64 = 1e-4;

#[derive(Debug, Args)]
pub(in crate::commands) struct OpsArguments {
    /// A Python with numpy and torch [default: an environment in target/bench-python, made where it is missing]
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Rounds; in each of them every way runs so many times
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    rounds: usize,
    /// Times a round
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    times: usize,
}

/// Times of one operation in three ways.
#[derive(Default)]
struct Measured {
    fused: Times,
    composed: Times,
    torch: Times,
}

pub(in crate::commands) fn run(arguments: &OpsArguments, root: &Path) -> Result<(), CommandError> {
    let threads = std::thread::available_parallelism()?.get();
    let peer = Peer::find(arguments.python.as_deref(), root, &PACKAGES)?;
    let script = concat!(include_str!("../answer.py"), include_str!("peer.py"));
    let mut session = peer.start(script, &[], threads)?;
    println!("{}", processor());
    println!(
        "forward and backward of the sum, medians of {} rounds; ratios above 1: the fused one is faster\n",
        arguments.rounds
    );
    println!("{:<44}{:>12}{:>14}{:>14}", "", "fused, ms", "to composed", "to PyTorch");
    for operation in operations() {
        let apart = apart(&operation, &mut session)?;
        if apart > SAME {
            return Err(format!("{}: results differ by {apart:.1e} of their size", operation.name).into());
        }
        let measured = measure(&operation, &mut session, arguments)?;
        let median = measured.fused.median();
        let (composed, torch) = (measured.composed.median() / median, measured.torch.median() / median);
        println!("{:<44}{:>12.3}{composed:>14.2}{torch:>14.2}", operation.what, median * 1e3);
    }
    Ok(())
}

/// How far the three ways are apart.
fn apart(operation: &Operation, session: &mut Session) -> Result<f64, CommandError> {
    let fused = operation.probe(Way::Fused)?;
    let answer = session.ask(&json!({ "do": "probe", "name": operation.name }))?;
    let theirs = [&answer["result"], &answer["gradient"]].map(|value| value.as_f64().unwrap_or(f64::NAN));
    let mut worst = 0.0_f64;
    for other in [operation.probe(Way::Composed)?, theirs] {
        for (a, b) in fused.into_iter().zip(other) {
            worst = worst.max(relative(a, b));
        }
    }
    Ok(worst)
}

fn measure(operation: &Operation, session: &mut Session, arguments: &OpsArguments) -> Result<Measured, CommandError> {
    let mut measured = Measured::default();
    let times = arguments.times.max(1);
    // In the first round memory is allocated; it does not count.
    for round in 0..=arguments.rounds.max(1) {
        let spans = [Way::Fused, Way::Composed].map(|way| {
            let started = Instant::now();
            (0..times).for_each(|_| operation.run(way));
            started.elapsed().as_secs_f64() / times as f64
        });
        let answer = session.ask(&json!({ "do": "measure", "name": operation.name, "times": times }))?;
        let theirs = answer["seconds"].as_f64().ok_or("an answer without a time")? / times as f64;
        if round > 0 {
            measured.fused.push(spans[0]);
            measured.composed.push(spans[1]);
            measured.torch.push(theirs);
        }
    }
    Ok(measured)
}
