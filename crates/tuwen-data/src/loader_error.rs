//! Everything that can be wrong with loading as a whole, one variant per way.

/// Why there is no next batch. One bad record is no such reason: it is skipped and counted.
#[derive(Debug, thiserror::Error)]
pub enum LoaderError {
    /// The source is empty.
    #[error("the source holds 0 records, expected at least 1")]
    NoRecords,
    /// A batch can't be empty.
    #[error("`batch_size` is 0, expected at least 1")]
    NoBatchSize,
    /// With [`LastBatch::Drop`](crate::LastBatch::Drop) a pass over so few records holds no batch at all.
    #[error(
        "the source holds {records} records, expected at least `batch_size` = {batch_size}, since `last = \"drop\"` \
         drops an incomplete batch"
    )]
    TooFewRecords {
        /// How many records the source holds.
        records: usize,
        /// How many a batch needs.
        batch_size: usize,
    },
    /// The cursor belongs to another set of records.
    #[error("the cursor was saved over {expected} records, the source holds {records}")]
    OtherSource {
        /// How many records the cursor counts.
        expected: usize,
        /// How many the source holds.
        records: usize,
    },
    /// The cursor points behind the last record.
    #[error("the cursor stands at position {position}, expected at most {records}, the number of records")]
    BeyondTheEnd {
        /// Where the cursor stands.
        position: usize,
        /// How many records the source holds.
        records: usize,
    },
    /// A whole pass gave no record.
    #[error("epoch {epoch}: none of {records} records is readable; the first reason: {reason}")]
    NothingReadable {
        /// The pass.
        epoch: u64,
        /// How many records were tried.
        records: usize,
        /// What is wrong with the first of them.
        reason: String,
    },
    /// A whole pass gave fewer records than one batch needs, and the incomplete batch is dropped.
    #[error(
        "epoch {epoch}: {readable} of {records} records are readable, expected at least `batch_size` = {batch_size}; \
         the first reason: {reason}"
    )]
    TooFewReadable {
        /// The pass.
        epoch: u64,
        /// How many records could be used.
        readable: usize,
        /// How many were tried.
        records: usize,
        /// How many a batch needs.
        batch_size: usize,
        /// What is wrong with the first record that could not be used.
        reason: String,
    },
    /// More records failed in one pass than the recipe allows.
    #[error("epoch {epoch}: more than `max_failures` = {max_failures} records failed; the last reason: {reason}")]
    TooManyFailures {
        /// The pass.
        epoch: u64,
        /// How many the recipe allows.
        max_failures: usize,
        /// What is wrong with the record that was one too many.
        reason: String,
    },
    /// The system gave no thread.
    #[error("worker thread {worker} could not be started: {source}")]
    Spawn {
        /// Which worker.
        worker: usize,
        /// The system's own reason.
        source: std::io::Error,
    },
    /// The worker threads are gone although there is work left.
    #[error("the worker threads ended before the work did")]
    WorkersEnded,
}
