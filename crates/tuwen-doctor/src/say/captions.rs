//! Captions of each language: how many, how long, in which script, which ones are equal.

use tuwen_data::grouped;

use super::repeats::{Thing, repeated};
use crate::finding::{Finding, Topic, Weight};
use crate::wording::{counted, percent, spread};
use crate::{CaptionNumbers, Diagnosis, Expectations};

pub(crate) fn captions(diagnosis: &Diagnosis, expectations: &Expectations) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (language, captions) in &diagnosis.captions {
        let (all, characters) = (counted(captions.captions, "caption"), spread(&captions.characters));
        let sentence = format!("`{language}`: {all} of {characters} characters; {}", scripts(captions));
        findings.push(Finding::fact(Topic::Captions, sentence));
        if captions.empty > 0 {
            let sentence = format!("`{language}`: {} of {all} are empty", grouped(captions.empty));
            findings.push(Finding::new(Topic::Captions, Weight::Concern, sentence));
        }
        let of = format!("`{language}` captions");
        let beside = if diagnosis.clips.clips() > 0 { "clips" } else { "pictures" };
        let repeats = &captions.repeats;
        findings.extend(repeated(Topic::Captions, (&of, beside), repeats, Thing::Caption, expectations));
    }
    findings
}

/// `98.1 % Latin, 1.9 % Han`, the commonest first.
fn scripts(captions: &CaptionNumbers) -> String {
    let mut scripts: Vec<_> = captions.scripts.iter().collect();
    scripts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let share = |count: &u64| percent(*count, captions.captions);
    scripts
        .into_iter()
        .map(|(script, count)| format!("{} {}", share(count), script.name()))
        .collect::<Vec<_>>()
        .join(", ")
}
