//! A batch as the loader hands it out.

use std::time::Duration;

use crate::Cursor;

/// Transformed records of one pass, and what happened on the way to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedBatch<T> {
    /// The transformed records, in the order of the pass.
    pub items: Vec<T>,
    /// The pass they belong to.
    pub epoch: u64,
    /// Where to go on after this batch. It stands in the next epoch when this was the last batch of its own.
    pub cursor_after: Cursor,
    /// Records skipped since the previous batch; those of a dropped incomplete batch come with the next epoch's first.
    pub skipped: Vec<SkippedRecord>,
    /// How long the caller waited for this batch.
    pub waited: Duration,
}

/// A record that could not be read or transformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedRecord {
    /// The pass in which it was skipped.
    pub epoch: u64,
    /// Its number in the source.
    pub index: usize,
    /// What is wrong with it.
    pub message: String,
}
