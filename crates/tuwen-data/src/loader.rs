//! Batches in a reproducible, resumable order, read and transformed ahead by worker threads.
//!
//! What comes out is a function of the source, the transform, the seed and the cursor; not of the number of workers.

use std::sync::Arc;
use std::time::Instant;

use crate::visit::{Outcome, Work};
use crate::walk::{Span, Walk};
use crate::workers::Workers;
use crate::{Cursor, LastBatch, LoadedBatch, LoaderConfig, LoaderError, OnePass, SkippedRecord, Source, Transform};

/// Yields batches epoch after epoch. A record that fails is skipped, reported with its batch, and the batch filled with
/// the next one of the order. Dropping the loader ends its threads. After an error, go on from the last good cursor.
pub struct Loader<T> {
    work: Work<T>,
    config: LoaderConfig,
    span: Span,
    pub(crate) cursor: Cursor,
    walk: Walk,
    /// Started by the first batch, so that a loader that is only placed reads nothing.
    workers: Option<Workers<T>>,
}

impl<T: Send + 'static> Loader<T> {
    /// A loader at the start of epoch 0. Errors: no records, no batch size, or too few records for one batch.
    pub fn new(source: Arc<dyn Source>, transform: Transform<T>, config: LoaderConfig) -> Result<Self, LoaderError> {
        Self::spanning(Span::Endless, Work { source, transform }, config)
    }

    /// One pass over all records in batches, the last one kept even if it is incomplete: evaluation.
    pub fn one_pass(
        source: Arc<dyn Source>,
        transform: Transform<T>,
        config: LoaderConfig,
    ) -> Result<OnePass<T>, LoaderError> {
        let config = LoaderConfig { last: LastBatch::Keep, ..config };
        let loader = Self::spanning(Span::OnePass, Work { source, transform }, config)?;
        Ok(OnePass::new(loader))
    }

    fn spanning(span: Span, work: Work<T>, config: LoaderConfig) -> Result<Self, LoaderError> {
        let records = work.source.len();
        config.check(records)?;
        let cursor = Cursor::start(0, records);
        let walk = Walk::new(config.order, config.seed, span, &cursor);
        Ok(Self { work, config, span, cursor, walk, workers: None })
    }

    /// Goes on at `cursor`, whatever was loaded so far. Errors: a cursor over another number of records.
    pub fn resume(mut self, cursor: Cursor) -> Result<Self, LoaderError> {
        let records = self.cursor.records;
        if cursor.records != records {
            return Err(LoaderError::OtherSource { expected: cursor.records, records });
        }
        if cursor.position > records {
            return Err(LoaderError::BeyondTheEnd { position: cursor.position, records });
        }
        self.workers = None;
        self.walk = Walk::new(self.config.order, self.config.seed, self.span, &cursor);
        self.cursor = cursor;
        Ok(self)
    }

    /// The next batch, of the next epoch once this one is over. Errors: an epoch without a batch, too many failures.
    pub fn next_batch(&mut self) -> Result<LoadedBatch<T>, LoaderError> {
        let started = Instant::now();
        let mut skipped = Vec::new();
        loop {
            let epoch = self.cursor.epoch;
            if let Some(items) = self.gather(&mut skipped)? {
                let (cursor_after, waited) = (self.cursor, started.elapsed());
                return Ok(LoadedBatch { items, epoch, cursor_after, skipped, waited });
            }
        }
    }

    /// The next batch of this epoch, or `None` where the epoch ends before. Leaves the cursor where the next one starts.
    pub(crate) fn gather(&mut self, skipped: &mut Vec<SkippedRecord>) -> Result<Option<Vec<T>>, LoaderError> {
        let (batch_size, records, first) = (self.config.batch_size, self.cursor.records, self.cursor.position == 0);
        let mut items = Vec::with_capacity(batch_size);
        while items.len() < batch_size && self.cursor.position < records {
            let Outcome { visit, result } = self.take()?;
            match result {
                Ok(item) => items.push(item),
                Err(message) => {
                    skipped.push(SkippedRecord { epoch: visit.epoch, index: visit.index, message });
                    self.count_failure(skipped)?;
                }
            }
        }
        let complete = items.len() == batch_size || self.config.last == LastBatch::Keep && !items.is_empty();
        if first && !complete {
            return Err(self.epoch_without_batch(items.len(), skipped));
        }
        self.close_epoch_if_over()?;
        Ok(complete.then_some(items))
    }

    /// The next outcome of the walk.
    fn take(&mut self) -> Result<Outcome<T>, LoaderError> {
        let outcome = if self.config.workers == 0 {
            self.walk.next().map(|visit| self.work.visit(visit))
        } else {
            if self.workers.is_none() {
                self.workers = Some(Workers::start(&self.work, self.config.workers, self.config.window())?);
            }
            self.workers.as_mut().map_or(Ok(None), |workers| workers.take(&mut self.walk))?
        };
        self.cursor.position += 1;
        outcome.ok_or(LoaderError::WorkersEnded)
    }

    fn count_failure(&mut self, skipped: &[SkippedRecord]) -> Result<(), LoaderError> {
        self.cursor.skipped += 1;
        match self.config.max_failures {
            Some(max_failures) if self.cursor.skipped > max_failures => Err(LoaderError::TooManyFailures {
                epoch: self.cursor.epoch,
                max_failures,
                reason: skipped.last().map_or_else(String::new, |last| last.message.clone()),
            }),
            _ => Ok(()),
        }
    }

    /// Moves the cursor to the next epoch once this one has no further batch. Places that can't fill one are passed over.
    fn close_epoch_if_over(&mut self) -> Result<(), LoaderError> {
        let Cursor { epoch, records, position, .. } = self.cursor;
        let left = records - position;
        if left > 0 && (self.config.last == LastBatch::Keep || left >= self.config.batch_size) {
            return Ok(());
        }
        for _ in 0..left {
            match self.workers {
                Some(_) => drop(self.take()?),
                None => drop(self.walk.next()),
            }
        }
        self.cursor = Cursor::start(epoch + 1, records);
        Ok(())
    }

    fn epoch_without_batch(&self, readable: usize, skipped: &[SkippedRecord]) -> LoaderError {
        let Cursor { epoch, records, .. } = self.cursor;
        let of_this_epoch = skipped.iter().find(|record| record.epoch == epoch);
        let reason = of_this_epoch.map_or_else(String::new, |record| record.message.clone());
        match readable {
            0 => LoaderError::NothingReadable { epoch, records, reason },
            _ => LoaderError::TooFewReadable { epoch, readable, records, batch_size: self.config.batch_size, reason },
        }
    }
}
