//! The façade: every crate by name, the commands as a library function, and a binary.
//!
//! Depend on this crate for all of tuwen, or on one of the crates below for a part of it: each works alone.
//!
//! A model that was trained (`cargo xtask train albef-tiny`) or exported is used in ten lines; its folder holds all it needs,
//! and `tuwen = { path = "crates/tuwen" }` is the only dependency:
//!
//! ```no_run
//! use tuwen::device::Device;
//! use tuwen::model::{Model, Pictures};
//!
//! let model = Model::open("runs/albef-tiny/001".as_ref(), &Device::flex())?; // on the processor
//! let pictures = Pictures::open("holiday".as_ref())?; // a folder, a tar archive, a list
//! let images = (0..pictures.len()).map(|number| pictures.read(number)).collect::<Result<Vec<_>, _>>()?;
//! let embeddings = model.embed_images(&images)?; // unit vectors [n, E]
//! for ranked in model.rank("红色的圆", &embeddings)? {
//!     println!("{:.3}  {}", ranked.score, pictures.name(ranked.place));
//! }
//! # Ok::<(), tuwen::model::ModelError>(())
//! ```
//!
//! [`model::Model`] also streams, matches texts with pictures, and fills in hidden words; [`model::Index`] keeps embeddings and puts
//! the nearest in order by matching; a UniBERT embeds and searches [`model::Clips`]. To train one's own, see
//! [`train::train`] and, for a task of one's own, [`commands::train_own`].

pub use tuwen_annotation as annotation;
pub use tuwen_core as core;
pub use tuwen_data as data;
pub use tuwen_doctor as doctor;
pub use tuwen_downstream as downstream;
pub use tuwen_encoder as encoder;
pub use tuwen_ensemble as ensemble;
pub use tuwen_eval as eval;
pub use tuwen_health as health;
pub use tuwen_ita as ita;
pub use tuwen_itm as itm;
pub use tuwen_mfm as mfm;
pub use tuwen_mlm as mlm;
pub use tuwen_model as model;
pub use tuwen_ops as ops;
pub use tuwen_random as random;
pub use tuwen_recipe as recipe;
pub use tuwen_report as report;
pub use tuwen_sets as sets;
pub use tuwen_tag as tag;
pub use tuwen_text as text;
pub use tuwen_train as train;
pub use tuwen_vision as vision;

mod allocator;
mod board;
mod check;
pub mod commands;
pub mod device;
mod memory;
mod screen;
mod serve;
mod signals;
