//! `gpu-check`: everything that a first run on a card has to show, in one command.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CommandError;
use crate::check::{self, Check};
use crate::device::DeviceName;

#[derive(Debug, Args)]
pub(super) struct GpuCheckArguments {
    /// What is checked: cpu, cuda:NUMBER, tch, tch-cuda:NUMBER
    #[arg(long, value_name = "DEVICE", default_value = "cuda:0")]
    device: String,
    /// The built test program, for a machine without cargo [default: cargo builds it]
    #[arg(long, value_name = "PATH")]
    tests: Option<PathBuf>,
    /// Steps of each long run
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    steps: u64,
}

pub(super) fn run(arguments: &GpuCheckArguments, root: &Path) -> Result<(), CommandError> {
    let name = arguments.device.parse::<DeviceName>()?;
    check::run(&Check { name, tests: arguments.tests.as_deref(), steps: arguments.steps.max(30), root })
}
