//! The page: its sections in their order, and the data its script draws from.

mod charts;
mod downstream;
mod evaluation;
mod health;
mod origins;
mod pictures;
mod recipes;
mod runs;
mod samples;
#[cfg(test)]
mod tests;
mod words;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::json;
use sha2::{Digest, Sha256};
use tuwen_data::grouped;

use crate::charts::{Chart, charts as draw};
use crate::picture::Budget;
use crate::run::Run;

const STYLE: &str = include_str!("../../assets/page.css");
const SCRIPT: &str = include_str!("../../assets/page.js");

/// Bytes of pictures a page may carry; the rest of 10 MB is for the curves.
const PICTURE_BYTES: u64 = 5_500_000;

/// The whole page of `runs`.
pub(crate) fn page(runs: &[Run]) -> String {
    let charts = draw(runs);
    let mut budget = Budget::new(PICTURE_BYTES);
    let title = runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>().join(" · ");
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy());
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.brand { "tuwen " span lang="zh" { "图文" } }
                    h1 { @if runs.len() == 1 { "One run" } @else { (grouped(runs.len() as u64)) " runs compared" } }
                }
                main {
                    (runs::section(runs))
                    (health::section(runs))
                    (charts::sections(runs, &charts))
                    (evaluation::section(runs))
                    (downstream::section(runs, &mut budget))
                    (samples::section(runs, &mut budget))
                    (pictures::section(runs, &mut budget))
                    (recipes::section(runs))
                    (origins::section(runs))
                }
                script #data type="application/json" { (PreEscaped(data(runs, &charts))) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Nothing is loaded, and no script runs but the page's own: a name that got past the escaping could do nothing.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!("default-src 'none'; img-src data:; style-src 'sha256-{style}'; script-src 'sha256-{script}'")
}

/// The curves as JSON that can stand in a script element: no `<` in it.
fn data(runs: &[Run], charts: &[Chart]) -> String {
    let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    json!({ "runs": names, "charts": charts }).to_string().replace('<', "\\u003c")
}

/// A run's name beside its colour.
fn run_label(index: usize, run: &Run) -> Markup {
    html! { span.run-label { span class=(format!("swatch {}", run_class(index))) aria-hidden="true" {} (run.name) } }
}

/// The class that gives everything of a run its colour; after eight runs the colours come again.
fn run_class(index: usize) -> String {
    format!("run-{}", index % 8)
}
