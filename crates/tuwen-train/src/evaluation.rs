//! What a test on held-out records gives.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use tuwen_eval::RetrievalTable;

/// One task on held-out records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskResult {
    /// Mean loss over its predictions.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// Share of right answers. MLM and MFM: top-1. ITM: mean of the shares among true and among false pairs. ITA: the
    /// batch's own partner is the nearest, both ways. Tags: the likeliest tag is one of the clip's.
    #[serde(deserialize_with = "number")]
    pub accuracy: f64,
    /// What the best constant answer reaches. MLM: the commonest masked token. MFM, ITA: one of the batch at random.
    /// ITM: ½. Tags: the commonest tag.
    #[serde(deserialize_with = "number")]
    pub chance: f64,
    /// Predictions counted.
    pub predictions: u64,
}

/// A measure that is no share of right answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Its value.
    #[serde(deserialize_with = "number")]
    pub value: f64,
    /// What guessing reaches, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
}

/// Retrieval over the captions of one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetrievalResult {
    /// Which captions.
    pub language: String,
    /// How many nearest candidates matching re-ranks; none for alignment alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reranked: Option<usize>,
    /// The recalls.
    pub table: RetrievalTable,
}

/// The results of a test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// By task.
    pub tasks: BTreeMap<String, TaskResult>,
    /// By language, alignment alone before re-ranked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retrieval: Vec<RetrievalResult>,
    /// Other measures, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Measure>,
}

/// JSON has no number that is not finite: such a value stands there as `null`.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl Evaluation {
    /// Whether nothing was tested.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty() && self.retrieval.is_empty() && self.metrics.is_empty()
    }
}
