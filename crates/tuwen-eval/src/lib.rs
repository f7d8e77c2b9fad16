//! Measures of what a model finds, ranks and points at, and pictures of it.
//!
//! [`Scores`] say how well each candidate answers each query, a [`Relevance`] which answers are right, and a
//! [`RetrievalTable`] puts recall in both directions beside chance. [`top_k`] and [`rerank`] are the two-stage retrieval of
//! ALBEF (arXiv:2107.07651): similarity picks candidates, the matching head puts them in order. [`first_answers`] and
//! [`retrieval_grid`] show what was found. Plain host code, without draws.
//!
//! ```
//! use tuwen_eval::*;
//! # fn main() -> Result<(), EvalError> {
//! // Two images; captions 0 and 1 belong to the first, caption 2 to the second.
//! let relevance = Relevance::consecutive(&[2, 1])?;
//! let similarity = Scores::new(2, 3, vec![0.1, 0.9, 0.2, 0.8, 0.3, 0.7])?;
//! let table = RetrievalTable::new(&similarity, &similarity.transposed(), &relevance, Ties::Pessimistic)?;
//! assert_eq!(table.i2t.recall, [50.0, 100.0, 100.0]); // the second image finds a wrong caption first
//!
//! // The matching head sees the two most similar captions of each image and puts that right.
//! let candidates = top_k(&similarity, 2);
//! assert_eq!(candidates, [[1, 2], [0, 2]]);
//! let matching = [vec![2.5, -1.0], vec![0.5, 3.0]];
//! let i2t = rerank(&similarity, &candidates, &matching, Rest::KeepOrder)?;
//! assert_eq!(ranks(&i2t, relevance.i2t(), Ties::Pessimistic)?.recall_at(1), 100.0);
//! # Ok(())
//! # }
//! ```

mod answers;
mod boxes;
mod canvas;
mod chance;
mod error;
mod grid;
mod heat;
mod png;
mod ranks;
mod relevance;
mod rerank;
mod retrieval;
mod scores;
mod spearman;
mod text;

pub use answers::{Answered, Verdict, first_answers};
pub use boxes::{BoxChoice, PixelBox, PixelMap, accuracy_at, choose_boxes, intersection_over_union};
pub use chance::chance_recall;
pub use error::EvalError;
pub use grid::{RetrievalGrid, retrieval_grid};
pub use heat::heat_map;
pub use png::write_png;
pub use ranks::{Ranks, Ties, ranks};
pub use relevance::{Relevance, RightAnswers};
pub use rerank::{Rest, SEED_REST, rerank, top_k};
pub use retrieval::{RECALL_AT, RetrievalRow, RetrievalTable};
pub use scores::Scores;
pub use spearman::{average_ranks, rank_labels, spearman};
