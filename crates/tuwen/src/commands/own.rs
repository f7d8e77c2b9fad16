//! The command line of a program that trains an own task: that of `train`, with the program's own recipe.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tuwen_train::StartFrom;
use tuwen_train::objective::{Assembly, Objective, OwnResult, Recipe};

use super::place::PlaceArguments;
use super::train::go;
use super::{CommandError, Program, conclude, overrides};
use crate::screen::Screen;
use crate::signals::Signals;

/// Trains an own task
#[derive(Debug, Parser)]
struct Arguments {
    /// Show the causes of an error too
    #[arg(short, long)]
    verbose: bool,
    /// The path of another recipe [default: the program's own]
    recipe: Option<PathBuf>,
    /// Lay a TOML file over the recipe
    #[arg(long = "overlay", value_name = "FILE")]
    overlays: Vec<PathBuf>,
    /// Change a value of the recipe: section.key=value
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    place: PlaceArguments,
}

/// A program that trains the objective that `make` makes of a recipe: with `--set`, `--overlay`, `--run`, `--resume`,
/// `--device` and `--tensorboard`, the screen, the run's folder and the exit codes of `tuwen train`. `text` is the recipe
/// it comes with, and `file` the name that errors show; [`crate::commands::run`] lists the codes.
pub fn train_own<T, O>(file: &str, text: &str, make: impl FnOnce(Recipe<T>) -> OwnResult<O>) -> ExitCode
where
    T: Serialize + DeserializeOwned,
    O: Objective,
{
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(help) => {
            let _ = help.print();
            return ExitCode::from(help.exit_code() as u8);
        }
    };
    crate::allocator::keep_freed_memory();
    let done = run(&arguments, (file, text), make).map(|()| 0);
    ExitCode::from(conclude(done, arguments.verbose))
}

fn run<T, O>(
    arguments: &Arguments,
    (file, text): (&str, &str),
    make: impl FnOnce(Recipe<T>) -> OwnResult<O>,
) -> Result<(), CommandError>
where
    T: Serialize + DeserializeOwned,
    O: Objective,
{
    let path = arguments.recipe.as_deref().unwrap_or(Path::new(file));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let (folder, start) = arguments.place.folder(&stem)?;
    let saved = folder.join("recipe.toml");
    // A run that goes on does so with the recipe it was started with, which stands in its folder.
    let given = if start == StartFrom::NewestCheckpoint { Some(&saved) } else { arguments.recipe.as_ref() };
    let overrides = overrides(&arguments.set)?;
    let recipe = match given {
        Some(path) => Recipe::read(path, &arguments.overlays, &overrides)?,
        None => Recipe::with_overlays((file, text), &arguments.overlays, &overrides)?,
    };
    let events = arguments.place.events(&folder);
    let signals = Signals::watched()?;
    let program = Program { root: Path::new("."), commit: None };
    let options = arguments.place.options((folder, start), program, signals.stop())?;
    let screen = Screen::new(&recipe.name, arguments.place.view, signals.woken());
    let done = go(&Assembly::of(recipe, make)?, &options, screen, events);
    done.map_err(|error| signals.explain(error))
}
