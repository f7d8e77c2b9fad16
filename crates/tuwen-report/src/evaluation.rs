//! Results as a run's files hold them. Fields that a later trainer adds are passed over, numbers that were not finite are
//! absent.

use std::collections::BTreeMap;

use serde::Deserialize;
use tuwen_eval::RetrievalTable;

/// One task on held-out records.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TaskResult {
    pub(crate) loss: Option<f64>,
    /// A share.
    pub(crate) accuracy: Option<f64>,
    /// What guessing reaches, a share.
    pub(crate) chance: Option<f64>,
}

impl TaskResult {
    /// How many times better than guessing.
    pub(crate) fn times_chance(&self) -> Option<f64> {
        let chance = self.chance.filter(|chance| *chance > 0.0)?;
        Some(self.accuracy? / chance)
    }
}

/// Retrieval over the captions of one language.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RetrievalResult {
    pub(crate) language: String,
    /// So many nearest candidates were put in order by matching.
    pub(crate) reranked: Option<usize>,
    pub(crate) table: RetrievalTable,
}

impl RetrievalResult {
    /// Which captions, and how they were found.
    pub(crate) fn title(&self) -> String {
        match self.reranked {
            None => format!("{}, by alignment", self.language),
            Some(candidates) => format!("{}, nearest {candidates} re\u{2011}ranked", self.language),
        }
    }

    /// What a random order is expected to reach in the mean of the six recalls, in per cent.
    pub(crate) fn chance(&self) -> f64 {
        let recalls = self.table.i2t.chance.iter().chain(&self.table.t2i.chance);
        recalls.sum::<f64>() / 6.0
    }
}

/// A measure of one's own, which is no share of right answers.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Measure {
    pub(crate) value: Option<f64>,
    /// What guessing reaches, where it is known.
    pub(crate) chance: Option<f64>,
}

/// The results of a test.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Evaluation {
    #[serde(default)]
    pub(crate) tasks: BTreeMap<String, TaskResult>,
    #[serde(default)]
    pub(crate) retrieval: Vec<RetrievalResult>,
    #[serde(default)]
    pub(crate) metrics: BTreeMap<String, Measure>,
}

impl Evaluation {
    /// Whether nothing was tested.
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.retrieval.is_empty() && self.metrics.is_empty()
    }
}

/// `summary.json`; what it lacks is not shown.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Summary {
    pub(crate) recipe: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) steps: Option<u64>,
    pub(crate) epochs: Option<f64>,
    pub(crate) training_seconds: Option<f64>,
    pub(crate) records_per_second: Option<f64>,
    pub(crate) data_wait_share: Option<f64>,
    pub(crate) skipped_records: Option<u64>,
    pub(crate) skipped_steps: Option<u64>,
    pub(crate) heldout: Evaluation,
}
