//! Records that can be read, and those that can't.

use tuwen_data::grouped;

use crate::Diagnosis;
use crate::finding::{Advice, Finding, Topic, Weight};
use crate::wording::counted;

/// The most reasons in a sentence.
const SHOWN_REASONS: usize = 3;

pub(crate) fn records(diagnosis: &Diagnosis) -> Vec<Finding> {
    let (records, unreadable) = (diagnosis.examined, &diagnosis.unreadable);
    let mut findings = Vec::new();
    if diagnosis.examined < diagnosis.records {
        let sentence = format!("{} of {} were looked at, spread evenly", grouped(records), grouped(diagnosis.records));
        findings.push(Finding::fact(Topic::Records, sentence));
    }
    if unreadable.records == 0 {
        findings.push(Finding::fact(Topic::Records, format!("{}, all readable", counted(records, "record"))));
        return findings;
    }
    let mut reasons: Vec<(&String, &u64)> = unreadable.reasons.iter().collect();
    reasons.sort_by_key(|&(_, count)| std::cmp::Reverse(count)); // stable: ties stay alphabetical
    let shown: Vec<String> =
        reasons.iter().take(SHOWN_REASONS).map(|(reason, times)| format!("{reason} ({})", grouped(**times))).collect();
    let more = if reasons.len() > SHOWN_REASONS { "; and other reasons" } else { "" };
    let (unread, shown) = (grouped(unreadable.records), shown.join("; "));
    let sentence = format!("{unread} of {} can't be used: {shown}{more}", counted(records, "record"));
    findings.push(Finding::new(Topic::Records, Weight::Fault, sentence).advised(nothing_readable(diagnosis)));
    for (field, &missing) in &unreadable.missing_fields {
        let sentence = format!("`{field}` is missing in {}", counted(missing, "record"));
        findings.push(Finding::new(Topic::Records, Weight::Fault, sentence));
    }
    findings
}

fn nothing_readable(diagnosis: &Diagnosis) -> Option<Advice> {
    let effect = "`cargo xtask data inspect` shows the fields there are";
    (diagnosis.unreadable.records == diagnosis.examined).then(|| Advice::think("data.records", effect))
}
