//! Records that can't be used: how many, for which reasons, and which.

use std::collections::BTreeMap;

use serde::Serialize;
use tuwen_data::{DataError, RecordError};

/// The most reasons that are told apart, and the most records that are listed: a broken set stays in bounds.
const MOST_LISTED: usize = 1000;

/// Records that can't be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UnreadableNumbers {
    /// How many.
    pub records: u64,
    /// How many for each reason.
    pub reasons: BTreeMap<String, u64>,
    /// How many for want of each field or archive entry.
    pub missing_fields: BTreeMap<String, u64>,
    /// The first thousand, each with file, record and reason.
    pub listed: Vec<String>,
}

impl UnreadableNumbers {
    pub(crate) fn add(&mut self, error: &DataError) {
        self.records += 1;
        if self.listed.len() < MOST_LISTED {
            self.listed.push(error.to_string());
        }
        let reason = match error {
            DataError::Unreadable { reason, .. } => reason.to_string(),
            DataError::Record { reason, .. } => reason.clone(),
            other => other.to_string(),
        };
        count(&mut self.reasons, reason);
        if let DataError::Unreadable { reason, .. } = error {
            match reason {
                RecordError::MissingField { field } => count(&mut self.missing_fields, field.clone()),
                RecordError::MissingEntry { extensions } => count(&mut self.missing_fields, extensions.clone()),
                _ => {}
            }
        }
    }
}

fn count(reasons: &mut BTreeMap<String, u64>, reason: String) {
    if reasons.len() < MOST_LISTED || reasons.contains_key(&reason) {
        *reasons.entry(reason).or_default() += 1;
    }
}
