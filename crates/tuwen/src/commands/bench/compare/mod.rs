//! `bench compare`: training steps and embedding beside PyTorch's, on the same weights and the same batch, in turns.

mod albef;
mod case;
mod embedding;
mod encoder;
mod unibert;
mod worker;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::json;

use case::{CASES, Case};
pub(super) use embedding::config as embedding_config;
pub(super) use worker::serve;

use super::asking::{SAME, agreed, ask, relative, steps};
use super::python::{Peer, Session};
use super::scripts::{PACKAGES, Scripts};
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

/// What a case came to. Times in seconds, memory in MiB.
struct Outcome {
    /// PyTorch's median step over ours, round by round.
    ratios: Times,
    ours: Times,
    theirs: Times,
    memory: [Option<f64>; 2],
    /// Largest relative difference of a loss before the first step, and of the total after the first round: training
    /// enlarges whatever rounding began, so that later ones say little.
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
    let scripts = Scripts::write()?;
    let python = Peer::find(arguments.python.as_deref(), root, &PACKAGES)?;
    println!("{}; {threads} threads on each side", processor());
    if let Some(load) = busy(threads) {
        println!("warning: the machine is busy (load {load:.1}), so these figures mean little");
    }
    println!("{} rounds of {} steps in turns; above 1: tuwen is faster\n", arguments.rounds, arguments.steps);
    println!("{:<24}{:>7}{:>16}{:>11}{:>11}{:>9}{:>9}", "", "ratio", "rounds", "ms", "PyTorch", "memory", "PyTorch");
    for case in chosen {
        let outcome = compare(case, arguments, (&python, &scripts, root), threads)?;
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
    (python, scripts, root): (&Peer, &Scripts, &Path),
    threads: usize,
) -> Result<Outcome, CommandError> {
    let mut ours = Session::of(worker_command(case, &arguments.device, (scripts.folder(), root), threads)?)?;
    ask(&mut ours, "check")?; // its files are written by then
    let mut theirs = scripts.start(case.script(), (python, threads), &json!({}))?;
    let versions = ask(&mut theirs, "versions")?;
    let losses = [ask(&mut ours, "check")?, ask(&mut theirs, "check")?];
    let first = agreed(&losses[0], &losses[1], SAME).map_err(|error| format!("{}: {error}", case.name))?;
    // The first round allocates memory and shows that both sides learn alike; its times do not count.
    let (_, our_total) = steps(&mut ours, arguments.steps)?;
    let (_, their_total) = steps(&mut theirs, arguments.steps)?;
    let (ratios, spans) = in_turns([&mut ours, &mut theirs], arguments)?;
    let memory = [&mut ours, &mut theirs].map(|side| ask(side, "memory").ok()?["peak_mib"].as_f64());
    let [ours, theirs] = spans;
    let word = |key: &str| versions[key].as_str().unwrap_or("?");
    Ok(Outcome {
        ratios,
        ours,
        theirs,
        memory,
        apart: [first, relative(our_total, their_total)],
        torch: format!("PyTorch {} with {} attention", word("torch"), word("attention")),
    })
}

/// The second side's median over the first's, round by round, and the times of either.
fn in_turns(sides: [&mut Session; 2], arguments: &CompareArguments) -> Result<(Times, [Times; 2]), CommandError> {
    let (mut ratios, mut spans) = (Times::default(), [Times::default(), Times::default()]);
    for round in 0..arguments.rounds.max(1) {
        let mut medians = [0.0; 2];
        // Who begins changes, so that neither is always the one after a pause.
        let order = if round % 2 == 0 { [1, 0] } else { [0, 1] };
        for index in order {
            let (times, _) = steps(sides[index], arguments.steps)?;
            medians[index] = times.median();
            spans[index].extend(times);
        }
        ratios.push(medians[1] / medians[0]);
    }
    Ok((ratios, spans))
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
    let [first, later] = outcome.apart;
    let later = if case.stays_equal() { format!(", {later:.0e} after the first round") } else { String::new() };
    println!("  {}; {}; losses equal within {first:.0e}{later}", case.what, outcome.torch);
}

/// The load of the last minute, where it leaves less than half of the threads free.
fn busy(threads: usize) -> Option<f64> {
    let told = std::fs::read_to_string("/proc/loadavg").ok()?;
    let load: f64 = told.split_whitespace().next()?.parse().ok()?;
    (load > threads as f64 / 2.0).then_some(load)
}
