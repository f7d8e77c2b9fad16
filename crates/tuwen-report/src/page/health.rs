//! What the monitors of each run found, from when to when, and what they advise.

use std::collections::BTreeMap;

use maud::{Markup, html};
use tuwen_data::grouped;
use tuwen_health::{Finding, Severity, Turn};

use super::run_label;
use crate::run::Run;

/// The section, if any run was watched.
pub(super) fn section(runs: &[Run]) -> Markup {
    let watched: Vec<_> =
        runs.iter().enumerate().filter_map(|(index, run)| Some((index, run, Findings::read(run)?))).collect();
    html! {
        @if !watched.is_empty() {
            section {
                h2 { "Health" }
                p.quiet { "What the monitors said while the model was trained, and what to do about it." }
                @for (index, run, findings) in &watched {
                    h3 { (run_label(*index, run)) }
                    (list(findings))
                }
            }
        }
    }
}

fn list(Findings { spans, unreadable }: &Findings) -> Markup {
    html! {
        @if spans.is_empty() && *unreadable == 0 { p.quiet { "Nothing was found." } }
        @else {
            ul {
                @for Span { finding, until } in spans {
                    li {
                        strong { (since(finding.step, *until)) ": " }
                        @if finding.severity == Severity::Note { span.quiet { "(a note) " } }
                        (finding.sentence)
                        @if !finding.advice.is_empty() { br; span.quiet { "→ " (finding.advice) } }
                    }
                }
                @if *unreadable > 0 {
                    li { "health.jsonl: " (grouped(*unreadable)) " lines can't be read" }
                }
            }
        }
    }
}

fn since(step: u64, until: Option<u64>) -> String {
    match until {
        Some(until) => format!("step {} to {}", grouped(step), grouped(until)),
        None => format!("from step {}", grouped(step)),
    }
}

/// What a monitor found, and when it was over.
#[derive(Debug, PartialEq)]
struct Span {
    finding: Finding,
    until: Option<u64>,
}

#[derive(Debug, Default, PartialEq)]
struct Findings {
    spans: Vec<Span>,
    unreadable: u64,
}

impl Findings {
    /// Those of `run`; nothing if it was not watched.
    fn read(run: &Run) -> Option<Self> {
        let bytes = std::fs::read(run.folder.join("health.jsonl")).ok()?;
        Some(Self::of(&String::from_utf8_lossy(&bytes)))
    }

    fn of(text: &str) -> Self {
        let (mut findings, mut open) = (Self::default(), BTreeMap::new());
        for line in text.lines().filter(|line| !line.is_empty()) {
            let Ok(finding) = serde_json::from_str::<Finding>(line) else {
                findings.unreadable += 1;
                continue;
            };
            match finding.turn {
                Turn::Began => {
                    open.insert(finding.monitor.clone(), findings.spans.len());
                    findings.spans.push(Span { finding, until: None });
                }
                Turn::Over => {
                    let began = open.remove(&finding.monitor);
                    began.into_iter().for_each(|place| findings.spans[place].until = Some(finding.step));
                }
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: u64, monitor: &str, turn: &str) -> String {
        let fields = [
            format!("\"step\":{step},\"monitor\":\"{monitor}\",\"turn\":\"{turn}\",\"severity\":\"warning\""),
            "\"sentence\":\"a < b\",\"advice\":\"wait\"".to_owned(),
        ];
        format!("{{{}}}\n", fields.join(","))
    }

    #[test]
    fn an_end_belongs_to_the_last_beginning_of_its_monitor() {
        let text = [line(10, "a", "began"), line(20, "b", "began"), line(30, "a", "over"), line(40, "a", "began")];
        let found = Findings::of(&text.concat());
        let spans: Vec<_> = found.spans.iter().map(|span| (span.finding.step, span.until)).collect();
        assert_eq!(spans, [(10, Some(30)), (20, None), (40, None)]);
    }

    #[test]
    fn sentences_are_escaped_and_broken_lines_counted() {
        let found = Findings::of(&format!("{}{{\"step\":", line(1500, "a", "began")));
        let html = list(&found).into_string();
        assert!(html.contains("from step 1,500: "), "{html}");
        assert!(html.contains("a &lt; b") && html.contains("→ wait"), "{html}");
        assert!(html.contains("1 lines can't be read"), "{html}");
        assert!(list(&Findings::default()).into_string().contains("Nothing was found."));
    }
}
