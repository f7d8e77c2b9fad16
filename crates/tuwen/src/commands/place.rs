//! Where a run takes place and how it is shown: its folder, its device, its TensorBoard events.

use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_train::{Place, RunOptions, StartFrom, Stop, TrainError};

use super::{CommandError, Program};
use crate::device::DeviceName;
use crate::screen::View;

#[derive(Debug, Args)]
pub(super) struct PlaceArguments {
    /// Where to compute: cpu, cuda:NUMBER, tch, tch-cuda:NUMBER
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    /// The run's folder [default: runs/RECIPE/NUMBER]
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    /// Go on from the newest checkpoint: of this run folder, or of the recipe's newest run
    #[arg(long, value_name = "FOLDER")]
    resume: Option<Option<PathBuf>>,
    /// Write TensorBoard events too [default: into the run's folder]
    #[arg(long, value_name = "FOLDER")]
    tensorboard: Option<Option<PathBuf>>,
    /// How the run is shown
    #[arg(long, value_name = "VIEW", value_enum, default_value_t = View::Auto)]
    pub(super) view: View,
}

const ONLY_WEIGHTS: &str = "is a file, expected a run's folder: a run of another program can't be gone on with, since its \
    optimizer and the place in its data mean nothing here; its weights can begin a run with `--set init.from=FILE`";

impl PlaceArguments {
    /// The folder of a run of `recipe`, and whether one is there to go on.
    pub(super) fn folder(&self, recipe: &str) -> Result<(PathBuf, StartFrom), TrainError> {
        if let Some(Some(given)) =
            self.resume.as_ref().filter(|given| given.as_ref().is_some_and(|path| path.is_file()))
        {
            return Err(TrainError::Checkpoint { path: given.clone(), reason: ONLY_WEIGHTS.to_string() });
        }
        let runs = Path::new("runs").join(recipe);
        Ok(match (&self.resume, &self.run) {
            (Some(Some(given)), _) | (Some(None), Some(given)) => (given.clone(), StartFrom::NewestCheckpoint),
            (Some(None), None) => (newest_run(&runs)?, StartFrom::NewestCheckpoint),
            (None, Some(given)) => (given.clone(), StartFrom::Scratch),
            (None, None) => (next_run(&runs), StartFrom::Scratch),
        })
    }

    /// Of a run of `program` in that folder.
    pub(super) fn options(
        &self,
        (folder, start): (PathBuf, StartFrom),
        program: Program<'_>,
        stop: Stop,
    ) -> Result<RunOptions, CommandError> {
        let device = self.device.parse::<DeviceName>()?;
        let place = Place { code: program.describe(), device: device.to_string() };
        Ok(RunOptions { folder, start, device: device.open()?, stop, place })
    }

    /// The folder for events, if they are wanted.
    pub(super) fn events(&self, run: &Path) -> Option<PathBuf> {
        self.tensorboard.clone().map(|given| given.unwrap_or_else(|| run.join("tensorboard")))
    }
}

/// The first number under `runs` that is not taken.
pub(super) fn next_run(runs: &Path) -> PathBuf {
    runs.join(format!("{:03}", numbers(runs).last().map_or(1, |last| last + 1)))
}

/// The highest number under `runs`.
fn newest_run(runs: &Path) -> Result<PathBuf, TrainError> {
    let newest = numbers(runs).last().copied();
    newest
        .map(|number| runs.join(format!("{number:03}")))
        .ok_or_else(|| TrainError::Checkpoint { path: runs.to_path_buf(), reason: "no run to resume".to_string() })
}

fn numbers(runs: &Path) -> Vec<u32> {
    let entries = std::fs::read_dir(runs).into_iter().flatten().flatten();
    let mut numbers: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}
