//! A test as `metrics.jsonl` has it: JSON has no number that is not finite, so such a value stands there as `null`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use tuwen_train::{Evaluation, Measure, RetrievalResult, TaskResult};

/// A line that tells of a test.
#[derive(Deserialize)]
pub(crate) struct Tested {
    pub(crate) step: u64,
    pub(crate) heldout: Heldout,
}

/// The results of a test.
#[derive(Deserialize)]
pub(crate) struct Heldout {
    tasks: BTreeMap<String, Task>,
    #[serde(default)]
    retrieval: Vec<RetrievalResult>,
    #[serde(default)]
    metrics: BTreeMap<String, Metric>,
}

#[derive(Deserialize)]
struct Task {
    #[serde(deserialize_with = "number")]
    loss: f64,
    #[serde(deserialize_with = "number")]
    accuracy: f64,
    #[serde(deserialize_with = "number")]
    chance: f64,
    predictions: u64,
}

#[derive(Deserialize)]
struct Metric {
    #[serde(deserialize_with = "number")]
    value: f64,
    chance: Option<f64>,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl From<Heldout> for Evaluation {
    fn from(Heldout { tasks, retrieval, metrics }: Heldout) -> Self {
        let result = |Task { loss, accuracy, chance, predictions }| TaskResult { loss, accuracy, chance, predictions };
        let measure = |Metric { value, chance }| Measure { value, chance };
        Self {
            tasks: tasks.into_iter().map(|(name, task)| (name, result(task))).collect(),
            retrieval,
            metrics: metrics.into_iter().map(|(name, metric)| (name, measure(metric))).collect(),
        }
    }
}
