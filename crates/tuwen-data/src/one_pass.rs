//! One pass over all records: evaluation.

use std::time::Instant;

use crate::{LoadedBatch, Loader, LoaderError, SkippedRecord};

/// The batches of one pass, as an iterator.
pub struct OnePass<T> {
    loader: Loader<T>,
    skipped: Vec<SkippedRecord>,
    over: bool,
}

impl<T> OnePass<T> {
    pub(crate) const fn new(loader: Loader<T>) -> Self {
        Self { loader, skipped: Vec::new(), over: false }
    }

    /// The records skipped so far; complete once the iterator has ended.
    pub fn skipped(&self) -> &[SkippedRecord] {
        &self.skipped
    }
}

impl<T: Send + 'static> Iterator for OnePass<T> {
    type Item = Result<LoadedBatch<T>, LoaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let (started, mut skipped) = (Instant::now(), Vec::new());
        let epoch = self.loader.cursor.epoch;
        let items = self.loader.gather(&mut skipped);
        self.skipped.extend_from_slice(&skipped);
        self.over = items.is_err() || self.loader.cursor.epoch > epoch;
        let (cursor_after, waited) = (self.loader.cursor, started.elapsed());
        Some(items.transpose()?.map(|items| LoadedBatch { items, epoch, cursor_after, skipped, waited }))
    }
}

#[cfg(test)]
mod tests {
    use crate::loader_fixture::{Numbers, config, ids, transform};
    use crate::{LastBatch, Loader, LoaderConfig, LoaderError, Order};

    fn sequential(workers: usize) -> LoaderConfig {
        LoaderConfig { order: Order::Sequential, workers, ..config(4, workers) }
    }

    #[test]
    fn last_batch_is_kept_whatever_the_configuration_says() {
        for workers in [0, 3] {
            let config = LoaderConfig { last: LastBatch::Drop, ..sequential(workers) };
            let pass = Loader::one_pass(Numbers::all(10), transform(), config).expect("10 ≥ 4");
            let batches: Vec<_> = pass.map(|batch| ids(&batch.expect("readable").items)).collect();
            assert_eq!(batches, [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]]);
        }
    }

    #[test]
    fn fewer_records_than_a_batch_are_one_batch() {
        let pass = Loader::one_pass(Numbers::all(3), transform(), sequential(1)).expect("one is enough");
        assert_eq!(pass.map(|batch| batch.expect("readable").items.len()).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn unreadable_end_is_counted_and_gives_no_empty_batch() {
        let source = Numbers::failing(6, &[4, 5]);
        let mut pass = Loader::one_pass(source, transform(), sequential(2)).expect("6 ≥ 4");
        let sizes: Vec<_> = pass.by_ref().map(|batch| batch.expect("readable").items.len()).collect();
        assert_eq!(sizes, [4]);
        assert_eq!(pass.skipped().iter().map(|s| s.index).collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn nothing_readable_is_one_error() {
        let source = Numbers::failing(3, &[0, 1, 2]);
        let results: Vec<_> = Loader::one_pass(source, transform(), sequential(2)).expect("3 records").collect();
        assert!(matches!(results[..], [Err(LoaderError::NothingReadable { records: 3, .. })]));
    }
}
