//! Held-out examples in batches, for any architecture.

use std::sync::Arc;

use tuwen_data::{Loader, LoaderConfig, Order, Source, Transform};

use crate::TrainError;

/// What examples are for: training draws anew in each epoch, evaluation always sees the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Draws depend on the epoch.
    Training,
    /// Draws are fixed, and no training epoch shares them.
    Evaluation,
}

impl Purpose {
    /// The epoch that draws are keyed by when the loader is in `epoch`.
    pub(crate) fn epoch(self, epoch: u64) -> u64 {
        if self == Self::Training { epoch } else { u64::MAX }
    }
}

/// The first `limit` examples of `source` in batches, always the same ones; unreadable records are told to `report`. They
/// are mixed once: neighbours in a file are often alike, and would make the negatives within a batch harder than those of
/// another order.
pub(crate) fn heldout_batches<T: Send + 'static>(
    source: &Arc<dyn Source>,
    transform: Transform<T>,
    loader: LoaderConfig,
    limit: Option<usize>,
    report: &mut dyn FnMut(&str),
) -> Result<Vec<Vec<T>>, TrainError> {
    let config = LoaderConfig { order: Order::Shuffled, ..loader };
    let (mut batches, mut left) = (Vec::new(), limit.unwrap_or(usize::MAX));
    for batch in Loader::one_pass(Arc::clone(source), transform, config)? {
        let batch = batch?;
        batch.skipped.iter().for_each(|skipped| report(&skipped.message));
        let items: Vec<T> = batch.items.into_iter().take(left).collect();
        left -= items.len();
        if !items.is_empty() {
            batches.push(items);
        }
        if left == 0 {
            break;
        }
    }
    Ok(batches)
}
