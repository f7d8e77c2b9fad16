//! Tags and how often each occurs.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Histogram;

/// Tags, added record by record.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    counts: BTreeMap<String, u64>,
    per_record: Histogram,
    untold: u64,
}

/// Tags of the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TagNumbers {
    /// Tags of each record that says something about them.
    pub per_record: Histogram,
    /// Records that say nothing about tags.
    pub untold: u64,
    /// Records of each tag, from the commonest to the rarest; ties in alphabetical order.
    pub records_of: Vec<(String, u64)>,
}

impl Tags {
    pub(crate) fn add(&mut self, tags: Option<Vec<String>>) {
        let Some(mut tags) = tags else {
            self.untold += 1;
            return;
        };
        tags.sort_unstable();
        tags.dedup();
        self.per_record.add(tags.len());
        tags.into_iter().for_each(|tag| *self.counts.entry(tag).or_default() += 1);
    }

    pub(crate) fn numbers(&self) -> TagNumbers {
        let mut records_of: Vec<(String, u64)> = self.counts.iter().map(|(tag, &n)| (tag.clone(), n)).collect();
        records_of.sort_by_key(|&(_, records)| std::cmp::Reverse(records)); // stable: ties stay alphabetical
        TagNumbers { per_record: self.per_record.clone(), untold: self.untold, records_of }
    }
}

impl TagNumbers {
    /// Records with at least one tag.
    pub fn tagged(&self) -> u64 {
        self.per_record.above(0)
    }

    /// How many tags occur in at least `records` records.
    pub fn in_at_least(&self, records: u64) -> u64 {
        self.records_of.iter().filter(|&&(_, count)| count >= records).count() as u64
    }
}
