//! Downstream tasks: each measure with its interval and chance, a column a run; then right and wrong examples.

use maud::{Markup, html};
use tuwen_data::grouped;
use tuwen_eval::{DownstreamExample, ResultRow};

use super::{run_label, samples, words};
use crate::picture::Budget;
use crate::run::Run;

/// The section, if any run was measured on a downstream task.
pub(super) fn section(runs: &[Run], budget: &mut Budget) -> Markup {
    html! {
        @if runs.iter().any(|run| run.downstream.is_some()) {
            section {
                h2 { "Downstream tasks" }
                (table(runs))
                @for (index, run) in runs.iter().enumerate() { (examples(index, run, budget)) }
            }
        }
    }
}

/// The measures by task and name, in the order of their first appearance.
fn measures(runs: &[Run]) -> Vec<(&str, &str)> {
    let mut names = Vec::new();
    for row in rows(runs) {
        let name = (row.task.as_str(), row.measure.as_str());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn rows(runs: &[Run]) -> impl Iterator<Item = &ResultRow> {
    runs.iter().flat_map(|run| &run.downstream).flat_map(|downstream| &downstream.results.rows)
}

fn table(runs: &[Run]) -> Markup {
    let of = |run: &Run, (task, measure): (&str, &str)| -> Option<ResultRow> {
        let rows = &run.downstream.as_ref()?.results.rows;
        rows.iter().find(|row| row.task == task && row.measure == measure).cloned()
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Downstream tasks" {
            table.results-table {
                thead { tr { th {} @for (index, run) in runs.iter().enumerate() { th scope="col" { (run_label(index, run)) } } } }
                tbody {
                    @for name in measures(runs) {
                        tr {
                            th scope="row" { (name.0) span.quiet { (name.1) } }
                            @for run in runs { td { (cell(of(run, name).as_ref())) } }
                        }
                    }
                }
            }
        }
        p.quiet { (intervals(runs)) }
    }
}

fn cell(row: Option<&ResultRow>) -> Markup {
    html! {
        @match row {
            Some(row) => { (row.to_string()) span.quiet { " of " (grouped(row.records as u64)) } },
            None => span.quiet { "–" },
        }
    }
}

fn intervals(runs: &[Run]) -> String {
    let bootstrap = runs.iter().flat_map(|run| &run.downstream).map(|downstream| downstream.results.bootstrap).next();
    bootstrap.map_or(String::new(), |bootstrap| {
        let (confidence, resamples) = (words::percent(bootstrap.confidence), grouped(bootstrap.resamples as u64));
        format!("In brackets the {confidence} interval of {resamples} bootstrap resamples; shares in per cent.")
    })
}

fn examples(index: usize, run: &Run, budget: &mut Budget) -> Markup {
    let examples = run.downstream.as_ref().map_or(&[][..], |downstream| &downstream.examples);
    html! {
        @if !examples.is_empty() {
            h3 { (run_label(index, run)) }
            div.samples { @for example in examples { (one(run, example, budget)) } }
        }
    }
}

fn one(run: &Run, example: &DownstreamExample, budget: &mut Budget) -> Markup {
    let class = if example.right { "masked right" } else { "masked wrong" };
    html! {
        article.sample {
            div.looks {
                @for file in &example.pictures { figure { (samples::picture(run, file, &example.text, budget)) } }
            }
            p.tokens {
                (example.text) " "
                span class=(class) {
                    span.answer {
                        (example.expected.join(" / "))
                        span.spoken { @if example.right { " (right)" } @else { " (wrong)" } }
                    }
                    @for answer in example.answers.iter().take(3) {
                        span.guess {
                            (answer.text)
                            @if let Some(probability) = answer.probability {
                                " " span.quiet { (format!("{:.0} %", 100.0 * probability)) }
                            }
                        }
                    }
                }
            }
            p.quiet { (example.task) }
        }
    }
}
