//! Things that occur in several records, found by their fingerprints.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Serialize;

use crate::fingerprint::Fingerprint;

/// How many examples are kept.
const EXAMPLES: usize = 3;

/// In which records each thing occurs, and what stands beside it there.
#[derive(Debug, Default)]
pub(crate) struct Occurrences {
    of: HashMap<Fingerprint, Occurrence>,
}

#[derive(Clone, Copy, Debug)]
struct Occurrence {
    first: u64,
    second: Option<u64>,
    last: u64,
    records: u64,
    partner: Fingerprint,
    partners: Partners,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Partners {
    One,
    Several,
}

/// Things that occur in more than one record. Records are told by their number in the set, from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Repeats {
    /// Different things there are.
    pub distinct: u64,
    /// Those that occur in several records.
    pub repeated: u64,
    /// The records in which those occur.
    pub records: u64,
    /// Those that stand with different partners: a caption with different pictures, a picture with different captions.
    pub with_several_partners: u64,
    /// The first two records of the first few that are repeated.
    pub examples: Vec<[u64; 2]>,
}

impl Occurrences {
    /// Counts `thing` in `record`, where it stands with `partner`. Records come in ascending order.
    pub(crate) fn add(&mut self, thing: Fingerprint, record: u64, partner: Fingerprint) {
        match self.of.entry(thing) {
            Entry::Vacant(entry) => {
                let partners = Partners::One;
                entry.insert(Occurrence { first: record, second: None, last: record, records: 1, partner, partners });
            }
            Entry::Occupied(mut entry) => {
                let occurrence = entry.get_mut();
                // The same caption twice in one record is no second record.
                if occurrence.last != record {
                    occurrence.second = occurrence.second.or(Some(record));
                    occurrence.last = record;
                    occurrence.records += 1;
                }
                if occurrence.partner != partner {
                    occurrence.partners = Partners::Several;
                }
            }
        }
    }

    pub(crate) fn repeats(&self) -> Repeats {
        let mut repeats = Repeats { distinct: self.of.len() as u64, ..Repeats::default() };
        for occurrence in self.of.values() {
            let Some(second) = occurrence.second else { continue };
            repeats.repeated += 1;
            repeats.records += occurrence.records;
            repeats.with_several_partners += u64::from(occurrence.partners == Partners::Several);
            repeats.examples.push([occurrence.first, second]);
        }
        keep_first(&mut repeats.examples);
        repeats
    }

    /// What occurs in `other` too: how many records of `other` hold it, and examples, each the record here and there.
    pub(crate) fn common(&self, other: &Self) -> (u64, Vec<[u64; 2]>) {
        let both = other.of.iter().filter_map(|(thing, there)| Some((self.of.get(thing)?, there)));
        let (mut records, mut examples) = (0, Vec::new());
        for (here, there) in both {
            records += there.records;
            examples.push([here.first, there.first]);
        }
        keep_first(&mut examples);
        (records, examples)
    }
}

/// A map has no order of its own; the order of records is the same on every run.
fn keep_first(examples: &mut Vec<[u64; 2]>) {
    examples.sort_unstable();
    examples.truncate(EXAMPLES);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(text: &str) -> Fingerprint {
        Fingerprint::of([text.as_bytes()])
    }

    fn occurrences(things: &[(&str, u64, &str)]) -> Occurrences {
        let mut occurrences = Occurrences::default();
        things.iter().for_each(|&(thing, record, partner)| occurrences.add(print(thing), record, print(partner)));
        occurrences
    }

    #[test]
    fn repeated_things_and_their_records_are_counted() {
        let things =
            [("cat", 0, "p"), ("dog", 1, "q"), ("cat", 2, "p"), ("cat", 3, "r"), ("dog", 4, "q"), ("emu", 5, "s")];
        let expected =
            Repeats { distinct: 3, repeated: 2, records: 5, with_several_partners: 1, examples: vec![[0, 2], [1, 4]] };
        assert_eq!(occurrences(&things).repeats(), expected);
    }

    #[test]
    fn twice_in_one_record_is_no_repetition() {
        let repeats = occurrences(&[("cat", 7, "p"), ("cat", 7, "p")]).repeats();
        assert_eq!((repeats.distinct, repeats.repeated), (1, 0));
    }

    #[test]
    fn what_both_have_is_counted_in_the_other() {
        let train = occurrences(&[("cat", 0, "p"), ("dog", 1, "q")]);
        let heldout = occurrences(&[("emu", 0, "p"), ("dog", 1, "q"), ("dog", 2, "r")]);
        assert_eq!(train.common(&heldout), (2, vec![[1, 1]]));
    }
}
