//! The head of the page: each run in a card, what it came to against guessing, and what is wrong with its files.

use maud::{Markup, html};
use tuwen_data::grouped;

use super::{run_class, words};
use crate::evaluation::{Evaluation, Measure, TaskResult};
use crate::run::Run;

/// One card per run.
pub(super) fn section(runs: &[Run]) -> Markup {
    html! {
        section.cards aria-label="Runs" {
            @for (index, run) in runs.iter().enumerate() { (card(index, run)) }
        }
    }
}

fn card(index: usize, run: &Run) -> Markup {
    let recipe = run.recipe.get("name").map(|name| name.trim_matches('"').to_owned());
    let recipe = recipe.or_else(|| run.summary.as_ref()?.recipe.clone()).filter(|recipe| !run.name.contains(recipe));
    html! {
        article class=(format!("card {}", run_class(index))) {
            h2 { span.swatch aria-hidden="true" {} (run.name) }
            p.facts { @for fact in recipe.into_iter().chain(facts(run)) { span { (fact) } " " } }
            @match run.heldout() {
                Some((step, evaluation)) => (results(run, step, evaluation)),
                None => p.quiet { "Not tested on held-out records yet." },
            }
            (faults(run))
        }
    }
}

/// Steps, time, speed, device, as far as the run says.
fn facts(run: &Run) -> Vec<String> {
    let Some(summary) = &run.summary else {
        let of = run
            .number("schedule.duration.steps")
            .map_or(String::new(), |steps| format!(" of {}", grouped(steps as u64)));
        return vec![format!("not finished: step {}{of}", grouped(run.metrics.last_step))];
    };
    let facts = [
        summary.device.clone().or_else(|| run.origins.as_ref()?.processes.last()?.device.clone()),
        summary.steps.map(|steps| format!("{} steps", grouped(steps))),
        summary.epochs.map(|epochs| format!("{epochs:.1} epochs")),
        summary.training_seconds.map(words::duration),
        summary.records_per_second.map(|rate| format!("{} records/s", grouped(rate.round() as u64))),
        summary.data_wait_share.map(|share| format!("{} waiting for data", words::percent(share))),
    ];
    facts.into_iter().flatten().collect()
}

fn results(run: &Run, step: u64, evaluation: &Evaluation) -> Markup {
    html! {
        dl.results {
            @for (task, result) in &evaluation.tasks { (task_row(task, result)) }
            @for result in &evaluation.retrieval {
                (row("recall", &result.title(), result.table.mean_recall / 100.0, result.chance() / 100.0))
            }
            @for (name, measure) in &evaluation.metrics { (measure_row(name, measure)) }
        }
        @if run.summary.is_none() { p.quiet { "As measured after step " (grouped(step)) "." } }
    }
}

fn task_row(task: &str, result: &TaskResult) -> Markup {
    html! { @if let (Some(accuracy), Some(chance)) = (result.accuracy, result.chance) { (row(task, words::task(task), accuracy, chance)) } }
}

/// A measure of one's own: there is no scale to draw it on.
fn measure_row(name: &str, measure: &Measure) -> Markup {
    html! {
        @if let Some(value) = measure.value {
            div {
                dt { (name) }
                dd {
                    strong { (words::number(value)) }
                    @if let Some(chance) = measure.chance { span.quiet { " guessing " (words::number(chance)) } }
                }
            }
        }
    }
}

/// A share as number and bar, with guessing as a tick on the bar.
fn row(name: &str, meaning: &str, share: f64, chance: f64) -> Markup {
    let at = |share: f64| format!("{:.2}", 100.0 * share.clamp(0.0, 1.0));
    html! {
        div {
            dt { (name) " " span.quiet { (meaning) } }
            dd {
                strong { (words::percent(share)) }
                span.quiet { " guessing " (words::percent(chance)) }
                svg.bar viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
                    rect.track width="100" height="4" {}
                    rect.fill width=(at(share)) height="4" {}
                    rect.chance x=(at(chance)) width="1" height="4" {}
                }
            }
        }
    }
}

/// What could not be read, and what was left out.
fn faults(run: &Run) -> Markup {
    let skipped = run.summary.as_ref().map(|summary| [summary.skipped_records, summary.skipped_steps]);
    let [records, steps] = skipped.unwrap_or_default().map(|count| count.filter(|count| *count > 0));
    let mut lines = run.faults.lines();
    lines.extend(records.map(|count| format!("{} records could not be read and were skipped", grouped(count))));
    lines.extend(steps.map(|count| format!("{} steps were not finite and were skipped", grouped(count))));
    lines.extend(
        run.metrics
            .not_finite
            .iter()
            .map(|(name, count)| format!("{name}: {} values not finite, not drawn", grouped(*count))),
    );
    html! {
        @if !lines.is_empty() {
            details.faults open { summary { "To know" } ul { @for line in lines { li { (line) } } } }
        }
    }
}
