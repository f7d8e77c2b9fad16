//! Held-out records that are trained on.

use tuwen_data::grouped;

use crate::Diagnosis;
use crate::finding::{Advice, Finding, Topic, Weight};
use crate::wording::{counted, percent};

pub(crate) fn overlap(diagnosis: &Diagnosis) -> Vec<Finding> {
    let Some(overlap) = &diagnosis.overlap else { return Vec::new() };
    let records = overlap.heldout_records;
    if overlap.is_none() {
        let all = counted(records, "held-out record");
        let part = if diagnosis.examined < diagnosis.records { ", as far as both were looked at" } else { "" };
        let sentence = format!("no picture and no caption of the {all} is trained on{part}");
        return vec![Finding::fact(Topic::HeldOut, sentence)];
    }
    let mut findings = Vec::new();
    let all = counted(records, "held-out record");
    let mut say = |what: &str, common: u64, examples: &[[String; 2]]| {
        if common == 0 {
            return;
        }
        let example = examples.first().map(|[ours, theirs]| format!(", such as `{theirs}`, in training `{ours}`"));
        let (shown, share, example) = (grouped(common), percent(common, records), example.unwrap_or_default());
        let sentence = format!("the {what} of {shown} of {all} ({share}) is trained on too{example}");
        let effect = "a set that shares nothing with `data.train`, or results are flattered";
        let finding = Finding::new(Topic::HeldOut, Weight::Fault, sentence);
        findings.push(finding.advised(Some(Advice::think("data.heldout", effect))));
    };
    say("picture", overlap.pictures, &overlap.picture_examples);
    for (language, &common) in &overlap.captions {
        let examples = overlap.caption_examples.get(language).map(Vec::as_slice).unwrap_or_default();
        say(&format!("`{language}` caption"), common, examples);
    }
    findings
}
