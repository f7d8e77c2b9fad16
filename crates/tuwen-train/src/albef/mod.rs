//! ALBEF's runs: `step.rs` is the algorithm, `stage.rs` says which tasks run when, `batch.rs` is the only file of them in
//! which host arrays become tensors.

mod assemble;
mod batch;
mod check;
pub mod downstream;
mod evaluate;
mod example;
mod flops;
mod fusion;
mod gallery;
mod grounding;
mod health;
mod kept;
mod model;
pub mod recipe;
mod retrieval;
mod samples;
mod saved;
mod savings;
mod sheet;
mod stage;
mod state;
mod step;
mod towers;
mod training;

pub use assemble::{Assembly, Heldout};
pub use batch::{Batch, pixel_tensor};
pub use check::check;
pub use evaluate::{Test, evaluate};
pub use example::{Example, ExampleMaker, picture_of};
pub use flops::{StepSize, step_flops, step_parts};
pub use gallery::{Caption, Gallery, Picture};
pub use grounding::word_maps;
pub use kept::kept_parts;
pub use model::AlbefPretraining;
pub use recipe::Recipe;
pub use retrieval::{Encoded, Rerank, RerankScore, Retrieved, encode, rerank_by_matching, retrieve};
pub use savings::{Saving, Savings};
pub use stage::{ItaLoss, ItaStage, ItmStage, MlmStage, Stage, stage_at};
pub use state::{AlbefState, Teacher};
pub use step::{NEGATIVE_IMAGES, NEGATIVE_TEXTS, Negatives, StepInput, losses};
