//! The recipes that come with the program, and how one is found by name or file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tuwen_recipe::{Difference, Layer, Override, Places, RecipeError, parse_placed};

use crate::sections::{ComputeSection, DataSection};
use crate::{OptimizerConfig, TrainError, albef, downstream, unibert};

macro_rules! built_in {
    ($constant:ident, $folder:literal, $what:literal, $($name:literal),* $(,)?) => {
        #[doc = $what]
        pub const $constant: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../recipes/", $folder, $name, ".toml")))),*];
    };
}

built_in!(
    RECIPES,
    "",
    "Name and text of each built-in recipe, the default first.",
    "albef-tiny",
    "albef-official-k",
    "albef-base",
    "albef-base-siglip",
    "albef-minilm",
    "unibert-tiny",
    "unibert-tiny-patches",
    "unibert-synth",
    "unibert-large",
    "unibert-job2",
    "unibert-job3",
    "unibert-job4",
    "unibert-job5",
    "unibert-job6",
    "albef-retrieval-tiny",
    "albef-retrieval-coco",
    "albef-retrieval-flickr",
    "albef-ve-tiny",
    "albef-ve",
    "albef-vqa-tiny",
    "albef-vqa",
    "albef-assignment-tiny",
    "albef-assignment",
    "albef-nlvr2-tiny",
    "albef-nlvr2",
    "albef-refcoco-tiny",
    "albef-refcoco",
    "unibert-pairs-tiny",
    "unibert-job1-pairs",
    "unibert-job2-pairs",
    "unibert-job3-pairs",
    "unibert-job4-pairs",
    "unibert-job5-pairs",
    "unibert-job6-pairs",
);

built_in!(
    OVERLAYS,
    "overlays/",
    "Name and text of each built-in overlay, which changes a recipe.",
    "albef-mlm-itm",
    "albef-mlm-itm-ita",
    "albef-hard-negatives",
    "albef-distillation",
);

/// A recipe of any architecture.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Recipe {
    /// Two streams, aligned before they are fused.
    Albef(Box<albef::Recipe>),
    /// A single stream.
    UniBert(Box<unibert::Recipe>),
}

impl Recipe {
    /// What it is called.
    pub fn name(&self) -> &str {
        match self {
            Self::Albef(recipe) => &recipe.name,
            Self::UniBert(recipe) => &recipe.name,
        }
    }

    /// Its records, to be changed.
    pub fn data_mut(&mut self) -> &mut DataSection {
        match self {
            Self::Albef(recipe) => &mut recipe.data,
            Self::UniBert(recipe) => &mut recipe.data,
        }
    }

    /// Its records.
    pub fn data(&self) -> &DataSection {
        match self {
            Self::Albef(recipe) => &recipe.data,
            Self::UniBert(recipe) => &recipe.data,
        }
    }

    /// How its steps are computed.
    pub fn compute(&self) -> &ComputeSection {
        match self {
            Self::Albef(recipe) => &recipe.compute,
            Self::UniBert(recipe) => &recipe.compute,
        }
    }

    /// How its weights move.
    pub fn optimizer(&self) -> &OptimizerConfig {
        match self {
            Self::Albef(recipe) => &recipe.optimizer,
            Self::UniBert(recipe) => &recipe.optimizer,
        }
    }

    /// The recipe with `compat` spread over the choices it stands for.
    #[must_use]
    pub fn resolved(self) -> Self {
        match self {
            Self::Albef(recipe) => Self::Albef(Box::new(recipe.resolved())),
            Self::UniBert(recipe) => Self::UniBert(Box::new(recipe.resolved())),
        }
    }

    /// As TOML, with `compat` spread over the choices it stands for.
    pub fn resolved_toml(&self) -> Result<String, RecipeError> {
        tuwen_recipe::to_toml(&self.clone().resolved())
    }

    /// The keys whose values differ from those of `other`, both with `compat` spread, sorted.
    pub fn differences(&self, other: &Self) -> Result<Vec<Difference>, RecipeError> {
        tuwen_recipe::diff(&self.clone().resolved(), &other.clone().resolved())
    }

    /// The recipe if it is a UniBERT's.
    pub fn unibert(self) -> Option<unibert::Recipe> {
        match self {
            Self::UniBert(recipe) => Some(*recipe),
            Self::Albef(_) => None,
        }
    }

    /// The recipe if it is an ALBEF's.
    pub fn albef(self) -> Option<albef::Recipe> {
        match self {
            Self::Albef(recipe) => Some(*recipe),
            Self::UniBert(_) => None,
        }
    }
}

/// A recipe of pre-training or of a downstream task.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnyRecipe {
    /// Pre-training.
    Pretraining(Recipe),
    /// A downstream task.
    Downstream(downstream::Recipe),
}

impl AnyRecipe {
    /// The recipe with `compat` spread over the choices it stands for.
    #[must_use]
    pub fn resolved(self) -> Self {
        match self {
            Self::Pretraining(recipe) => Self::Pretraining(recipe.resolved()),
            Self::Downstream(recipe) => Self::Downstream(recipe.resolved()),
        }
    }

    /// As TOML, with `compat` spread over the choices it stands for.
    pub fn resolved_toml(&self) -> Result<String, RecipeError> {
        tuwen_recipe::to_toml(&self.clone().resolved())
    }

    /// The keys whose values differ from those of `other`, both with `compat` spread, sorted.
    pub fn differences(&self, other: &Self) -> Result<Vec<Difference>, RecipeError> {
        tuwen_recipe::diff(&self.clone().resolved(), &other.clone().resolved())
    }
}

