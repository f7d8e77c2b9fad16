//! `bench`: what things cost, measured on the machine it runs on.

#[expect(dead_code, reason = "the comparisons that use it come next")]
mod python;
mod step;

use std::path::Path;

use clap::Subcommand;

use super::{CommandError, overrides};

#[derive(Debug, Subcommand)]
pub(super) enum BenchCommand {
    /// Time a step of an ALBEF recipe with all savings, without each of them, and without any
    Step(step::StepArguments),
}

pub(super) fn run(command: &BenchCommand, root: &Path) -> Result<(), CommandError> {
    match command {
        BenchCommand::Step(arguments) => step::run(arguments, root),
    }
}
