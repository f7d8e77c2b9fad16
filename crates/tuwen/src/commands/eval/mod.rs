//! `eval`: what a trained run can do without further training of its own.

mod classes;
mod opened;
mod probe;
mod retrieval;
mod zero_shot;

use std::path::Path;

use clap::Subcommand;

use super::CommandError;

#[derive(Debug, Subcommand)]
pub(super) enum EvalCommand {
    /// Find captions for pictures and pictures for captions
    Retrieval(retrieval::RetrievalArguments),
    /// Name the class of pictures by sentences about it, without training
    ZeroShot(zero_shot::ZeroShotArguments),
    /// Fit a linear classifier on the features of pictures
    Probe(probe::ProbeArguments),
}

pub(super) fn run(command: &EvalCommand, root: &Path) -> Result<(), CommandError> {
    match command {
        EvalCommand::Retrieval(arguments) => retrieval::run(arguments, root),
        EvalCommand::ZeroShot(arguments) => zero_shot::run(arguments, root),
        EvalCommand::Probe(arguments) => probe::run(arguments, root),
    }
}
