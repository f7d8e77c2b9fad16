//! `plan`: what a recipe will cost, before it is run: parameters, operations, memory, time.

mod estimate;
mod measure;
mod model;
mod show;
mod sizes;

use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_data::DataError;
use tuwen_encoder::write_whole;
use tuwen_train::find_recipe;

use super::recipe::file_of;
use super::{CommandError, overrides};
use crate::device::DeviceName;
use crate::memory;
use estimate::Costs;

#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    /// A built-in recipe, the path of a TOML file, or a run's folder
    recipe: String,
    /// Lay an overlay over the recipe: a built-in one or the path of a TOML file
    #[arg(long = "overlay", value_name = "NAME")]
    overlays: Vec<String>,
    /// Change a value of the recipe: section.key=value
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Where to compute: cpu, cuda:NUMBER, tch, tch-cuda:NUMBER
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    /// Steps that are timed, after one that isn't; 0: nothing is measured
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    steps: usize,
    /// Gigabytes that the run may take [default: what is free on this machine, for the CPU]
    #[arg(long, value_name = "GB")]
    memory: Option<f64>,
    /// Write all numbers
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(super) fn run(arguments: &PlanArguments, root: &Path) -> Result<(), CommandError> {
    let recipe = find_recipe(&file_of(&arguments.recipe), &arguments.overlays, &overrides(&arguments.set)?)?.resolved();
    let device = arguments.device.parse::<DeviceName>()?;
    let free = if device.to_string() == "cpu" { memory::free() } else { None };
    let available = arguments.memory.map(|gigabytes| (gigabytes * 1e9) as u64).or(free);
    let mut costs = Costs::of(&recipe, root)?;
    costs.available = available;
    if arguments.steps > 0 {
        measure::measure(&mut costs, (&recipe, root), &device.open()?, arguments.steps)?;
    }
    costs.fit();
    print!("{}", show::table(&costs));
    if let Some(path) = &arguments.json {
        let json = serde_json::to_vec_pretty(&costs)?;
        write_whole(path, &json).map_err(|source| DataError::Io { path: path.clone(), source })?;
        println!("\nall numbers: {}", path.display());
    }
    Ok(())
}