/// As [`find_any_recipe`], of pre-training. Errors: a recipe of a downstream task.
pub fn find_recipe(name: &str, overlays: &[String], overrides: &[Override]) -> Result<Recipe, TrainError> {
    match find_any_recipe(name, overlays, overrides)? {
        AnyRecipe::Pretraining(recipe) => Ok(recipe),
        AnyRecipe::Downstream(recipe) => Err(TrainError::NotPretraining { name: recipe.name().to_string() }),
    }
}

/// The recipe of this built-in name, or in this TOML file, with the overlays of these names or files and then
/// `overrides` laid over it, and its numbers checked.
pub fn find_any_recipe(name: &str, overlays: &[String], overrides: &[Override]) -> Result<AnyRecipe, TrainError> {
    find_placed(name, overlays, overrides).map(|(recipe, _)| recipe)
}

/// As [`find_any_recipe`], together with where everything was written.
pub(crate) fn find_placed(
    name: &str,
    overlays: &[String],
    overrides: &[Override],
) -> Result<(AnyRecipe, Places), TrainError> {
    let (shown, text) = text_of(name, RECIPES, "recipe")?;
    let overlays = overlays.iter().map(|name| text_of(name, OVERLAYS, "overlay")).collect::<Result<Vec<_>, _>>()?;
    let layers: Vec<Layer<'_>> = overlays.iter().map(|(name, text)| Layer { name, text }).collect();
    let base = Layer { name: &shown, text: &text };
    let fallback = Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name_of = |given: String| if given.is_empty() { fallback } else { given };
    let architecture = architecture(&shown, &text)?;
    if let Some(read) = downstream::Recipe::read(&architecture, (base, &layers, overrides)) {
        let (mut recipe, places) = read?;
        let given = recipe.name().to_string();
        recipe.rename(name_of(given));
        return Ok((AnyRecipe::Downstream(recipe), places));
    }
    if architecture == "unibert" {
        let (mut recipe, places) = parse_placed(base, &layers, overrides, unibert::check)?;
        recipe.name = name_of(recipe.name);
        return Ok((AnyRecipe::Pretraining(Recipe::UniBert(Box::new(recipe))), places));
    }
    let (mut recipe, places) = parse_placed(base, &layers, overrides, albef::check)?;
    recipe.name = name_of(recipe.name);
    Ok((AnyRecipe::Pretraining(Recipe::Albef(Box::new(recipe))), places))
}

/// The name that errors show and the text of a built-in document or of a file.
fn text_of(name: &str, built_in: &[(&str, &str)], kind: &'static str) -> Result<(String, String), TrainError> {
    if let Some((_, text)) = built_in.iter().find(|(known, _)| *known == name) {
        return Ok((format!("{name}.toml"), (*text).to_string()));
    }
    if name.ends_with(".toml") {
        let path = PathBuf::from(name);
        let text = std::fs::read_to_string(&path).map_err(|error| TrainError::io(&path, error))?;
        return Ok((name.to_string(), text));
    }
    let known = built_in.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Err(TrainError::NoSuchRecipe { kind, name: name.to_string(), known })
}

/// What the line `architecture = "…"` says. Everything else is read once the schema is known.
fn architecture(name: &str, text: &str) -> Result<String, TrainError> {
    #[derive(Serialize, Deserialize)]
    struct Head {
        architecture: String,
    }
    let line = text.lines().find(|line| line.trim_start().starts_with("architecture")).unwrap_or_default();
    let known: Vec<&str> = ["albef", "unibert"].iter().chain(downstream::TASKS).copied().collect();
    let check = |Head { architecture }: &Head| {
        if known.contains(&architecture.as_str()) {
            return Ok(());
        }
        let nearest = tuwen_recipe::nearest(architecture, &known);
        let meant = nearest.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
        let all = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Err(RecipeError::invalid("architecture", format!("is `{architecture}`, expected one of {all}{meant}")))
    };
    Ok(tuwen_recipe::parse_checked(Layer { name, text: line }, &[], &[], check)?.architecture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_recipe_is_sound_and_survives_a_round_trip() {
        for (name, _) in RECIPES {
            let recipe = find_any_recipe(name, &[], &[]).unwrap_or_else(|error| panic!("{error}"));
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(format!("{name}.toml"));
            std::fs::write(&path, tuwen_recipe::to_toml(&recipe).unwrap()).unwrap();
            assert_eq!(find_any_recipe(path.to_str().unwrap(), &[], &[]).unwrap(), recipe);
        }
    }

    #[test]
    fn the_base_recipe_is_the_papers_model() {
        let recipe = find_recipe("albef-base", &[], &[]).unwrap().albef().unwrap();
        assert_eq!(recipe.model.encoder, tuwen_encoder::albef::AlbefConfig::base());
        let pretraining = tuwen_vision::TrainTransform::ALBEF_PRETRAINING;
        assert_eq!(recipe.vision, pretraining);
    }

    #[test]
    fn every_built_in_overlay_fits_the_albef_recipes() {
        for (overlay, _) in OVERLAYS {
            for recipe in ["albef-tiny", "albef-base"] {
                let plain = find_recipe(recipe, &[], &[]).unwrap();
                let changed = find_recipe(recipe, &[(*overlay).to_string()], &[]);
                assert_ne!(changed.unwrap_or_else(|error| panic!("{error}")), plain, "{overlay} changes nothing");
            }
        }
    }
}
