//! A trained model in use: embeddings, matching, hidden words, and search over pictures and clips.
//!
//! [`Model::open`] takes a run's folder, one of its checkpoints, or an exported folder, and needs nothing beside it. One
//! item or many, a slice or a stream: the results are the same.
//!
//! ```no_run
//! use burn::tensor::Device;
//! use tuwen_model::{Model, Pictures};
//! # fn main() -> Result<(), tuwen_model::ModelError> {
//! let model = Model::open("runs/albef-tiny/001".as_ref(), &Device::flex())?;
//! let pictures = Pictures::open("datasets/emoji/heldout.tar".as_ref())?;
//! let images = vec![pictures.read(0)?, pictures.read(1)?];
//! let found = model.embed_images(&images)?; // 2 unit vectors
//! let query = model.embed_texts(&["红色的圆"])?; // 1, in the same space
//! for ranked in found.rank(query.row(0), 2) {
//!     println!("{:.3}  {}", ranked.score, pictures.name(ranked.place));
//! }
//! # Ok(())
//! # }
//! ```

mod albef;
mod card;
mod clip_search;
mod clips;
mod embeddings;
mod error;
mod fill;
mod index;
mod index_file;
mod matching;
mod model;
mod pictures;
mod reranked;
mod results;
mod stream;
mod unibert;
mod walk;

pub use card::model_card;
pub use clip_search::MatchedClip;
pub use clips::{Clip, Clips};
pub use embeddings::{Embeddings, Ranked};
pub use error::ModelError;
pub use fill::{Blank, Guess};
pub use index::{Index, Indexing};
pub use matching::MatchScore;
pub use model::{Model, WordMap};
pub use pictures::Pictures;
pub use reranked::Found;
pub use results::{heldout_results, results_tables, run_of};
