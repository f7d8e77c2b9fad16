//! Pictures and captions that occur in several records.

use tuwen_data::grouped;

use crate::count::Repeats;
use crate::finding::{Advice, Finding, Topic, Weight};
use crate::wording::counted;
use crate::{Expectations, PositivesExpectation};

/// What is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    Visual,
    Caption,
}

/// What is said of `repeats`, nothing if there are none; `of` says what the things are, `beside` what stands beside them.
pub(crate) fn repeated(
    topic: Topic,
    (of, beside): (&str, &str),
    repeats: &Repeats,
    thing: Thing,
    expectations: &Expectations,
) -> Option<Finding> {
    if repeats.repeated == 0 {
        return None;
    }
    let Repeats { distinct, repeated, records, with_several_partners, .. } = *repeats;
    let example = repeats.examples.first().map(|[a, b]| format!(", such as `{a}` and `{b}`")).unwrap_or_default();
    let sentence = format!(
        "{} of {} different {of} occur in several records, {} in all{example}; {} with different {beside}",
        grouped(repeated),
        grouped(distinct),
        counted(records, "record"),
        grouped(with_several_partners),
    );
    let heeded = expectations.positives == PositivesExpectation::SharedImageOrCaption;
    let weight = if with_several_partners > 0 && !heeded { Weight::Concern } else { Weight::Fact };
    Some(Finding::new(topic, weight, sentence).advised(advice(thing, expectations)))
}

fn advice(thing: Thing, expectations: &Expectations) -> Option<Advice> {
    let needed = match expectations.positives {
        PositivesExpectation::Unknown | PositivesExpectation::OwnPairOnly => true,
        PositivesExpectation::SharedImage => thing == Thing::Caption,
        PositivesExpectation::NoSuchKey | PositivesExpectation::SharedImageOrCaption => false,
    };
    let effect = "pairs that share one are no negatives of each other";
    needed.then(|| Advice::set("tasks.positives", "\"shared_image_or_caption\"", effect))
}
