//! Everything that can be wrong with data, one variant per way.

use std::path::PathBuf;

use crate::RecordError;

/// A file or a record that can't be used. The message names the file, the record and the reason.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The operating system could not open, read or write the file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's own reason.
        source: std::io::Error,
    },
    /// A transform can't use one record; the others are not concerned.
    #[error("{}, record {record}: {reason}", path.display())]
    Record {
        /// The file that holds the record.
        path: PathBuf,
        /// The record: its number in the file, or its key.
        record: String,
        /// What is wrong with it, and what was expected.
        reason: String,
    },
    /// A reader can't read one record, or a writer can't write it; the others are not concerned.
    #[error("{}, record {record}: {reason}", path.display())]
    Unreadable {
        /// The file that holds the record.
        path: PathBuf,
        /// The record: its number in the file, counted from 0, or its key.
        record: String,
        /// What is wrong with it, and what was expected.
        reason: RecordError,
    },
    /// An index outside of a source.
    #[error("record `{index}` was asked for, expected one below {length}")]
    NoSuchRecord {
        /// The index asked for.
        index: usize,
        /// How many records there are.
        length: usize,
    },
    /// The file has no byte.
    #[error("{}: nothing readable, the file is empty", path.display())]
    EmptyFile {
        /// The file.
        path: PathBuf,
    },
    /// The file is broken before its first record ends.
    #[error("{}: nothing readable, {reason}", path.display())]
    NothingReadable {
        /// The file.
        path: PathBuf,
        /// Where and how it is broken.
        reason: RecordError,
    },
    /// The file is whole and holds no record.
    #[error("{}: no record in it, expected {expected}", path.display())]
    NoRecords {
        /// The file.
        path: PathBuf,
        /// What a record of this format looks like.
        expected: &'static str,
    },
    /// No file at the path, in the folder or under the pattern.
    #[error("{}: no file there, expected {expected}", path.display())]
    NoFiles {
        /// The path, folder or pattern.
        path: PathBuf,
        /// The file names looked for.
        expected: String,
    },
    /// A path pattern that can't be parsed.
    #[error("`{}`: {source}", pattern.display())]
    BadPattern {
        /// The pattern.
        pattern: PathBuf,
        /// Where the pattern goes wrong.
        source: glob::PatternError,
    },
    /// An annotation file that is not a JSON list.
    #[error("{}: {source}, expected a JSON list of objects", path.display())]
    BrokenList {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// Settings without a single title field.
    #[error("the settings name no title field, expected at least one in `titles`")]
    NoTitleFields,
    /// A file in none of the known formats.
    #[error("{}: unknown format, expected TFRecord frames, an uncompressed tar archive or a JSON list", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
}
