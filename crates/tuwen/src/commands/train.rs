//! `train`: a recipe becomes a run.

use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_train::{
    Architecture, RECIPES, Recipe, RunOptions, StartFrom, TrainError, albef, find_recipe, train, unibert,
};

use super::{CommandError, overrides};
use crate::board::Board;
use crate::device::DeviceName;
use crate::screen::Screen;
use crate::signals::Signals;

#[derive(Debug, Args)]
pub(super) struct TrainArguments {
    /// A built-in recipe or the path of a TOML file [default: the first of `recipe list`]
    recipe: Option<String>,
    /// Train on another set of the same format (file, folder or pattern)
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Evaluate on another set of the same format
    #[arg(long, value_name = "PATH")]
    heldout: Option<PathBuf>,
    /// Lay an overlay over the recipe: a built-in one or the path of a TOML file
    #[arg(long = "overlay", value_name = "NAME")]
    overlays: Vec<String>,
    /// Change a value of the recipe: section.key=value
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
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
}

pub(super) fn run(arguments: &TrainArguments, root: &Path) -> Result<(), CommandError> {
    let name = arguments.recipe.as_deref().unwrap_or(RECIPES[0].0);
    let stem = Path::new(name).file_stem().map_or(name.into(), |stem| stem.to_string_lossy());
    let runs = Path::new("runs").join(stem.as_ref());
    let (folder, start) = match (&arguments.resume, &arguments.run) {
        (Some(Some(given)), _) | (Some(None), Some(given)) => (given.clone(), StartFrom::NewestCheckpoint),
        (Some(None), None) => (newest_run(&runs)?, StartFrom::NewestCheckpoint),
        (None, Some(given)) => (given.clone(), StartFrom::Scratch),
        (None, None) => (next_run(&runs), StartFrom::Scratch),
    };
    // A run that goes on does so with the recipe it was started with, which stands in its folder.
    let saved = folder.join("recipe.toml");
    let source = if start == StartFrom::NewestCheckpoint { saved.display().to_string() } else { name.to_string() };
    let mut recipe = find_recipe(&source, &arguments.overlays, &overrides(&arguments.set)?)?;
    if let Some(path) = &arguments.data {
        recipe.data_mut().train.clone_from(path);
    }
    if let Some(path) = &arguments.heldout {
        recipe.data_mut().heldout.clone_from(path);
    }
    let events = arguments.tensorboard.clone().map(|given| given.unwrap_or_else(|| folder.join("tensorboard")));
    let signals = Signals::watched()?;
    let options =
        RunOptions { folder, start, device: arguments.device.parse::<DeviceName>()?.open()?, stop: signals.stop() };
    let screen = Screen::new(&recipe.data_mut().train.display().to_string());
    let done = match recipe {
        Recipe::Albef(recipe) => go(&albef::Assembly::of(*recipe, root)?, &options, screen, events),
        Recipe::UniBert(recipe) => go(&unibert::Assembly::of(*recipe, root)?, &options, screen, events),
    };
    done.map_err(|error| signals.explain(error))
}

fn go<A: Architecture>(
    assembly: &A,
    options: &RunOptions,
    mut screen: Screen,
    events: Option<PathBuf>,
) -> Result<(), TrainError> {
    let learning_rate = assembly.settings().optimizer.learning_rate;
    let mut board = events.map(|folder| Board::new(folder, learning_rate));
    train(assembly, options, &mut |event| {
        screen.show(&event);
        board.iter_mut().for_each(|board| board.show(&event));
    })?;
    Ok(())
}

/// The first number under `runs` that is not taken.
fn next_run(runs: &Path) -> PathBuf {
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
