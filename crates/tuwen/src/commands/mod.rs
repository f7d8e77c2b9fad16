//! The commands, as a function that a program calls with its arguments.

mod bench;
mod convert;
mod data;
mod device;
mod doctor;
mod downstream;
mod embeddings;
mod ensemble;
mod eval;
mod gpu_check;
mod own;
mod place;
mod plan;
mod recipe;
mod report;
mod train;
mod using;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tuwen_recipe::{Override, RecipeError};

use crate::signals::Interrupted;

pub use own::train_own;

#[derive(Debug, Parser)]
#[command(
    name = "tuwen",
    version,
    about = "Pre-trains models that understand images or videos together with text, and uses them"
)]
struct Arguments {
    /// Show the causes of an error too
    #[arg(short, long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a recipe
    Train(train::TrainArguments),
    /// Look at data, or make some
    #[command(subcommand)]
    Data(data::DataCommand),
    /// Look through a data set for what training would stumble over: 3 means records are unusable or trained on
    Doctor(doctor::DoctorArguments),
    /// Fine-tune a pre-trained run on a small set of a task, and the same model from nothing: a table beside chance
    Downstream(downstream::DownstreamArguments),
    /// Join the embeddings of several runs of pairs into one: weighted, then the directions that matter
    Ensemble(ensemble::EnsembleArguments),
    /// Test a run
    #[command(subcommand)]
    Eval(eval::EvalCommand),
    /// Show and compare runs on one page
    Report(report::ReportArguments),
    /// Measure what a step costs
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    /// Bring weights from one program's names and files to another's
    Convert(convert::ConvertArguments),
    /// List what there is to compute on
    Device,
    /// Check a device: goldens, steps against the CPU, runs without NaN, memory, throughput
    GpuCheck(gpu_check::GpuCheckArguments),
    /// Say what a recipe will cost: parameters, operations, memory, time, and the largest batch that fits
    Plan(plan::PlanArguments),
    /// Embed pictures, texts or clips
    Embed(using::EmbedArguments),
    /// Tell how well texts fit a picture or a clip
    Match(using::MatchArguments),
    /// Fill in the hidden words of a text: fill [IMAGE] "a [MASK] face"
    Fill(using::FillArguments),
    /// Find pictures or clips by a text, or texts by a picture
    Search(using::SearchArguments),
    /// Search pictures or clips on a page in the browser, of this machine alone if nothing else is said
    Serve(using::ServeArguments),
    /// Take a model out of its run, with all that is needed to use it
    Export(using::ExportArguments),
    /// List, show, compare or check recipes
    #[command(subcommand)]
    Recipe(recipe::RecipeCommand),
}

/// The `--set` values of a command line.
pub(crate) fn overrides(set: &[String]) -> Result<Vec<Override>, RecipeError> {
    set.iter().map(|text| Override::parse(text)).collect()
}

/// Any command's error; it is printed on one line.
pub(crate) type CommandError = Box<dyn std::error::Error>;

/// The program that runs the commands.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// Data sets that recipes name relatively are looked for where the program runs and then here.
    pub root: &'a Path,
    /// The commit it was built from, where that is known; a run's folder remembers it.
    pub commit: Option<&'a str>,
}

impl Program<'_> {
    /// Name, version, commit.
    fn describe(&self) -> String {
        let commit = self.commit.map_or(String::new(), |commit| format!(", commit {commit}"));
        format!("tuwen {}{commit}", env!("CARGO_PKG_VERSION"))
    }
}

/// Runs the command in `arguments` (the program's name first). Errors are printed; see [`run`] for the codes.
pub fn main(arguments: impl IntoIterator<Item = OsString>, program: Program<'_>) -> ExitCode {
    ExitCode::from(run(arguments, program))
}

/// [`main`] with the code as a number: 0 done, 1 failed, 2 not understood, 130 interrupted (Ctrl-C), 143 asked to end (SIGTERM).
pub fn run(arguments: impl IntoIterator<Item = OsString>, program: Program<'_>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(help) => {
            // Help and version come as "errors" too, and go to stdout with code 0.
            let _ = help.print();
            return help.exit_code() as u8;
        }
    };
    crate::allocator::keep_freed_memory();
    if matches!(arguments.command, Command::Serve(_)) {
        return execute(arguments, program); // it waits, and the pool would lack a thread
    }
    // On a thread of the pool that the kernels use: a step then hands out work without going to sleep itself.
    rayon::scope(|_| execute(arguments, program))
}

fn execute(arguments: Arguments, program: Program<'_>) -> u8 {
    conclude(dispatch(arguments.command, program), arguments.verbose)
}

/// The exit code; an error is printed, with its causes if they are wanted.
fn conclude(outcome: Result<u8, CommandError>, verbose: bool) -> u8 {
    let error = match outcome {
        Ok(code) => return code,
        Err(error) => error,
    };
    if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
        println!("{interrupted}");
        return interrupted.code();
    }
    eprintln!("error: {error}");
    let mut cause = error.source().filter(|_| verbose);
    while let Some(error) = cause {
        eprintln!("  caused by: {error}");
        cause = error.source();
    }
    1
}

fn dispatch(command: Command, program: Program<'_>) -> Result<u8, CommandError> {
    let root = program.root;
    match command {
        // It alone has something to say by its code.
        Command::Doctor(arguments) => return doctor::run(&arguments, root),
        Command::Train(arguments) => train::run(&arguments, program),
        Command::Downstream(arguments) => downstream::run(&arguments, program),
        Command::Ensemble(arguments) => ensemble::run(&arguments, root),
        Command::Data(command) => data::run(&command, root),
        Command::Eval(command) => eval::run(&command, root),
        Command::Report(arguments) => report::run(&arguments),
        Command::Bench(command) => bench::run(&command, root),
        Command::Convert(arguments) => convert::run(&arguments, program),
        Command::Device => device::run(),
        Command::GpuCheck(arguments) => gpu_check::run(&arguments, root),
        Command::Plan(arguments) => plan::run(&arguments, root),
        Command::Embed(arguments) => using::embed(&arguments),
        Command::Match(arguments) => using::matching(&arguments),
        Command::Fill(arguments) => using::fill(&arguments),
        Command::Search(arguments) => using::search(&arguments),
        Command::Serve(arguments) => using::serve(&arguments),
        Command::Export(arguments) => using::export(&arguments, root),
        Command::Recipe(command) => recipe::run(&command, root),
    }
    .map(|()| 0)
}
