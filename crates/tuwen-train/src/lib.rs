//! Turns a recipe into a run: assembly, optimisation, checkpoints, evaluation.
//!
//! A [`Recipe`] names every number. The assembly of its architecture opens what it names ([`albef::Assembly`],
//! [`unibert::Assembly`]), [`train`] runs it and tells a watcher what happens; nothing here prints. Each architecture has
//! one step file that reads like its paper's algorithm; the loop in `run` knows none of them.

pub mod albef;
mod architecture;
mod best;
mod checkpoint;
pub mod downstream;
mod error;
mod evaluation;
mod events;
mod gradients;
mod heldout;
mod history;
mod init;
mod lock;
mod manifest;
mod measured;
mod metrics;
mod not_finite;
pub mod objective;
mod observe;
mod optimizer;
mod options;
mod origin;
mod part;
mod placed;
mod presence;
mod pretrained;
mod recipes;
mod result;
mod run;
mod samples;
mod schedule;
mod sections;
mod stop;
mod summary;
mod timing;
mod tokens;
mod trained;
pub mod unibert;
mod unigram;
mod watched;
mod whole;

pub use architecture::{Architecture, LoopSettings};
pub use best::Best;
pub use checkpoint::{Checkpoint, Position};
pub use error::TrainError;
pub use evaluation::{Evaluation, Measure, RetrievalResult, TaskResult};
pub use events::{Event, Start, StepReport};
pub use gradients::{ModelGradients, Parameters};
pub use heldout::Purpose;
pub use init::{Beginning, InitSection};
pub use measured::Measured;
pub use not_finite::BadTensor;
pub use optimizer::{
    GroupOptions, GroupRule, Optimizer, OptimizerConfig, OptimizerForm, StepOutcome, averaged_weights,
};
pub use options::{Place, RunOptions, StartFrom};
pub use part::Part;
pub use presence::{Found, RecipeCheck, check_recipe};
pub use pretrained::{Pretrained, open_pretrained};
pub use recipes::{AnyRecipe, OVERLAYS, RECIPES, Recipe, find_any_recipe, find_recipe};
pub use result::{INTERVALS, RESULT};
pub use run::{StepFiles, StepTaken, take_step, train};
pub use samples::{FoundFrame, Guess, HiddenFrame, Sample, Samples, Token, WordMap};
pub use schedule::{Duration, Schedule, ScheduleConfig, Shape, Warmup};
pub use sections::{CheckpointSection, Compat, ComputeSection, DataSection, EvaluationSection, SyntheticSection};
pub use stop::Stop;
pub use summary::Summary;
pub use tokens::TextPipeline;
pub use trained::Trained;
pub use tuwen_health::{Facts, Finding, HealthConfig, Severity, Turn};
pub use whole::Which;
