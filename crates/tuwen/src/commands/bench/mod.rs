//! `bench`: what things cost, measured on the machine it runs on.

mod asking;
mod compare;
mod data;
mod exchange;
mod gpu;
mod logging;
mod measured;
mod ops;
mod python;
mod scripts;
mod step;
mod stepped;
mod timing;
mod using;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{CommandError, overrides};

pub(super) use gpu::{Stepper, stepper};

#[derive(Debug, Subcommand)]
pub(super) enum BenchCommand {
    /// Time a step of an ALBEF recipe with all savings, without each of them, and without any
    Step(step::StepArguments),
    /// Time training steps and embedding beside PyTorch's, on the same weights and batch
    Compare(compare::CompareArguments),
    /// Our side of `compare`, which starts it itself
    #[command(hide = true)]
    CompareWorker {
        /// The case
        case: String,
        /// Where it computes
        device: String,
        /// Where its files go
        folder: PathBuf,
    },
    /// Time training steps of the large models on a device, and PyTorch's beside them
    Gpu(gpu::GpuArguments),
    /// Time steps with loader, files, TensorBoard and live view on, in turn with bare ones
    Logging(logging::LoggingArguments),
    /// Time a model in use, pictures and texts to vectors, in turn with its bare encoder
    Use(using::UseArguments),
    /// Time each operation against its composition and PyTorch's
    Ops(ops::OpsArguments),
    /// Time reading pictures, records and text, in turn with what Python has for it
    Data(data::DataArguments),
}

pub(super) fn run(command: &BenchCommand, root: &Path) -> Result<(), CommandError> {
    match command {
        BenchCommand::Step(arguments) => step::run(arguments, root),
        BenchCommand::Compare(arguments) => compare::run(arguments, root),
        BenchCommand::CompareWorker { case, device, folder } => compare::serve(case, device, folder, root),
        BenchCommand::Gpu(arguments) => gpu::run(arguments, root),
        BenchCommand::Logging(arguments) => logging::run(arguments, root),
        BenchCommand::Use(arguments) => using::run(arguments, root),
        BenchCommand::Ops(arguments) => ops::run(arguments, root),
        BenchCommand::Data(arguments) => data::run(arguments, root),
    }
}
