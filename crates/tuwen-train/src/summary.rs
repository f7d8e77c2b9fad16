//! What a run came to: the content of `summary.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;

/// The end of a run in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The recipe's name.
    pub recipe: String,
    /// Steps done.
    pub steps: u64,
    /// Passes over the training records, the last one counted in part.
    pub epochs: f64,
    /// Seconds spent in steps and evaluations of this process; a resumed run counts its own part.
    pub training_seconds: f64,
    /// Training records a second, evaluations left out.
    pub records_per_second: f64,
    /// Share of the step time spent waiting for data.
    pub data_wait_share: f64,
    /// Records left out because they could not be read.
    pub skipped_records: u64,
    /// Steps left out because something was not finite.
    pub skipped_steps: u64,
    /// How often each monitor had something to say; the sentences stand in `health.jsonl`.
    #[serde(default)]
    pub findings: BTreeMap<String, u64>,
    /// Loss of each task in the run's first step and the mean over its last twentieth.
    pub training_losses: BTreeMap<String, [f64; 2]>,
    /// Held-out results at the end.
    pub heldout: Evaluation,
}
