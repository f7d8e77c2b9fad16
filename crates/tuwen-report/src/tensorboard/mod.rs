//! TensorBoard event files: scalars, texts and pictures of a run.
//!
//! - An event file is TFRecord frames; each payload is one `Event`.
//! - The first event is the file version, `brain.Event:2`.
//! - The name holds `tfevents`; the files of a folder are read in the order of their names, so a name begins with the time.
//! - A resumed run writes a file of its own, which begins with a session start at its first step: what former files hold
//!   of that step and later ones is dropped by the reader.
//! - Nothing is buffered: an event is on its way to the disk when the call returns, and a file cut off by a crash is read up
//!   to its last whole frame.

mod event;
#[cfg(test)]
mod tests;
mod writer;

pub use writer::{EventWriter, wall_time};
