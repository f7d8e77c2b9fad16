//! Everything that can be wrong with an annotation file as a whole, one variant per way.

use std::path::PathBuf;

use crate::{Fault, Skipped};

/// An annotation file that can't be used. The message names the file, the record where there is one, and the reason.
#[derive(Debug, thiserror::Error)]
pub enum AnnotationError {
    /// The operating system could not open or read the file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's own reason.
        source: std::io::Error,
    },
    /// A folder, a pipe or a device.
    #[error("{}: not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file has no byte.
    #[error("{}: the file is empty, expected {expected}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What the format holds.
        expected: &'static str,
    },
    /// A text in another encoding, by its first bytes.
    #[error("{}: the text is {found}, expected plain UTF-8: convert the file first", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// The encoding, or the mark it begins with.
        found: &'static str,
    },
    /// A byte that is not UTF-8.
    #[error("{}: line {line} is not UTF-8, expected plain UTF-8: convert the file first", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// A file that is no JSON, is cut off, or has another shape.
    #[error("{}: {source}, expected {expected}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
        /// What the format holds.
        expected: &'static str,
    },
    /// A file that holds no record.
    #[error("{}: no record in it, expected {expected}", path.display())]
    NoRecords {
        /// The file.
        path: PathBuf,
        /// What the format holds.
        expected: &'static str,
    },
    /// A file none of whose records can be used.
    #[error("{}: none of {count} records can be used; {first}", path.display())]
    NothingUsable {
        /// The file.
        path: PathBuf,
        /// How many there are.
        count: usize,
        /// What is wrong with the first.
        first: Box<Skipped>,
    },
    /// A file without a usable record of the splits asked for.
    #[error("{}: no usable record of `{splits}`", path.display())]
    NoSplit {
        /// The file.
        path: PathBuf,
        /// The splits.
        splits: String,
    },
    /// A record that can't be used, where nothing may be skipped.
    #[error("{}, {skipped}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// The record, and what is wrong with it.
        skipped: Box<Skipped>,
    },
    /// A set that can't be split as asked for.
    #[error("pair `{a}`, `{b}`: {fault}")]
    Split {
        /// The first clip.
        a: String,
        /// The second clip.
        b: String,
        /// What is wrong with the pair.
        fault: Box<Fault>,
    },
}
