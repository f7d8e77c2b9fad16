//! `recipe list` and `recipe show`.

use clap::Subcommand;
use tuwen_train::{OVERLAYS, RECIPES, find_recipe};

use super::{CommandError, overrides};

#[derive(Debug, Subcommand)]
pub(super) enum RecipeCommand {
    /// Name the built-in recipes
    List,
    /// Print a built-in recipe with its remarks, or, with --overlay or --set, as it would be run
    Show {
        /// Its name
        name: String,
        /// Lay an overlay over it
        #[arg(long = "overlay", value_name = "NAME")]
        overlays: Vec<String>,
        /// Change a value: section.key=value
        #[arg(long = "set", value_name = "KEY=VALUE")]
        set: Vec<String>,
    },
}

pub(super) fn run(command: &RecipeCommand) -> Result<(), CommandError> {
    match command {
        RecipeCommand::List => {
            list(RECIPES);
            println!("\noverlays, for --overlay:");
            list(OVERLAYS);
        }
        RecipeCommand::Show { name, overlays, set } => {
            let recipe = find_recipe(name, overlays, &overrides(set)?)?;
            match RECIPES.iter().find(|(known, _)| known == name) {
                Some((_, text)) if set.is_empty() && overlays.is_empty() => print!("{text}"),
                _ => print!("{}", recipe.resolved_toml()?),
            }
        }
    }
    Ok(())
}

fn list(documents: &[(&str, &str)]) {
    for (name, text) in documents {
        let purpose = text.lines().next().unwrap_or_default().trim_start_matches("# ");
        println!("{name:22} {purpose}");
    }
}
