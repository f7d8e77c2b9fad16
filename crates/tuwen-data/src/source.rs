//! A set of records that can be read by index.

use crate::{DataError, Record};

/// A set of records with random access. Readers implement it; the loader needs nothing else.
pub trait Source: Send + Sync {
    /// How many records there are, unreadable ones included.
    fn len(&self) -> usize;

    /// Whether there is no record at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads record `index`. An error names file, record and reason, and concerns that record alone.
    fn read(&self, index: usize) -> Result<Record, DataError>;
}
