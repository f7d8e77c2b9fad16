//! One visit to one record: what a transform knows besides the record, and what comes of it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tuwen_random::{Draws, Stream};

use crate::{DataError, Record, Source};

/// Turns a record into what a batch is made of. Called from several threads; everything random in it must be drawn
/// with [`Visit::draws`], or batches would depend on which thread came first.
pub type Transform<T> = Arc<dyn Fn(Record, Visit) -> Result<T, DataError> + Send + Sync>;

/// Which record is visited in which pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The pass over the data, from 0.
    pub epoch: u64,
    /// The record's number in the source.
    pub index: usize,
}

impl Visit {
    /// The draws of `stream` for this record in this epoch.
    pub const fn draws(self, seed: u64, stream: Stream) -> Draws {
        Draws::new(seed, stream, self.epoch, self.index as u64)
    }
}

/// What came of a visit: the transformed record, or why it has to be skipped.
pub(crate) struct Outcome<T> {
    pub(crate) visit: Visit,
    pub(crate) result: Result<T, String>,
}

/// The one thing that workers do: read, then transform. A panic costs this record, not the thread.
pub(crate) struct Work<T> {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) transform: Transform<T>,
}

// By hand, since deriving would ask for `T: Clone`.
impl<T> Clone for Work<T> {
    fn clone(&self) -> Self {
        Self { source: Arc::clone(&self.source), transform: Arc::clone(&self.transform) }
    }
}

impl<T> Work<T> {
    pub(crate) fn visit(&self, visit: Visit) -> Outcome<T> {
        // Unwind safety: what a transform shares with its next call is its own affair, as with a poisoned lock.
        let attempt = catch_unwind(AssertUnwindSafe(|| (self.transform)(self.source.read(visit.index)?, visit)));
        let result = match attempt {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(payload) => Err(format!("record {}: panicked: {}", visit.index, panic_message(&*payload))),
        };
        Outcome { visit, result }
    }
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_keyed_by_epoch_and_record() {
        const STREAM: Stream = Stream::named("test");
        let draws = Visit { epoch: 2, index: 9 }.draws(42, STREAM);
        assert_eq!(draws.bits(0), Draws::new(42, STREAM, 2, 9).bits(0));
    }
}
