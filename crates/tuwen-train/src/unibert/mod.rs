//! UniBERT's runs: `step.rs` is the algorithm, `plan.rs` says which tasks share a forward pass, `batch.rs` is the only
//! file of them in which host arrays become tensors.

mod assemble;
mod batch;
pub(crate) mod check;
mod compat;
mod evaluate;
mod example;
mod exchange;
mod flops;
mod health;
mod init;
mod kept;
mod model;
mod pairs;
mod plan;
pub mod recipe;
mod samples;
mod step;
mod tags;
mod training;

pub use assemble::Assembly;
pub use batch::{Batch, BatchShape};
pub use check::check;
pub use evaluate::evaluate;
pub use example::{Example, ExampleMaker};
pub use exchange::{ReferenceUniBert, to_reference};
pub use flops::{ClipSize, step_parts};
pub use kept::kept_parts;
pub use model::{Heads, UniBertPretraining};
pub use pairs::PairBatch;
pub use plan::{Arrangement, Content, Pass, Plan, Task, View};
pub use recipe::Recipe;
pub use step::{TaskStates, encode, losses, pairing_of};
pub use tags::TagList;
