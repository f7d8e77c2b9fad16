//! Things that occur in several records, found by their fingerprints.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::Serialize;

use crate::fingerprint::Fingerprint;

/// Gives a record's id.
pub(crate) type Name<'a> = &'a dyn Fn(u64) -> String;

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

/// Things that occur in more than one record.
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
    /// The ids of the first two records of the first few that are repeated.
    pub examples: Vec<[String; 2]>,
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

    /// `name` gives a record's id.
    pub(crate) fn repeats(&self, name: Name<'_>) -> Repeats {
        let mut examples = Vec::new();
        let mut repeats = Repeats { distinct: self.of.len() as u64, ..Repeats::default() };
        for occurrence in self.of.values() {
            let Some(second) = occurrence.second else { continue };
            repeats.repeated += 1;
            repeats.records += occurrence.records;
            repeats.with_several_partners += u64::from(occurrence.partners == Partners::Several);
            examples.push([occurrence.first, second]);
        }
        repeats.examples = named(examples, |[first, second]| [name(first), name(second)]);
        repeats
    }

    /// What occurs in `other` too: how many records of `other` hold it, and examples, each the record here and there.
    pub(crate) fn common(&self, other: &Self, here: Name<'_>, there: Name<'_>) -> (u64, Vec<[String; 2]>) {
        let both = other.of.iter().filter_map(|(thing, there)| Some((self.of.get(thing)?, there)));
        let (mut records, mut examples) = (0, Vec::new());
        for (ours, theirs) in both {
            records += theirs.records;
            examples.push([ours.first, theirs.first]);
        }
        (records, named(examples, |[ours, theirs]| [here(ours), there(theirs)]))
    }
}

/// Names the first few. A map has no order of its own; the order of records is the same on every run.
fn named(mut examples: Vec<[u64; 2]>, name: impl Fn([u64; 2]) -> [String; 2]) -> Vec<[String; 2]> {
    examples.sort_unstable();
    examples.truncate(EXAMPLES);
    examples.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(record: u64) -> String {
        format!("r{record}")
    }

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
        let examples = [["r0", "r2"], ["r1", "r4"]].map(|pair| pair.map(str::to_owned)).to_vec();
        let expected = Repeats { distinct: 3, repeated: 2, records: 5, with_several_partners: 1, examples };
        assert_eq!(occurrences(&things).repeats(&name), expected);
    }

    #[test]
    fn twice_in_one_record_is_no_repetition() {
        let repeats = occurrences(&[("cat", 7, "p"), ("cat", 7, "p")]).repeats(&name);
        assert_eq!((repeats.distinct, repeats.repeated), (1, 0));
    }

    #[test]
    fn what_both_have_is_counted_in_the_other() {
        let train = occurrences(&[("cat", 0, "p"), ("dog", 1, "q")]);
        let heldout = occurrences(&[("emu", 0, "p"), ("dog", 1, "q"), ("dog", 2, "r")]);
        let common = train.common(&heldout, &name, &|record| format!("h{record}"));
        assert_eq!(common, (2, vec![["r1".to_owned(), "h1".to_owned()]]));
    }
}
