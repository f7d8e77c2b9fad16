//! Places for the charts, which the script fills, and the controls over them.

use maud::{Markup, html};
use tuwen_data::grouped;

use super::run_class;
use crate::charts::{Chart, Section};
use crate::run::Run;

/// All sections that hold a chart.
pub(super) fn sections(runs: &[Run], charts: &[Chart]) -> Markup {
    html! {
        (controls(runs))
        noscript { p.quiet { "The curves are drawn by a script, which is switched off here; all else is below." } }
        @for section in Section::ALL {
            @if charts.iter().any(|chart| chart.section == section) {
                section {
                    h2 { (section.title()) }
                    @if section == Section::Losses {
                        p.quiet { "Lines: training steps. Dots: held-out records." }
                    }
                    @if section == Section::HeldOut { p.quiet { "Dashed: guessing." } }
                    div.charts {
                        @for (index, chart) in charts.iter().enumerate().filter(|(_, chart)| chart.section == section) {
                            (place(index, chart, runs))
                        }
                    }
                }
            }
        }
    }
}

fn controls(runs: &[Run]) -> Markup {
    html! {
        form #controls aria-label="How the curves are drawn" {
            label.slider { "Smoothing " input #smoothing type="range" min="0" max="0.99" step="0.01" value="0.9"; output for="smoothing" {} }
            label { input #log type="checkbox"; " Log scale" }
            @if runs.len() > 1 {
                div.legend role="group" aria-label="Runs shown" {
                    @for (index, run) in runs.iter().enumerate() {
                        label class=(run_class(index)) {
                            input type="checkbox" checked data-run=(index);
                            span.swatch aria-hidden="true" {}
                            (run.name)
                        }
                    }
                }
            }
        }
    }
}

fn place(index: usize, chart: &Chart, runs: &[Run]) -> Markup {
    html! {
        figure.chart data-chart=(index) {
            figcaption { (chart.title) }
            div.plot tabindex="0" role="img" aria-label=(spoken(chart, runs)) {}
            div.readout aria-live="polite" {}
        }
    }
}

/// The chart in words, for those who don't see it: where each run ends.
fn spoken(chart: &Chart, runs: &[Run]) -> String {
    let last = |line: &crate::charts::Line| {
        let curve = line.curve.as_ref().and_then(|curve| curve.mean.iter().rev().flatten().next().copied());
        line.points.last().map(|(_, value)| *value).or(curve)
    };
    let ends = runs.iter().zip(&chart.lines).filter_map(|(run, line)| Some(format!("{} {}", run.name, last(line)?)));
    let steps = runs.iter().map(|run| run.metrics.last_step).max().unwrap_or(0);
    let ends = ends.collect::<Vec<_>>().join(", ");
    format!("{} over {} steps; last values: {ends}. Arrow keys move along the steps.", chart.title, grouped(steps))
}
