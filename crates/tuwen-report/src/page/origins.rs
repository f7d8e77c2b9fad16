//! What trained each run, where, and on which data.

use maud::{Markup, html};
use tuwen_data::grouped;

use super::run_label;
use crate::origin::Origin;
use crate::run::Run;

/// The section, if any run says it. A run that was continued has a column for each process.
pub(super) fn section(runs: &[Run]) -> Markup {
    let columns: Vec<(usize, &Run, &Origin)> = runs
        .iter()
        .enumerate()
        .flat_map(|(index, run)| {
            run.origins.iter().flat_map(move |all| all.processes.iter().map(move |one| (index, run, one)))
        })
        .collect();
    let facts: Vec<Vec<(String, String)>> = columns.iter().map(|(.., origin)| origin.facts()).collect();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in facts.iter().flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let value = |column: &Vec<(String, String)>, name: &str| {
        column.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    html! {
        @if !names.is_empty() {
            section {
                h2 { "Where it ran" }
                div.scroll tabindex="0" role="region" aria-label="Where it ran" {
                    table.recipe {
                        thead { tr { th {} @for (index, run, origin) in &columns { th scope="col" { (head(*index, run, origin)) } } } }
                        tbody { @for name in names { tr {
                            th scope="row" { (name) }
                            @for column in &facts { td { (value(column, name).unwrap_or_else(|| "–".to_owned())) } }
                        } } }
                    }
                }
            }
        }
    }
}

fn head(index: usize, run: &Run, origin: &Origin) -> Markup {
    html! {
        (run_label(index, run))
        @if let Some(step) = origin.first_step.filter(|step| *step > 1) { span.quiet { " from step " (grouped(step)) } }
    }
}
