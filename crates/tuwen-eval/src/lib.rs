//! Measures of what a model finds, ranks and points at, beside chance and with intervals, and pictures of it.
//!
//! [`Scores`] say how well each candidate answers each query, a [`Relevance`] which answers are right, and a
//! [`RetrievalTable`] puts recall in both directions beside chance. [`top_k`] and [`rerank`] are the two-stage retrieval of
//! ALBEF (arXiv:2107.07651): similarity picks candidates, the matching head puts them in order. [`first_answers`] and
//! [`retrieval_grid`] show what was found. A [`ResultsTable`] holds the measures of downstream tasks with the intervals of a
//! [`Bootstrap`]; [`PromptTemplates`] classify without training, a [`LinearProbe`] on exported [`Features`]. Plain host code.
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
mod bootstrap;
mod boxes;
mod canvas;
mod chance;
mod classes;
mod contact_sheet;
mod error;
mod examples;
mod features;
mod grid;
mod heat;
mod lbfgs;
mod linear_probe;
mod png;
mod prompts;
mod ranks;
mod relevance;
mod rerank;
mod results;
mod retrieval;
mod scores;
mod spearman;
mod text;

pub use answers::{Answered, Verdict, first_answers};
pub use bootstrap::{Bootstrap, Difference, Interval};
pub use boxes::{BoxChoice, PixelBox, PixelMap, accuracy_at, choose_boxes, intersection_over_union};
pub use chance::chance_recall;
pub use classes::{commonest_share, mean_class_accuracy, right_choices, uniform_share, vqa_accuracy};
pub use contact_sheet::contact_sheet;
pub use error::EvalError;
pub use examples::{DownstreamExample, DownstreamResults, GivenAnswer, examples_of_both};
pub use features::Features;
pub use grid::{RetrievalGrid, retrieval_grid};
pub use heat::heat_map;
pub use linear_probe::{LinearProbe, ProbeConfig};
pub use png::{png_bytes, write_png};
pub use prompts::{PromptTemplates, best_classes, class_scores};
pub use ranks::{Ranks, Ties, ranks};
pub use relevance::{Relevance, RightAnswers};
pub use rerank::{Rest, SEED_REST, rerank, top_k};
pub use results::{ResultRow, ResultsTable, Unit};
pub use retrieval::{RECALL_AT, RetrievalRow, RetrievalTable};
pub use scores::Scores;
pub use spearman::{average_ranks, rank_labels, spearman};
