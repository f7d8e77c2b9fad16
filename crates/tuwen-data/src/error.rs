//! Everything that can be wrong with data, one variant per way.

use std::path::PathBuf;

/// A file or a record that can't be used. The message names the file, the record and the reason.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The operating system could not open or read the file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's own reason.
        source: std::io::Error,
    },
    /// One record can't be read or transformed; the others can.
    #[error("{}, record {record}: {reason}", path.display())]
    Record {
        /// The file that holds the record.
        path: PathBuf,
        /// The record: its number in the file, or its key.
        record: String,
        /// What is wrong with it, and what was expected.
        reason: String,
    },
}
