//! Turns a recipe into a run: assembly, optimisation, checkpoints, evaluation.
//!
//! A [`Recipe`] names every number. [`Assembly`] opens what it names, [`train`] runs it and tells a watcher what
//! happens; nothing here prints. `step.rs` is the algorithm, `plan.rs` says which tasks share a forward pass, `batch.rs`
//! is the only file in which host arrays become tensors.

mod assemble;
mod batch;
mod check;
mod checkpoint;
mod compat;
mod error;
mod evaluate;
mod events;
mod example;
mod metrics;
mod model;
mod optimizer;
mod plan;
pub mod recipe;
mod recipes;
mod run;
mod schedule;
mod step;
mod summary;
mod tags;
mod tokens;

pub use assemble::Assembly;
pub use batch::{Batch, BatchShape};
pub use check::check;
pub use checkpoint::{Checkpoint, Position};
pub use error::TrainError;
pub use evaluate::{Evaluation, TaskResult, evaluate};
pub use events::{Event, Start, StepReport};
pub use example::{Example, ExampleMaker, Purpose};
pub use model::{Heads, UniBertPretraining};
pub use optimizer::{GroupOptions, GroupRule, Optimizer, OptimizerConfig, StepOutcome};
pub use plan::{Arrangement, Content, Pass, Plan, Task, View};
pub use recipe::Recipe;
pub use recipes::{RECIPES, find_recipe};
pub use run::{RunOptions, StartFrom, train};
pub use schedule::{Duration, Schedule, ScheduleConfig, Shape, Warmup};
pub use step::{TaskStates, encode, losses, pairing_of};
pub use summary::Summary;
pub use tags::TagList;
pub use tokens::TextPipeline;
