//! The façade: every crate by name, the commands as a library function, and a binary.
//!
//! Depend on this crate for all of tuwen, or on one of the crates below for a part of it: each works alone.

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
pub use tuwen_ops as ops;
pub use tuwen_random as random;
pub use tuwen_recipe as recipe;
pub use tuwen_report as report;
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
mod signals;
