//! `train`: a recipe becomes a run.

use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_train::downstream::WithAssembly;
use tuwen_train::objective::{Assembly, Objective};
use tuwen_train::{
    AnyRecipe, Architecture, RECIPES, Recipe, RunOptions, StartFrom, TrainError, albef, find_any_recipe, train, unibert,
};

use super::place::PlaceArguments;
use super::{CommandError, Program, overrides};
use crate::board::Board;
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
    #[command(flatten)]
    place: PlaceArguments,
}

pub(super) fn run(arguments: &TrainArguments, program: Program<'_>) -> Result<(), CommandError> {
    let name = arguments.recipe.as_deref().unwrap_or(RECIPES[0].0);
    let stem = Path::new(name).file_stem().map_or(name.into(), |stem| stem.to_string_lossy());
    let (folder, start) = arguments.place.folder(&stem)?;
    // A run that goes on does so with the recipe it was started with, which stands in its folder.
    let saved = folder.join("recipe.toml");
    let source = if start == StartFrom::NewestCheckpoint { saved.display().to_string() } else { name.to_string() };
    let mut recipe = find_any_recipe(&source, &arguments.overlays, &overrides(&arguments.set)?)?;
    let shown = match &mut recipe {
        AnyRecipe::Pretraining(recipe) => {
            let data = recipe.data_mut();
            arguments.data.iter().for_each(|path| data.train.clone_from(path));
            arguments.heldout.iter().for_each(|path| data.heldout.clone_from(path));
            data.train.display().to_string()
        }
        AnyRecipe::Downstream(_) if arguments.data.is_some() || arguments.heldout.is_some() => {
            return Err("--data and --heldout are for pre-training: name other lists by `--set task.data.…`".into());
        }
        AnyRecipe::Downstream(recipe) => recipe.name().to_string(),
    };
    let events = arguments.place.events(&folder);
    let signals = Signals::watched()?;
    let options = arguments.place.options((folder, start), program, signals.stop())?;
    let screen = Screen::new(&shown, arguments.place.view, signals.woken());
    let done = match recipe {
        AnyRecipe::Pretraining(Recipe::Albef(recipe)) => {
            go(&albef::Assembly::of(*recipe, program.root)?, &options, screen, events)
        }
        AnyRecipe::Pretraining(Recipe::UniBert(recipe)) => {
            go(&unibert::Assembly::of(*recipe, program.root)?, &options, screen, events)
        }
        AnyRecipe::Downstream(recipe) => {
            recipe.assemble(program.root, Go { options: &options, screen, events }).and_then(|done| done)
        }
    };
    done.map_err(|error| signals.explain(error))
}

/// [`go`] with whichever downstream task it is.
struct Go<'a> {
    options: &'a RunOptions,
    screen: Screen,
    events: Option<PathBuf>,
}

impl WithAssembly for Go<'_> {
    type Output = Result<(), TrainError>;

    fn with<O: Objective>(self, assembly: &Assembly<O>) -> Self::Output {
        go(assembly, self.options, self.screen, self.events)
    }
}

pub(crate) fn go<A: Architecture>(
    assembly: &A,
    options: &RunOptions,
    mut screen: Screen,
    events: Option<PathBuf>,
) -> Result<(), TrainError> {
    let mut board = events.map(Board::new);
    train(assembly, options, &mut |event| {
        screen.show(&event);
        board.iter_mut().filter_map(|board| board.show(&event)).for_each(|warning| screen.warn(&warning));
    })?;
    Ok(())
}
