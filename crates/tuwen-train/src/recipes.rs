//! The recipes that come with the program.

use std::path::Path;

use tuwen_recipe::{Override, parse_checked};

use crate::TrainError;
use crate::check::check;
use crate::recipe::Recipe;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each built-in recipe, the default first.
        pub const RECIPES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../recipes/", $name, ".toml")))),*];
    };
}

built_in!(
    "unibert-tiny",
    "unibert-tiny-patches",
    "unibert-synth",
    "unibert-large",
    "unibert-job2",
    "unibert-job3",
    "unibert-job4",
    "unibert-job5",
    "unibert-job6",
);

/// The recipe of this built-in name, or in this TOML file, with `overrides` applied and its numbers checked.
pub fn find_recipe(name: &str, overrides: &[Override]) -> Result<Recipe, TrainError> {
    let (shown, text) = match RECIPES.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => (format!("{name}.toml"), (*text).to_string()),
        None if name.ends_with(".toml") => {
            let path = Path::new(name);
            (name.to_string(), std::fs::read_to_string(path).map_err(|error| TrainError::io(path, error))?)
        }
        None => {
            let known = RECIPES.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            return Err(TrainError::NoSuchRecipe { name: name.to_string(), known });
        }
    };
    let layer = tuwen_recipe::Layer { name: &shown, text: &text };
    let mut recipe: Recipe = parse_checked(layer, &[], overrides, check)?;
    if recipe.name.is_empty() {
        recipe.name = Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    }
    Ok(recipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_recipe_is_sound_and_survives_a_round_trip() {
        for (name, _) in RECIPES {
            let recipe = find_recipe(name, &[]).unwrap_or_else(|error| panic!("{error}"));
            let text = tuwen_recipe::to_toml(&recipe).unwrap();
            assert_eq!(tuwen_recipe::parse::<Recipe>(name, &text, &[]).unwrap(), recipe);
        }
    }
}
