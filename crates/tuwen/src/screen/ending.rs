//! The last screen of a run: what was learned, beside what guessing reaches.

use std::time::Duration;

use tuwen_train::{RECIPES, RetrievalResult, Summary};

use super::wording::{clock, value};

/// Prints what the run in the folder `run` came to.
pub(super) fn finish(summary: &Summary, run: &str) {
    println!("\nWhat was learned, on held-out records");
    println!("  {:6}{:>9}{:>11}{:>11}{:>10}  what the accuracy is", "task", "loss", "accuracy", "guessing", "× chance");
    for (task, result) in &summary.heldout.tasks {
        println!(
            "  {task:6}{:>9.3}{:>10.1}%{:>10.1}%{:>10.1}  {}",
            result.loss,
            100.0 * result.accuracy,
            100.0 * result.chance,
            result.accuracy / result.chance.max(f64::MIN_POSITIVE),
            meaning(task)
        );
    }
    for (name, measure) in &summary.heldout.metrics {
        println!("  {name:6}{}", value(measure));
    }
    summary.heldout.retrieval.iter().for_each(retrieval);
    println!(
        "\n{} steps, {:.1} epochs, {} of training, {:.0} records/s, {:.1}% of it waiting for data",
        summary.steps,
        summary.epochs,
        clock(Duration::from_secs_f64(summary.training_seconds)),
        summary.records_per_second,
        100.0 * summary.data_wait_share
    );
    if summary.skipped_records + summary.skipped_steps > 0 {
        println!("skipped: {} records, {} steps", summary.skipped_records, summary.skipped_steps);
    }
    let findings: u64 = summary.findings.values().sum();
    if findings > 0 {
        println!("health: {findings} findings, in {run}/health.jsonl");
    }
    println!("all numbers: {run}/summary.json, each step: {run}/metrics.jsonl");
    if RECIPES.iter().all(|(name, _)| *name != summary.recipe) {
        return; // a recipe of one's own: its author knows how to run it
    }
    println!("next: cargo xtask recipe list                          other recipes");
    println!("      cargo xtask train {} --data PATH     the same on your own records", summary.recipe);
}

fn meaning(task: &str) -> &'static str {
    match task {
        "mlm" => "masked token is the likeliest; guessing the commonest",
        "mfm" => "masked frame found among the frames of the batch",
        "itm" => "true and false pairs told apart, mean of both",
        "ita" => "own partner is the nearest of the batch, both ways",
        "tag" => "likeliest tag is one of the clip's; guessing the commonest",
        _ => "",
    }
}

/// Prints the table of one language.
pub(crate) fn retrieval(result: &RetrievalResult) {
    let how = match result.reranked {
        None => "by alignment".to_string(),
        Some(candidates) => format!("by alignment, the nearest {candidates} put in order by matching"),
    };
    println!("\nRetrieval, captions `{}`, {how}, in per cent\n{}", result.language, result.table);
}
