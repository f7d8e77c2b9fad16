//! How records become batches: the loader's section of a recipe.

use serde::{Deserialize, Serialize};

use crate::{LoaderError, Order};

/// What the loader has to know. As a recipe section it names `batch_size` and whatever differs from the defaults;
/// the seed is the run's and is set by whoever reads the recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoaderConfig {
    /// Records a batch.
    pub batch_size: usize,
    /// The seed of the run; not part of the section, so that a run has one seed.
    #[serde(skip)]
    pub seed: u64,
    /// The order of a pass.
    #[serde(default)]
    pub order: Order,
    /// Threads that read and transform; 0: the calling thread does, when it asks for a batch.
    #[serde(default = "default_workers")]
    pub workers: usize,
    /// Batches that the workers may be ahead of the caller.
    #[serde(default = "default_prefetch")]
    pub prefetch: usize,
    /// What becomes of the records that don't fill a batch at the end of a pass.
    #[serde(default)]
    pub last: LastBatch,
    /// How many records of one pass may fail before the run stops; absent: any number but all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_failures: Option<usize>,
}

/// What becomes of an incomplete batch at the end of a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastBatch {
    /// It is left out: each batch holds `batch_size` records.
    #[default]
    Drop,
    /// It is delivered: each record of a pass comes once.
    Keep,
}

impl LoaderConfig {
    /// Shuffled batches of `batch_size` records, two worker threads, two batches ahead, incomplete batches dropped.
    pub const fn new(batch_size: usize, seed: u64) -> Self {
        Self {
            batch_size,
            seed,
            order: Order::Shuffled,
            workers: default_workers(),
            prefetch: default_prefetch(),
            last: LastBatch::Drop,
            max_failures: None,
        }
    }

    /// Whether batches can be made of `records` records.
    pub(crate) fn check(&self, records: usize) -> Result<(), LoaderError> {
        let batch_size = self.batch_size;
        if batch_size == 0 {
            return Err(LoaderError::NoBatchSize);
        }
        if records == 0 {
            return Err(LoaderError::NoRecords);
        }
        if self.last == LastBatch::Drop && records < batch_size {
            return Err(LoaderError::TooFewRecords { records, batch_size });
        }
        Ok(())
    }

    /// How many records may be under way or waiting.
    pub(crate) const fn window(&self) -> usize {
        self.prefetch.saturating_mul(self.batch_size).saturating_add(self.workers)
    }
}

const fn default_workers() -> usize {
    2
}

const fn default_prefetch() -> usize {
    2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_needs_the_batch_size_alone() {
        let config: LoaderConfig = serde_json::from_str(r#"{"batch_size": 8}"#).expect("a section");
        assert_eq!(config, LoaderConfig::new(8, 0));
        assert!(serde_json::from_str::<LoaderConfig>("{}").is_err());
    }

    #[test]
    fn unknown_keys_and_a_second_seed_are_refused() {
        for key in ["batchsize", "seed"] {
            let text = format!(r#"{{"batch_size": 8, "{key}": 1}}"#);
            let error = serde_json::from_str::<LoaderConfig>(&text).expect_err("no such key");
            assert!(error.to_string().contains(key), "{error}");
        }
    }

    #[test]
    fn choices_are_written_as_words() {
        let text = r#"{"batch_size":8,"order":"sequential","workers":0,"prefetch":1,"last":"keep","max_failures":3}"#;
        let config: LoaderConfig = serde_json::from_str(text).expect("a section");
        assert_eq!((config.order, config.last, config.max_failures), (Order::Sequential, LastBatch::Keep, Some(3)));
        assert_eq!(serde_json::to_string(&config).expect("plain values"), text);
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert!(matches!(LoaderConfig::new(0, 0).check(5), Err(LoaderError::NoBatchSize)));
        assert!(matches!(LoaderConfig::new(4, 0).check(0), Err(LoaderError::NoRecords)));
        let error = LoaderConfig::new(6, 0).check(5).expect_err("5 < 6");
        assert!(error.to_string().contains("holds 5 records, expected at least `batch_size` = 6"), "{error}");
        let keep = LoaderConfig { last: LastBatch::Keep, ..LoaderConfig::new(6, 0) };
        assert!(keep.check(5).is_ok());
    }
}
