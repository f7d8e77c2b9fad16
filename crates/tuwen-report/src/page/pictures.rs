//! The pictures of the runs, those of one name beside each other.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::run_label;
use crate::picture::{Budget, Picture};
use crate::run::Run;

/// The section, if any run has pictures.
pub(super) fn section(runs: &[Run], budget: &mut Budget) -> Markup {
    let titles: BTreeSet<&str> =
        runs.iter().flat_map(|run| &run.pictures).map(|picture| picture.title.as_str()).collect();
    html! {
        @if !titles.is_empty() {
            section {
                h2 { "Pictures" }
                @for title in titles {
                    h3 { (title) }
                    div.pictures {
                        @for (index, run) in runs.iter().enumerate() {
                            @for picture in run.pictures.iter().filter(|picture| picture.title == title) {
                                (figure(index, run, picture, budget))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn figure(index: usize, run: &Run, picture: &Picture, budget: &mut Budget) -> Markup {
    let what = format!("{} of {}", picture.title, run.name);
    html! {
        figure {
            figcaption { (run_label(index, run)) }
            @match budget.embed(&picture.path) {
                Ok(address) => button.zoom type="button" aria-pressed="false" title="Switch between fitting and full size" {
                    img src=(address) alt=(what) loading="lazy";
                },
                Err(reason) => p.quiet { (what) ": " (reason) },
            }
        }
    }
}
