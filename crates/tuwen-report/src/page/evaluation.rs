//! The table of final results: a row a measure, a column a run, the best of each row in bold.

use std::collections::BTreeSet;

use maud::{Markup, html};
use tuwen_eval::{RECALL_AT, RetrievalRow};

use super::{run_label, words};
use crate::evaluation::{Evaluation, Measure, RetrievalResult, TaskResult};
use crate::run::Run;

/// Which end of a row is the better one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    High,
    Low,
    /// Only the measure's author knows.
    Unknown,
}

struct Row {
    name: String,
    /// Which captions, where it is about retrieval.
    of: String,
    better: Better,
    /// Value, text and remark, one per run.
    cells: Vec<Option<(f64, String, String)>>,
}

/// The table, if any run was tested.
pub(super) fn section(runs: &[Run]) -> Markup {
    let results: Vec<Option<&Evaluation>> = runs.iter().map(|run| run.heldout().map(|(_, result)| result)).collect();
    let rows: Vec<Row> =
        [task_rows(&results), retrieval_rows(&results), measure_rows(&results)].into_iter().flatten().collect();
    html! {
        @if !rows.is_empty() {
            section {
                h2 { "Final results on held-out records" }
                div.scroll tabindex="0" role="region" aria-label="Final results" {
                    table.results-table {
                        thead { tr { th {} @for (index, run) in runs.iter().enumerate() { th scope="col" { (run_label(index, run)) } } } }
                        tbody { @for row in &rows { (line(row)) } }
                    }
                }
            }
        }
    }
}

fn line(row: &Row) -> Markup {
    let values = row.cells.iter().flatten().map(|(value, ..)| *value);
    let best = match row.better {
        Better::High => values.fold(f64::NEG_INFINITY, f64::max),
        Better::Low => values.fold(f64::INFINITY, f64::min),
        Better::Unknown => f64::NAN, // equal to none
    };
    let compared = row.cells.iter().flatten().count() > 1;
    html! {
        tr {
            th scope="row" { (row.name) @if !row.of.is_empty() { span.quiet { (row.of) } } }
            @for cell in &row.cells {
                td {
                    @match cell {
                        Some((value, text, remark)) => {
                            @if compared && *value == best { strong { (text) } } @else { (text) }
                            @if !remark.is_empty() { span.quiet { " " (remark) } }
                        }
                        None => span.quiet { "–" },
                    }
                }
            }
        }
    }
}

fn task_rows(results: &[Option<&Evaluation>]) -> Vec<Row> {
    let tasks: BTreeSet<&String> = results.iter().flatten().flat_map(|result| result.tasks.keys()).collect();
    let row = |task: &String, name: &str, better, cell: fn(&TaskResult) -> Option<(f64, String, String)>| Row {
        name: format!("{task} {name}"),
        of: String::new(),
        better,
        cells: results.iter().map(|result| cell((*result)?.tasks.get(task)?)).collect(),
    };
    let rows = |task| [row(task, "accuracy", Better::High, accuracy), row(task, "loss", Better::Low, loss)];
    tasks.into_iter().flat_map(rows).collect()
}

fn accuracy(result: &TaskResult) -> Option<(f64, String, String)> {
    let accuracy = result.accuracy?;
    let chance = result.chance.map(|chance| {
        let times = result.times_chance().map_or(String::new(), |times| format!(", × {times:.1}"));
        format!("guessing {}{times}", words::percent(chance))
    });
    Some((accuracy, words::percent(accuracy), chance.unwrap_or_default()))
}

fn loss(result: &TaskResult) -> Option<(f64, String, String)> {
    result.loss.map(|loss| (loss, format!("{loss:.3}"), String::new()))
}

fn measure_rows(results: &[Option<&Evaluation>]) -> Vec<Row> {
    let names: BTreeSet<&String> = results.iter().flatten().flat_map(|result| result.metrics.keys()).collect();
    let cell = |measure: &Measure| {
        let chance = measure.chance.map_or(String::new(), |chance| format!("guessing {}", words::number(chance)));
        measure.value.map(|value| (value, words::number(value), chance))
    };
    let row = |name: &String| Row {
        name: name.clone(),
        of: String::new(),
        better: Better::Unknown,
        cells: results.iter().map(|result| cell((*result)?.metrics.get(name)?)).collect(),
    };
    names.into_iter().map(row).collect()
}

fn retrieval_rows(results: &[Option<&Evaluation>]) -> Vec<Row> {
    let all = || results.iter().flatten().flat_map(|result| &result.retrieval);
    let mut titles: Vec<String> = Vec::new();
    all().map(RetrievalResult::title).for_each(|title| {
        if !titles.contains(&title) {
            titles.push(title);
        }
    });
    titles.iter().flat_map(|title| rows_of(title, results)).collect()
}

/// The mean of the six recalls, and the three of each direction in one row, of which the first decides what is best.
fn rows_of(title: &str, results: &[Option<&Evaluation>]) -> Vec<Row> {
    let found = |result: &Option<&Evaluation>| {
        (*result)?.retrieval.iter().find(|retrieval| retrieval.title() == title).cloned()
    };
    let found: Vec<Option<RetrievalResult>> = results.iter().map(found).collect();
    let row = |name: String, recalls: fn(&RetrievalResult) -> [Vec<f64>; 2]| {
        let cell = |result: &RetrievalResult| {
            let [recalls, chance] = recalls(result);
            (recalls[0], in_percent(&recalls), format!("guessing {}", in_percent(&chance)))
        };
        let cells = found.iter().map(|result| result.as_ref().map(cell)).collect();
        Row { name, of: title.to_owned(), better: Better::High, cells }
    };
    let at = RECALL_AT.map(|at| at.to_string()).join("/");
    vec![
        row("mean recall".to_owned(), |result| [vec![result.table.mean_recall], vec![result.chance()]]),
        row(format!("image to text R@{at}"), |result| direction(&result.table.i2t)),
        row(format!("text to image R@{at}"), |result| direction(&result.table.t2i)),
    ]
}

fn direction(row: &RetrievalRow) -> [Vec<f64>; 2] {
    [row.recall.to_vec(), row.chance.to_vec()]
}

/// `55.6 / 96.6 / 99.5 %`.
fn in_percent(values: &[f64]) -> String {
    values.iter().map(|value| format!("{value:.1}")).collect::<Vec<_>>().join(" / ") + " %"
}
