//! `downstream.json` of a run's folder: measures of downstream tasks, and records with what the model answered.
//!
//! ```json
//! { "results": { "bootstrap": { "resamples": 1000, "confidence": 0.95, "seed": 42 }, "rows": [ … ] },
//!   "examples": [
//!     { "task": "vqa", "pictures": ["examples/0001.png"], "text": "what skin tone", "expected": ["light"],
//!       "answers": [ { "text": "medium", "probability": 0.5 }, { "text": "light", "probability": 0.3 } ], "right": false } ] }
//! ```
//!
//! - `pictures`: what was looked at, then what shows where (Grad-CAM, boxes): files below the run's folder.
//! - `answers`: the likeliest first; its probability may be absent.

use serde::{Deserialize, Serialize};

use crate::ResultsTable;

/// The file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DownstreamResults {
    /// The measures.
    pub results: ResultsTable,
    /// Right and wrong examples.
    #[serde(default)]
    pub examples: Vec<DownstreamExample>,
}

/// One record and what the model answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DownstreamExample {
    /// The task: `vqa`.
    pub task: String,
    /// Files of pictures below the run's folder.
    #[serde(default)]
    pub pictures: Vec<String>,
    /// The question, statement, sentence or expression.
    pub text: String,
    /// The right answers.
    pub expected: Vec<String>,
    /// What the model answered, the likeliest first.
    pub answers: Vec<GivenAnswer>,
    /// Whether that counts as right.
    pub right: bool,
}

/// One answer of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GivenAnswer {
    /// The answer.
    pub text: String,
    /// How likely the model holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
}

/// The numbers of so many right and so many wrong records, each spread evenly over those there are, so that neither the first
/// nor the surest alone are shown.
pub fn examples_of_both(right: &[bool], of_each: usize) -> Vec<usize> {
    let mut chosen: Vec<usize> = [true, false].into_iter().flat_map(|kind| spread(right, kind, of_each)).collect();
    chosen.sort_unstable();
    chosen
}

fn spread(right: &[bool], kind: bool, count: usize) -> Vec<usize> {
    let those: Vec<usize> = (0..right.len()).filter(|at| right[*at] == kind).collect();
    let count = count.min(those.len());
    (0..count).map(|at| those[at * those.len() / count]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_spread_over_right_and_wrong_ones() {
        let right: Vec<bool> = (0..100).map(|at| at % 10 != 0).collect();
        assert_eq!(examples_of_both(&right, 2), [0, 1, 50, 51]);
        assert_eq!(examples_of_both(&[true, true], 3), [0, 1]);
        assert!(examples_of_both(&[], 3).is_empty());
    }

    #[test]
    fn the_format_above_is_read_and_written() {
        let text = r#"{ "results": { "bootstrap": { "resamples": 1000, "confidence": 0.95, "seed": 42 }, "rows": [
            { "task": "vqa", "measure": "accuracy", "unit": "share", "value": 0.5, "interval": { "low": 0.4, "high": 0.6 },
              "chance": 0.2, "records": 100 } ] },
            "examples": [ { "task": "vqa", "pictures": ["examples/0001.png"], "text": "what skin tone", "expected": ["light"],
              "answers": [ { "text": "medium", "probability": 0.5 }, { "text": "light" } ], "right": false } ] }"#;
        let read: DownstreamResults = serde_json::from_str(text).unwrap();
        assert_eq!(read.examples[0].answers[1].probability, None);
        let again = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<DownstreamResults>(&again).unwrap(), read);
    }
}
