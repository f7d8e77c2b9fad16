//! Answers to questions about pictures (VQA, arXiv:1612.00837), named word by word by a decoder.
//!
//! `L = (1/Q) Σₐ wₐ Σₜ −log p(xₜ₊₁ | x₁…xₜ)`   ALBEF, arXiv:2107.07651, section 4
//!
//! a the answers of all Q questions of a batch, w how many people gave them; x starts with `[CLS]` and ends with `[SEP]`.
//! [`ranked`] tells which of a closed list is likeliest, [`generate`] writes one.

mod loss;
mod rank;
mod search;

pub use loss::{AnswerWords, answer_loss, soft_answer_loss, word_log_likelihoods};
pub use rank::{AnswerScore, RankedAnswer, first_word_probabilities, likeliest, ranked};
pub use search::{Generated, Search, generate};
