//! Tags: how many there are, who has some, which are too rare to be learned.

use tuwen_data::grouped;

use crate::finding::{Advice, Finding, Topic};
use crate::wording::{counted, percent, spread};
use crate::{Diagnosis, Expectations, TagNumbers, TagsExpectation};

/// A tag in fewer records is called rare.
const RARE: u64 = 10;

pub(crate) fn tags(diagnosis: &Diagnosis, expectations: &Expectations) -> Vec<Finding> {
    let tags = &diagnosis.tags;
    let readable = diagnosis.examined - diagnosis.unreadable.records;
    if readable == 0 {
        return Vec::new();
    }
    let Some((rarest, fewest)) = tags.records_of.last() else {
        return vec![Finding::fact(Topic::Tags, "no record has a tag".to_owned())];
    };
    let sentence = format!(
        "{}; {} of the records have some, {} each; without the field: {}",
        counted(tags.records_of.len() as u64, "tag"),
        percent(tags.tagged(), readable),
        spread(&tags.per_record),
        counted(tags.untold, "record"),
    );
    let often = tags.in_at_least(RARE);
    let rare = tags.records_of.len() as u64 - often;
    let mut findings = vec![Finding::fact(Topic::Tags, sentence)];
    if rare > 0 {
        let sentence = format!(
            "in fewer than {RARE} records: {}, the rarest, `{rarest}`, in {}{}",
            counted(rare, "tag"),
            grouped(*fewest),
            learned(tags, expectations.tags),
        );
        let (finding, advice) = (Finding::fact(Topic::Tags, sentence), advice(often, expectations.tags));
        findings.push(match expectations.tags {
            TagsExpectation::Unknown => finding.suggesting(advice),
            _ => finding.advised(advice),
        });
    }
    findings
}

/// How rare a tag is that the recipe learns.
fn learned(tags: &TagNumbers, expected: TagsExpectation) -> String {
    let TagsExpectation::MostFrequent(learned) = expected else { return String::new() };
    match tags.records_of.get(learned.wrapping_sub(1)) {
        Some((tag, records)) => {
            format!(
                "; the rarest of the {} that are learned, `{tag}`, in {}",
                grouped(learned as u64),
                grouped(*records)
            )
        }
        None => String::new(),
    }
}

fn advice(often: u64, expected: TagsExpectation) -> Option<Advice> {
    let needed = match expected {
        TagsExpectation::Unknown => true,
        TagsExpectation::NotLearned | TagsExpectation::FromFile => false,
        TagsExpectation::MostFrequent(learned) => learned as u64 > often,
    };
    let effect = format!("those that at least {RARE} records have");
    let value = format!("{{ most_frequent = {often} }}");
    (needed && often > 0).then(|| Advice::set("tasks.tag.vocabulary", value, effect))
}
