//! What an ALBEF is fine-tuned for: models of encoder and head, each with the losses of a batch.
//!
//! A momentum encoder of any of them is a [`MomentumEncoder`](tuwen_encoder::MomentumEncoder) of the whole model; it is
//! updated before a step asks it. Retrieval is fine-tuned as the pre-training model is: `albef/step.rs`.

mod answering;
mod assignment;
mod classifying;
mod grounding;
mod ranking;
mod statements;
mod texts;

pub use answering::{AnsweringModel, QuestionBatch};
pub use assignment::AssignmentModel;
pub use classifying::ClassifyingModel;
pub use grounding::{match_maps, similarity_map};
pub use ranking::AnswerList;
pub use statements::StatementModel;
pub use texts::Texts;
