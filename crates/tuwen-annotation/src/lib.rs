//! Reads the annotation files of downstream tasks in their official formats, and says what is wrong with them.
//!
//! | task | record | official files | ALBEF's files |
//! |---|---|---|---|
//! | retrieval | [`Captioned`] | [`read_karpathy`] | [`read_captions`] |
//! | VQA v2 | [`Question`] | [`read_vqa_v2`] | [`read_questions`], [`AnswerList`] |
//! | NLVR2 | [`Statement`] | [`read_nlvr2`] | [`read_statements`] |
//! | SNLI-VE | [`Entailment`] | [`read_snli_ve`] | [`read_entailment`] |
//! | RefCOCO+ | [`Expression`] | [`read_expressions`] | [`read_captions`] for training |
//! | pairs of clips | [`Pair`] | [`read_pairs`] | |
//!
//! A file that can't be read as a whole is an [`AnnotationError`]. A record that can't be used is skipped, and
//! [`Annotations`] keep its place and its [`Fault`]; who wants none of that calls [`Annotations::strict`]. Pictures stay on
//! the disk: a record holds their paths, each checked to be a file below the root of [`Images`].
//!
//! ```
//! use tuwen_annotation::*;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! std::fs::write(folder.join("1.jpg"), "a picture")?;
//! let list = r#"[{"question_id": 1, "question": "what is it", "answer": ["a cat", "cat", "cat"], "image": "1.jpg"},
//!                {"question_id": 2, "question": "what is it", "answer": ["a dog"], "image": "2.jpg"}]"#;
//! std::fs::write(folder.join("vqa_train.json"), list)?;
//! let read = read_questions(&folder.join("vqa_train.json"), &Images::below(folder), KnownAnswers::Any)?;
//! assert_eq!(read.records[0].answers[1], Answer { text: "cat".to_owned(), votes: 2, weight: 2.0 / 3.0 });
//! assert!(read.skipped[0].to_string().starts_with("record 1: no image file `"));
//! # Ok(())
//! # }
//! ```

mod annotations;
mod answers;
mod boxes;
mod captions;
mod entailment;
mod error;
mod expressions;
mod fault;
mod fields;
mod file;
#[cfg(test)]
mod fixture;
mod ids;
mod images;
mod karpathy;
mod pairs;
mod questions;
mod refcoco;
mod split;
mod statements;
mod vqa_v2;

pub use annotations::{Annotations, Skipped};
pub use answers::{Answer, AnswerList, KnownAnswers, VISUAL_GENOME_WEIGHT};
pub use boxes::BoundingBox;
pub use captions::{Captioned, read_captions};
pub use entailment::{Entailment, Judgement, read_entailment, read_snli_ve};
pub use error::AnnotationError;
pub use expressions::{Expression, RefCocoFiles, read_expressions};
pub use fault::Fault;
pub use images::Images;
pub use karpathy::read_karpathy;
pub use pairs::{KnownClips, Pair, read_pairs};
pub use questions::{Question, read_questions};
pub use split::{Split, split_by_clip, split_by_number};
pub use statements::{Statement, read_nlvr2, read_statements};
pub use vqa_v2::read_vqa_v2;
