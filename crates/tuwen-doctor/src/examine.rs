//! The one pass over the records: read and reduced on several threads, counted in their order.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rayon::prelude::*;
use tuwen_data::{DataError, Source, open_source};

use crate::count::{Census, OverlapNumbers};
use crate::digest::Digest;
use crate::{Diagnosis, DoctorError, Expectations};

/// Records that are in memory at once, reduced: enough to keep threads busy.
const CHUNK: usize = 256;

/// What is looked at, and how far.
#[derive(Clone, Copy, Debug)]
pub struct Examination<'a> {
    /// File, folder or pattern of the records to train on.
    pub train: &'a Path,
    /// The held-out ones, to be compared with them.
    pub heldout: Option<&'a Path>,
    /// What the records are to become.
    pub expectations: &'a Expectations,
    /// The most records of each set that are looked at, spread evenly over it; absent: all.
    pub limit: Option<NonZeroUsize>,
}

/// How far a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The files.
    pub path: &'a Path,
    /// Records looked at.
    pub done: usize,
    /// Records to be looked at.
    pub all: usize,
}

/// Looks through the records once and says what was found; `progress` is called every few hundred records. The result
/// does not depend on the number of threads. Errors: files that can't be opened, a layout without room for a title.
pub fn examine(
    examination: &Examination<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Diagnosis, DoctorError> {
    let expectations = examination.expectations;
    if let Some(layout) = expectations.text.as_ref().and_then(|text| text.layout) {
        layout.room()?;
    }
    let train = look(examination, examination.train, progress)?;
    let overlap = match examination.heldout {
        None => None,
        Some(path) => Some(OverlapNumbers::between(&train, &look(examination, path, progress)?)),
    };
    Ok(Diagnosis::new(examination, &train, overlap))
}

/// A set that was looked through.
pub(crate) struct Looked {
    source: Box<dyn Source>,
    pub(crate) census: Census,
}

impl Looked {
    /// Records there are.
    pub(crate) fn records(&self) -> u64 {
        self.source.len() as u64
    }

    /// The id of a record, which is read once more for it.
    pub(crate) fn name(&self, record: u64) -> String {
        self.source.read(record as usize).map_or_else(|_| record.to_string(), |record| record.id)
    }
}

fn look(
    examination: &Examination<'_>,
    path: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Looked, DoctorError> {
    let expectations = examination.expectations;
    let source = open_source(&expectations.format, path)?;
    let special_tokens = expectations.text.as_ref().map_or(0, |text| text.special_tokens());
    let records = source.len();
    let all = examination.limit.map_or(records, |limit| limit.get().min(records));
    let mut census = Census::default();
    for start in (0..all).step_by(CHUNK) {
        progress(Progress { path, done: start, all });
        let numbers: Vec<usize> = (start..all.min(start + CHUNK)).map(|i| spread(i, all, records)).collect();
        let digests: Vec<_> = numbers.par_iter().map(|&record| digest(&*source, record, path, expectations)).collect();
        for (record, digest) in numbers.into_iter().zip(digests) {
            census.add(record as u64, digest, special_tokens);
        }
    }
    progress(Progress { path, done: all, all });
    Ok(Looked { source, census })
}

/// The record that is number `i` of `all` spread evenly over `records`.
fn spread(i: usize, all: usize, records: usize) -> usize {
    (i as u128 * records as u128 / all as u128) as usize
}

fn digest(source: &dyn Source, index: usize, path: &Path, expectations: &Expectations) -> Result<Digest, DataError> {
    // As in training, a panic of somebody's library costs one record. Nothing outlives the closure but its result.
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        let record = source.read(index)?;
        let name = format!("`{}`", record.id);
        Digest::of(record, expectations).map_err(|reason| unusable(path, name, reason))
    }));
    attempt.unwrap_or_else(|_| Err(unusable(path, index.to_string(), "reading it panicked".to_owned())))
}

fn unusable(path: &Path, record: String, reason: String) -> DataError {
    DataError::Record { path: path.to_owned(), record, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_spread_evenly() {
        let part = |all, records| (0..all).map(|i| spread(i, all, records)).collect::<Vec<_>>();
        assert_eq!(part(4, 4), [0, 1, 2, 3]);
        assert_eq!(part(3, 10), [0, 3, 6]);
    }
}
