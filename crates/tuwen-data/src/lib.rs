//! Reads and writes record formats and yields samples in a reproducible, resumable order.

mod error;
mod record;
mod source;

pub use error::DataError;
pub use record::{Record, Title, Visual};
pub use source::Source;
