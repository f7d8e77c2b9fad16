//! The recipe of an own task: a section of its own, and those that every run has.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tuwen_data::LoaderConfig;
use tuwen_recipe::{Layer, Override, RecipeError, parse_checked};

use super::check::check;
use crate::TrainError;
use crate::init::InitSection;
use crate::optimizer::OptimizerConfig;
use crate::schedule::ScheduleConfig;
use crate::sections::{CheckpointSection, ComputeSection, EvaluationSection};

/// Every number of a run; `T` is what the task itself has to know, such as paths and sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe<T> {
    /// What it is called; absent: the file's name.
    #[serde(default)]
    pub name: String,
    /// Which of the built-in kinds of task it is of; a task from outside has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub architecture: String,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// Whose weights it begins with; absent: all are drawn.
    #[serde(default, skip_serializing_if = "InitSection::is_empty")]
    pub init: InitSection,
    /// The task's own section.
    pub task: T,
    /// Batches and worker threads.
    pub loader: LoaderConfig,
    /// How weights move.
    pub optimizer: OptimizerConfig,
    /// How far and how fast.
    pub schedule: ScheduleConfig,
    /// When and on how much it is tested.
    pub evaluation: EvaluationSection,
    /// When it is saved.
    pub checkpoint: CheckpointSection,
    /// In which format it is computed.
    #[serde(default, skip_serializing_if = "ComputeSection::is_usual")]
    pub compute: ComputeSection,
}

impl<T: Serialize + DeserializeOwned> Recipe<T> {
    /// The recipe in `text`, read as strictly as the built-in ones: unknown keys, wrong types and numbers that contradict
    /// each other are answered with line, key and the nearest name. `file` is the name that errors show.
    pub fn parse(file: &str, text: &str, overrides: &[Override]) -> Result<Self, RecipeError> {
        Self::of_layers(Layer { name: file, text }, &[], overrides)
    }

    /// The recipe in the file `path`, with the files `overlays` and then `overrides` laid over it.
    pub fn read(path: &Path, overlays: &[PathBuf], overrides: &[Override]) -> Result<Self, TrainError> {
        let (name, text) = file(path)?;
        Self::with_overlays((&name, &text), overlays, overrides)
    }

    /// The recipe in `text`, which errors call `name`, with the files `overlays` and then `overrides` laid over it.
    pub fn with_overlays(
        (name, text): (&str, &str),
        overlays: &[PathBuf],
        overrides: &[Override],
    ) -> Result<Self, TrainError> {
        let overlays = overlays.iter().map(|path| file(path)).collect::<Result<Vec<_>, _>>()?;
        let layers: Vec<Layer<'_>> = overlays.iter().map(|(name, text)| Layer { name, text }).collect();
        Ok(Self::of_layers(Layer { name, text }, &layers, overrides)?)
    }

    fn of_layers(base: Layer<'_>, overlays: &[Layer<'_>], overrides: &[Override]) -> Result<Self, RecipeError> {
        let mut recipe: Self = parse_checked(base, overlays, overrides, check)?;
        if recipe.name.is_empty() {
            let stem = Path::new(base.name).file_stem().unwrap_or_default();
            recipe.name = stem.to_string_lossy().into_owned();
        }
        Ok(recipe)
    }
}

/// A file's name and text.
fn file(path: &Path) -> Result<(String, String), TrainError> {
    let text = std::fs::read_to_string(path).map_err(|error| TrainError::io(path, error))?;
    Ok((path.display().to_string(), text))
}

impl<T> Recipe<T> {
    /// What remains without the task's section.
    pub(super) fn without_task(&self) -> Recipe<()> {
        Recipe {
            name: self.name.clone(),
            architecture: self.architecture.clone(),
            seed: self.seed,
            init: self.init.clone(),
            task: (),
            loader: LoaderConfig { seed: self.seed, ..self.loader.clone() },
            optimizer: self.optimizer.clone(),
            schedule: self.schedule.clone(),
            evaluation: self.evaluation.clone(),
            checkpoint: self.checkpoint.clone(),
            compute: self.compute.clone(),
        }
    }

    /// The recipe with another section for the task.
    pub(crate) fn map_task<U>(self, section: impl FnOnce(T) -> U) -> Recipe<U> {
        Recipe {
            name: self.name,
            architecture: self.architecture,
            seed: self.seed,
            init: self.init,
            task: section(self.task),
            loader: self.loader,
            optimizer: self.optimizer,
            schedule: self.schedule,
            evaluation: self.evaluation,
            checkpoint: self.checkpoint,
            compute: self.compute,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Task {
        width: usize,
    }

    const TEXT: &str = r#"seed = 1
[task]
width = 8
[loader]
batch_size = 4
[optimizer]
form = "torch"
betas = [0.9, 0.999]
epsilon = 1e-8
weight_decay = 0.0
no_decay = []
learning_rate = 1e-3
max_skipped_steps = 0
[schedule]
duration = { steps = 10 }
warmup = { steps = 2 }
shape = "cosine"
[evaluation]
every = 5
batch_size = 4
[checkpoint]
every = 5
keep = 1
"#;

    fn parse(set: &[&str]) -> Result<Recipe<Task>, RecipeError> {
        let overrides: Vec<Override> = set.iter().map(|text| Override::parse(text).unwrap()).collect();
        Recipe::parse("mine.toml", TEXT, &overrides)
    }

    #[test]
    fn an_own_section_is_read_beside_the_common_ones() {
        let recipe = parse(&["task.width=16"]).unwrap();
        assert_eq!((recipe.task.width, recipe.loader.batch_size, recipe.name.as_str()), (16, 4, "mine"));
        let again: Recipe<Task> = Recipe::parse("x", &tuwen_recipe::to_toml(&recipe).unwrap(), &[]).unwrap();
        assert_eq!(again, recipe);
    }

    #[test]
    fn it_is_read_as_strictly_as_the_built_in_ones() {
        for (set, expected) in [
            ("task.widht=1", "no key `task.widht`; did you mean `task.width`?"),
            ("loader.batch_size=0", "`loader.batch_size` is 0, expected at least 1"),
            ("evaluation.every=0", "`evaluation.every` is 0, expected at least 1"),
            ("optimizer.learning_rate=-1", "`optimizer.learning_rate` is -1, expected a finite number, 0 or more"),
            ("optimizer.average=2", "`optimizer.average` is 2, expected 0 to less than 1"),
            ("optimizer.betas=[0.9,1.0]", "`optimizer.betas[1]` is 1, expected 0 to less than 1"),
        ] {
            let error = parse(&[set]).unwrap_err().to_string();
            assert!(error.contains(expected), "{set}: {error}");
        }
    }

    #[test]
    fn an_overlay_file_is_laid_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let (base, overlay) = (folder.path().join("base.toml"), folder.path().join("wide.toml"));
        std::fs::write(&base, TEXT).unwrap();
        std::fs::write(&overlay, "[task]\nwidth = 64\n").unwrap();
        let recipe: Recipe<Task> = Recipe::read(&base, &[overlay], &[]).unwrap();
        assert_eq!((recipe.task.width, recipe.name.as_str()), (64, "base"));
    }
}
