//! The recipes: the keys whose values differ between the runs, and all of them folded below.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::run_label;
use crate::run::Run;

/// So many differing keys are shown unfolded; more are a comparison of two architectures, not of two settings.
const UNFOLDED: usize = 40;

/// The tables, if any run has a recipe.
pub(super) fn section(runs: &[Run]) -> Markup {
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.recipe.keys()).collect();
    let differing: Vec<&String> = keys.iter().copied().filter(|key| differs(runs, key)).collect();
    html! {
        @if !keys.is_empty() {
            section {
                h2 { "Recipes" }
                @if runs.len() > 1 {
                    @if differing.is_empty() { p.quiet { "The recipes are the same." } }
                    @else {
                        details open[differing.len() <= UNFOLDED] {
                            summary { (differing.len()) " of " (keys.len()) " keys differ" }
                            (table(runs, &differing, "Recipe keys that differ"))
                        }
                    }
                }
                details { summary { "All " (keys.len()) " keys" } (table(runs, &keys.into_iter().collect::<Vec<_>>(), "All recipe keys")) }
            }
        }
    }
}

fn differs(runs: &[Run], key: &str) -> bool {
    let values: BTreeSet<Option<&String>> = runs.iter().map(|run| run.recipe.get(key)).collect();
    values.len() > 1
}

fn table(runs: &[Run], keys: &[&String], label: &str) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(label) {
            table.recipe {
                thead { tr { th {} @for (index, run) in runs.iter().enumerate() { th scope="col" { (run_label(index, run)) } } } }
                tbody {
                    @for key in keys {
                        tr {
                            th scope="row" { code { (key) } }
                            @for run in runs {
                                td { @match run.recipe.get(*key) {
                                    Some(value) => code { (value) },
                                    None => span.quiet { "–" },
                                } }
                            }
                        }
                    }
                }
            }
        }
    }
}
