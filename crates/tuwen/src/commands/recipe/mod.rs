//! `recipe list`, `recipe show`, `recipe diff` and `recipe check`.

mod check;
mod diff;

use std::path::Path;

use clap::{Args, Subcommand};
use tuwen_train::{AnyRecipe, OVERLAYS, RECIPES, TrainError, find_any_recipe};

use super::{CommandError, overrides};

#[derive(Debug, Subcommand)]
pub(super) enum RecipeCommand {
    /// Name the built-in recipes
    List,
    /// Print a built-in recipe with its remarks, or, with --overlay or --set, as it would be run
    Show {
        /// A built-in recipe, the path of a TOML file, or a run's folder
        name: String,
        #[command(flatten)]
        changes: Changes,
    },
    /// Print the keys whose values differ between two recipes
    Diff {
        /// The left recipe: a built-in one, the path of a TOML file, or a run's folder
        left: String,
        /// The right one, which --overlay and --set change [default: the left one]
        right: Option<String>,
        #[command(flatten)]
        changes: Changes,
    },
    /// Read recipes, check their numbers, and see whether the data they name is there
    Check {
        /// Built-in recipes, paths of TOML files, or runs' folders
        #[arg(required = true, value_name = "RECIPE")]
        names: Vec<String>,
        #[command(flatten)]
        changes: Changes,
    },
}

/// What is laid over a recipe.
#[derive(Debug, Args)]
pub(super) struct Changes {
    /// Lay an overlay over it: a built-in one or the path of a TOML file
    #[arg(long = "overlay", value_name = "NAME")]
    overlays: Vec<String>,
    /// Change a value: section.key=value
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Changes {
    fn none(&self) -> bool {
        self.overlays.is_empty() && self.set.is_empty()
    }

    /// The recipe of this name, changed.
    fn applied_to(&self, name: &str) -> Result<AnyRecipe, TrainError> {
        find_any_recipe(&file_of(name), &self.overlays, &overrides(&self.set)?)
    }
}

/// A run's folder stands for the recipe in it.
pub(super) fn file_of(name: &str) -> String {
    let inside = Path::new(name).join("recipe.toml");
    if inside.is_file() { inside.display().to_string() } else { name.to_string() }
}

pub(super) fn run(command: &RecipeCommand, root: &Path) -> Result<(), CommandError> {
    match command {
        RecipeCommand::List => {
            list(RECIPES);
            println!("\noverlays, for --overlay:");
            list(OVERLAYS);
        }
        RecipeCommand::Show { name, changes } => {
            let recipe = changes.applied_to(name)?;
            match RECIPES.iter().find(|(known, _)| known == name) {
                Some((_, text)) if changes.none() => print!("{text}"),
                _ => print!("{}", recipe.resolved_toml()?),
            }
        }
        RecipeCommand::Diff { left, right, changes } => diff::run(left, right.as_deref(), changes)?,
        RecipeCommand::Check { names, changes } => check::run(names, changes, root)?,
    }
    Ok(())
}

fn list(documents: &[(&str, &str)]) {
    for (name, text) in documents {
        let purpose = text.lines().next().unwrap_or_default().trim_start_matches("# ");
        println!("{name:22} {purpose}");
    }
}
