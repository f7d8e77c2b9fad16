//! Turns a recipe into a run: assembly, optimisation, checkpoints, evaluation.
//!
//! A [`Recipe`] names every number. The assembly of its architecture opens what it names ([`albef::Assembly`],
//! [`unibert::Assembly`]), [`train`] runs it and tells a watcher what happens; nothing here prints. Each architecture has
//! one step file that reads like its paper's algorithm; the loop in `run.rs` knows none of them.

pub mod albef;
mod architecture;
mod checkpoint;
mod error;
mod evaluation;
mod events;
mod heldout;
mod metrics;
mod optimizer;
mod recipes;
mod run;
mod schedule;
mod sections;
mod summary;
mod tokens;
pub mod unibert;

pub use architecture::{Architecture, LoopSettings};
pub use checkpoint::{Checkpoint, Position};
pub use error::TrainError;
pub use evaluation::{Evaluation, RetrievalResult, TaskResult};
pub use events::{Event, Start, StepReport};
pub use heldout::Purpose;
pub use optimizer::{GroupOptions, GroupRule, Optimizer, OptimizerConfig, StepOutcome};
pub use recipes::{OVERLAYS, RECIPES, Recipe, find_recipe};
pub use run::{RunOptions, StartFrom, train};
pub use schedule::{Duration, Schedule, ScheduleConfig, Shape, Warmup};
pub use sections::{CheckpointSection, Compat, DataSection, SyntheticSection};
pub use summary::Summary;
pub use tokens::TextPipeline;
