//! Downstream tasks: what a pre-trained model is turned into, each with its data, its head, its loss and its metric in one file.
//!
//! A [`Downstream`] task is an [`Objective`] that a recipe can name. So it is trained, saved, resumed and shown as pre-training
//! is; a task from outside implements [`Objective`] alone. [`Recipe`] is the recipe of any of them, and [`Recipe::assemble`]
//! opens what it names.

mod alignment;
mod answering;
mod asked;
mod assignment;
mod beginning;
mod clips;
mod entailment;
mod follower;
mod grounding;
mod inputs;
mod lists;
mod pair_files;
mod pairs;
mod pointed;
mod questions;
mod recipe;
mod retrieval;
mod statements;

use std::fmt::Debug;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tuwen_recipe::RecipeError;

use crate::objective::{self, Objective, OwnResult};

pub use alignment::{AlignmentSection, BesideAlignment};
pub use answering::AnsweringSection;
pub use assignment::{AssignmentExample, AssignmentSection, TextAssignment};
pub use clips::{Clips, UniBertSection};
pub use entailment::{EntailmentExample, EntailmentSection, SentenceList, VisualEntailment};
pub use follower::{DistillationSection, Follower};
pub use grounding::{ExpressionExample, ExpressionList, Grounding, GroundingExample, GroundingSection};
pub use inputs::{AlbefSection, Inputs};
pub use lists::{CaptionList, Lists, RecordList, Usable};
pub use pair_files::PairFiles;
pub use pairs::{ClipPairs, PairData, PairExample, PairLabels, PairSection};
pub use questions::{QuestionExample, QuestionList, QuestionSection, Questions};
pub use recipe::{Recipe, TASKS, WithAssembly};
pub use retrieval::{CaptionedPicture, Retrieval, RetrievalExample, RetrievalSection};
pub use statements::{PictureOrder, StatementExample, StatementList, StatementSection, Statements};

/// A downstream task that recipes can name.
pub trait Downstream: Objective {
    /// What a recipe says of it, under `[task]`.
    type Section: Clone + Debug + PartialEq + Serialize + DeserializeOwned;

    /// Refuses numbers that contradict each other; keys begin below `[task]`.
    fn check(section: &Self::Section) -> Result<(), RecipeError>;
    /// `section` with `compat` spread over the choices it stands for.
    fn resolved(section: Self::Section) -> Self::Section {
        section
    }
    /// Takes over what has to be as in the run of `earlier`. Errors: a run of another architecture.
    fn fit_to(section: &mut Self::Section, earlier: &crate::Recipe) -> Result<(), RecipeError>;
    /// The files and folders that `section` names, each with its key below `[task]`.
    fn files(section: &Self::Section) -> Vec<(&'static str, &Path)>;
    /// Opens what `recipe` names. Relative paths are looked for where the program runs and then under `root`.
    fn open(recipe: objective::Recipe<Self::Section>, root: &Path) -> OwnResult<Self>;
}
