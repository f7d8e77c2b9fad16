//! `recipe list` and `recipe show`.

use clap::Subcommand;
use tuwen_train::{RECIPES, find_recipe};

use super::{CommandError, overrides};

#[derive(Debug, Subcommand)]
pub(super) enum RecipeCommand {
    /// Name the built-in recipes
    List,
    /// Print a built-in recipe with its remarks, or, with --set, as it would be run
    Show {
        /// Its name
        name: String,
        /// Change a value: section.key=value
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
}

pub(super) fn run(command: &RecipeCommand) -> Result<(), CommandError> {
    match command {
        RecipeCommand::List => {
            for (name, text) in RECIPES {
                let purpose = text.lines().next().unwrap_or_default().trim_start_matches("# ");
                println!("{name:22} {purpose}");
            }
        }
        RecipeCommand::Show { name, set } => {
            let recipe = find_recipe(name, &overrides(set)?)?;
            match RECIPES.iter().find(|(known, _)| known == name) {
                Some((_, text)) if set.is_empty() => print!("{text}"),
                _ => print!("{}", tuwen_recipe::to_toml(&recipe.resolved())?),
            }
        }
    }
    Ok(())
}
