//! What the loader's tests load: numbered records, some of which fail, and a transform that takes its time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tuwen_random::Stream;

use crate::{DataError, LastBatch, LoaderConfig, Record, Source, Title, Transform, Visual};

const SEED: u64 = 42;

/// Records that know nothing but their number.
pub(crate) struct Numbers {
    records: usize,
    failing: Vec<usize>,
}

impl Numbers {
    pub(crate) fn all(records: usize) -> Arc<dyn Source> {
        Self::failing(records, &[])
    }

    pub(crate) fn failing(records: usize, failing: &[usize]) -> Arc<dyn Source> {
        Arc::new(Self { records, failing: failing.to_vec() })
    }
}

impl Source for Numbers {
    fn len(&self) -> usize {
        self.records
    }

    fn read(&self, index: usize) -> Result<Record, DataError> {
        if self.failing.contains(&index) {
            let (path, reason) = (PathBuf::from("numbers"), "not a number".to_owned());
            return Err(DataError::Record { path, record: index.to_string(), reason });
        }
        Ok(Record {
            id: index.to_string(),
            titles: vec![Title { language: "en".to_owned(), text: format!("number {index}") }],
            tags: None,
            visual: Visual::Image(vec![index as u8; 16]),
        })
    }
}

/// A record's number, and a byte string that depends on everything a transform may depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: usize,
    pub(crate) bytes: Vec<u8>,
}

/// Takes 0 to 300 µs, so that visits end in another order than they begin.
pub(crate) fn transform() -> Transform<Item> {
    Arc::new(|record, visit| {
        let draws = visit.draws(SEED, Stream::named("test.jitter"));
        std::thread::sleep(Duration::from_micros(draws.below(0, 300)));
        let text = format!("{record:?} {visit:?} {}", draws.bits(1));
        Ok(Item { id: visit.index, bytes: text.into_bytes() })
    })
}

pub(crate) fn config(batch_size: usize, workers: usize) -> LoaderConfig {
    LoaderConfig { workers, last: LastBatch::Drop, ..LoaderConfig::new(batch_size, SEED) }
}

pub(crate) fn ids(items: &[Item]) -> Vec<usize> {
    items.iter().map(|item| item.id).collect()
}
