//! ALBEF's runs: `step.rs` is the algorithm, `stage.rs` says which tasks run when, `batch.rs` is the only file of them in
//! which host arrays become tensors.

mod assemble;
mod batch;
#[cfg(test)]
mod by_hand;
pub(crate) mod check;
pub mod downstream;
mod evaluate;
pub(crate) mod example;
mod exchange;
mod features;
mod flops;
mod fusion;
mod gallery;
mod grounding;
mod health;
mod init;
mod kept;
mod model;
pub mod recipe;
mod retrieval;
mod samples;
pub(crate) mod saved;
mod savings;
mod sheet;
mod stage;
mod state;
mod step;
mod towers;
mod training;

pub use assemble::{Assembly, Heldout};
pub use batch::{Batch, pixel_tensor, text_tensors};
pub use check::check;
pub use evaluate::{Test, evaluate};
pub use example::{Example, ExampleMaker, picture_of};
pub use exchange::{OfficialAlbef, from_official, to_official};
pub use features::RecordFeatures;
pub use flops::{StepSize, step_flops, step_parts};
pub use gallery::{Caption, Gallery, Picture};
pub use grounding::word_maps;
pub use kept::kept_parts;
pub use model::AlbefPretraining;
pub(crate) use model::range_of;
pub use recipe::Recipe;
pub use retrieval::{Encoded, Rerank, RerankScore, Retrieved, encode, rerank_by_matching, retrieve};
pub use samples::joined_words;
pub use savings::{Saving, Savings};
pub use stage::{ItaLoss, ItaStage, ItmStage, MlmStage, Stage, stage_at};
pub(crate) use state::Pending;
pub use state::{AlbefState, Teacher};
pub(crate) use step::losses_beside;
pub use step::{NEGATIVE_IMAGES, NEGATIVE_TEXTS, Negatives, StepInput, losses};
