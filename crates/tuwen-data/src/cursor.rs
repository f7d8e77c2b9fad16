//! The place in the data at which a run stands, saved with its checkpoint.

use serde::{Deserialize, Serialize};

/// Where to go on: everything before it has been delivered or skipped, nothing behind it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The pass over the data, from 0.
    pub epoch: u64,
    /// How many places of this pass's order are done, skipped ones included.
    pub position: usize,
    /// How many records of this pass were skipped so far.
    pub skipped: usize,
    /// How many records the source held: with another number the orders are other orders.
    pub records: usize,
}

impl Cursor {
    /// The start of pass `epoch` over `records` records.
    pub const fn start(epoch: u64, records: usize) -> Self {
        Self { epoch, position: 0, skipped: 0, records }
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn survives_a_checkpoint() {
        let cursor = Cursor { epoch: 3, position: 64, skipped: 2, records: 1000 };
        let text = serde_json::to_string(&cursor).expect("plain numbers");
        assert_eq!(text, r#"{"epoch":3,"position":64,"skipped":2,"records":1000}"#);
        assert_eq!(serde_json::from_str::<Cursor>(&text).expect("what was just written"), cursor);
    }

    #[test]
    fn unknown_field_is_refused() {
        let text = r#"{"epoch":3,"position":64,"skipped":2,"records":1000,"shard":1}"#;
        assert!(serde_json::from_str::<Cursor>(text).is_err());
    }
}
