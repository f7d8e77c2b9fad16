//! What was read of a file: the records that can be used, and why the others can't.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::{AnnotationError, Fault};

/// The usable records of a file in their order, and the others with their reasons.
#[derive(Debug)]
pub struct Annotations<T> {
    /// The file.
    pub path: PathBuf,
    /// The records that can be used; at least one.
    pub records: Vec<T>,
    /// The records that can't.
    pub skipped: Vec<Skipped>,
}

/// A record that can't be used.
#[derive(Debug)]
pub struct Skipped {
    /// Its place: `record 7`, counted from 0, or `line 8` of a file of lines, counted from 1.
    pub place: String,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for Skipped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.fault)
    }
}

impl<T> Annotations<T> {
    /// Collects the outcomes of all records. Errors: there is none, or none can be used.
    pub(crate) fn collect(
        path: &Path,
        expected: &'static str,
        outcomes: impl IntoIterator<Item = (String, Result<T, Fault>)>,
    ) -> Result<Self, AnnotationError> {
        let mut read = Self { path: path.to_owned(), records: Vec::new(), skipped: Vec::new() };
        for (place, outcome) in outcomes {
            match outcome {
                Ok(record) => read.records.push(record),
                Err(fault) => read.skipped.push(Skipped { place, fault }),
            }
        }
        if !read.records.is_empty() {
            return Ok(read);
        }
        let (path, count) = (path.to_owned(), read.skipped.len());
        Err(match read.skipped.into_iter().next() {
            None => AnnotationError::NoRecords { path, expected },
            Some(first) => AnnotationError::NothingUsable { path, count, first: Box::new(first) },
        })
    }

    /// The records, where nothing may be skipped. Errors: the first record that can't be used.
    pub fn strict(self) -> Result<Vec<T>, AnnotationError> {
        match self.skipped.into_iter().next() {
            None => Ok(self.records),
            Some(skipped) => Err(AnnotationError::Record { path: self.path, skipped: Box::new(skipped) }),
        }
    }
}
