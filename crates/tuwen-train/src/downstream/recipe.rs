//! The recipes of all downstream tasks: which one a recipe is of, and how what it names is opened.

use std::path::Path;

use serde::Serialize;
use tuwen_recipe::{Layer, Override, Places, RecipeError, parse_placed};

use super::lists::located;
use super::{
    ClipPairs, Downstream, Grounding, PairSection, Questions, Retrieval, Statements, TextAssignment, VisualEntailment,
};
use crate::TrainError;
use crate::objective::{self, Assembly, Objective, check, check_recompute};
use crate::presence::Outcome;

/// What is done with a task and its recipe, whichever task it is.
pub trait WithAssembly {
    /// What comes of it.
    type Output;
    /// Does it.
    fn with<O: Objective>(self, assembly: &Assembly<O>) -> Self::Output;
}

macro_rules! tasks {
    ($($(#[$about:meta])* $variant:ident = $name:literal, $task:ty;)*) => {
        /// A recipe of a downstream task.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Recipe {
            $($(#[$about])* $variant(Box<objective::Recipe<<$task as Downstream>::Section>>),)*
        }

        /// What stands behind `architecture` in the recipes of each task.
        pub const TASKS: &[&str] = &[$($name),*];

        impl Recipe {
            /// Reads the recipe of the task that is called `architecture`; nothing if there is none.
            pub(crate) fn read(
                architecture: &str,
                (base, overlays, overrides): (Layer<'_>, &[Layer<'_>], &[Override]),
            ) -> Option<Result<(Self, Places), RecipeError>> {
                match architecture {
                    $($name => {
                        let read = parse_placed(base, overlays, overrides, checked::<$task>);
                        Some(read.map(|(recipe, places)| (Self::$variant(Box::new(recipe)), places)))
                    })*
                    _ => None,
                }
            }

            /// What it is called.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant(recipe) => &recipe.name,)*
                }
            }

            /// Calls it otherwise.
            pub(crate) fn rename(&mut self, name: String) {
                match self {
                    $(Self::$variant(recipe) => recipe.name = name,)*
                }
            }

            /// Whose weights it begins with.
            pub fn init_mut(&mut self) -> &mut crate::InitSection {
                match self {
                    $(Self::$variant(recipe) => &mut recipe.init,)*
                }
            }

            /// What all that is drawn is keyed by.
            pub fn seed_mut(&mut self) -> &mut u64 {
                match self {
                    $(Self::$variant(recipe) => &mut recipe.seed,)*
                }
            }

            /// The recipe with `compat` spread over the choices it stands for.
            #[must_use]
            pub fn resolved(self) -> Self {
                match self {
                    $(Self::$variant(recipe) => Self::$variant(Box::new(resolved::<$task>(*recipe))),)*
                }
            }

            /// Takes over what a run of fine-tuning shares with the run of `earlier`, which it is to begin with: how texts and
            /// pictures are read, and the encoder. Errors: a run of another architecture, or one whose encoder does not go
            /// with the rest of the recipe.
            pub fn fit_to(&mut self, earlier: &crate::Recipe) -> Result<(), TrainError> {
                match self {
                    $(Self::$variant(recipe) => {
                        <$task>::fit_to(&mut recipe.task, earlier)?;
                        Ok(checked::<$task>(recipe)?)
                    })*
                }
            }

            /// What it names, and whether that is there.
            pub(crate) fn named(&self, root: &Path) -> Vec<Outcome> {
                match self {
                    $(Self::$variant(recipe) => found::<$task>(recipe, root),)*
                }
            }

            /// Opens what it names and hands it to `then`. Relative paths are looked for where the program runs and then
            /// under `root`.
            pub fn assemble<W: WithAssembly>(self, root: &Path, then: W) -> Result<W::Output, TrainError> {
                match self.resolved() {
                    $(Self::$variant(mut recipe) => {
                        recipe.init.locate(root);
                        Ok(then.with(&Assembly::of(*recipe, |recipe| <$task>::open(recipe, root))?))
                    })*
                }
            }
        }
    };
}

tasks! {
    /// Captions for pictures and pictures for captions.
    AlbefRetrieval = "albef-retrieval", Retrieval;
    /// Whether a sentence follows from a picture.
    AlbefEntailment = "albef-ve", VisualEntailment;
    /// Answers to questions about pictures.
    AlbefQuestions = "albef-vqa", Questions;
    /// Which of two pictures a caption belongs to: before statements.
    AlbefAssignment = "albef-assignment", TextAssignment;
    /// Statements about two pictures.
    AlbefStatements = "albef-nlvr2", Statements;
    /// Which box of a picture an expression means.
    AlbefGrounding = "albef-grounding", Grounding;
    /// How alike two clips are.
    UniBertPairs = "unibert-pairs", ClipPairs;
}

fn checked<D: Downstream>(recipe: &objective::Recipe<D::Section>) -> Result<(), RecipeError> {
    check(recipe)?;
    check_recompute::<D>(recipe.compute.recompute)?;
    D::check(&recipe.task).map_err(|error| error.within("task"))
}

fn resolved<D: Downstream>(recipe: objective::Recipe<D::Section>) -> objective::Recipe<D::Section> {
    recipe.map_task(D::resolved)
}

impl objective::Recipe<PairSection> {
    /// The recipe with `compat` spread over the choices it stands for.
    #[must_use]
    pub fn resolved(self) -> Self {
        resolved::<ClipPairs>(self)
    }
}

fn found<D: Downstream>(recipe: &objective::Recipe<D::Section>, root: &Path) -> Vec<Outcome> {
    let look = |path: &Path| -> Result<String, TrainError> {
        let found = std::fs::metadata(path).map_err(|error| TrainError::io(path, error))?;
        Ok(if found.is_dir() { "a folder".to_string() } else { format!("{} bytes", found.len()) })
    };
    let outcome = |(key, path): (&'static str, &Path)| {
        let path = located(path, root);
        let found = look(&path);
        (key, path, found)
    };
    D::files(&recipe.task).into_iter().chain(recipe.init.paths()).map(outcome).collect()
}
