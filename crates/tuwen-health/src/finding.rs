//! What a monitor has to say.

use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; the run learns.
    Note,
    /// Something does not learn, or compute is lost.
    Warning,
}

/// Whether something began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// From now on.
    Began,
    /// No longer.
    Over,
}

/// A line of `health.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The step after which it was seen.
    pub step: u64,
    /// The monitor's name, such as `matching_guesses`.
    pub monitor: String,
    /// Whether it began or ended.
    pub turn: Turn,
    /// How bad it is.
    pub severity: Severity,
    /// What was seen.
    pub sentence: String,
    /// What to do about it; empty where it is over.
    pub advice: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back_as_it_was() {
        let finding = Finding {
            step: 7,
            monitor: "a".into(),
            turn: Turn::Began,
            severity: Severity::Warning,
            sentence: "b".into(),
            advice: "c".into(),
        };
        let line = serde_json::to_string(&finding).unwrap();
        assert!(line.contains(r#""turn":"began","severity":"warning""#), "{line}");
        assert_eq!(serde_json::from_str::<Finding>(&line).unwrap(), finding);
    }
}
