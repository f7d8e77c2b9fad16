//! Short runs on the device: one long enough to go wrong, and one that is interrupted and goes on.

use std::path::Path;

use burn::tensor::Device;
use tuwen_recipe::{Override, RecipeError};
use tuwen_train::{
    Architecture, Checkpoint, Event, Place, Recipe, RunOptions, StartFrom, Stop, Summary, TrainError, albef,
    find_recipe, train, unibert,
};

use super::{Check, Found, apart};
use crate::commands::CommandError;

/// What is trained.
pub(super) const RECIPES: [&str; 2] = ["albef-tiny", "unibert-tiny"];

/// The interrupted run: a checkpoint in the middle.
const SHORT: u64 = 12;

/// Every loss and the momentum encoder come in, each for a third of the steps.
fn stages(steps: u64) -> String {
    let third = (steps / 3).max(1);
    let all = r#"itm={weight=1.0,hardness=1.0},mlm={weight=1.0}"#;
    format!(
        r#"stages=[{{steps={third},ita={{weight=1.0,loss="in_batch"}}}},{{steps={third},ita={{weight=1.0,loss="in_batch"}},{all}}},{{ita={{weight=1.0,loss={{queue=512}}}},{all},alpha={{alpha=0.4,ramp=10}}}}]"#
    )
}

fn settings(name: &str, steps: u64, every: u64) -> Result<Vec<Override>, RecipeError> {
    let mut set = vec![
        format!("schedule.duration={{steps={steps}}}"),
        format!("schedule.warmup={{steps={}}}", steps / 10),
        format!("checkpoint.every={every}"),
        "evaluation.every=1000000".to_string(),
        "evaluation.records=64".to_string(),
    ];
    if name.starts_with("albef") {
        set.push(stages(steps));
    }
    set.iter().map(|text| Override::parse(text)).collect()
}

/// `check.steps` steps: every loss stays finite and no step is skipped.
pub(super) fn long(name: &str, check: &Check<'_>, folder: &Path, device: &Device) -> Result<Found, CommandError> {
    let (summary, totals) =
        run(name, check, check.steps, u64::MAX >> 1, (&folder.join("long"), StartFrom::Scratch), device)?;
    let good = summary.skipped_steps == 0 && totals.iter().all(|loss| loss.is_finite());
    let losses = summary.training_losses.iter().map(|(task, [first, last])| format!("{task} {first:.3} to {last:.3}"));
    let text = format!(
        "{} steps: {}; {} skipped; {:.0} records/s, {:.0}% of it waiting for data",
        summary.steps,
        losses.collect::<Vec<_>>().join(", "),
        summary.skipped_steps,
        summary.records_per_second,
        100.0 * summary.data_wait_share
    );
    Ok(Found::judged(good, text))
}

/// A run that goes on from its middle has the losses of one that was not interrupted.
pub(super) fn resumed(
    name: &str,
    check: &Check<'_>,
    folder: &Path,
    device: &Device,
    bound: f64,
) -> Result<Found, CommandError> {
    let folder = folder.join("resumed");
    let (_, whole) = run(name, check, SHORT, SHORT / 2, (&folder, StartFrom::Scratch), device)?;
    let last = Checkpoint::list(&folder.join("checkpoints")).into_iter().next().ok_or("the run left no checkpoint")?;
    std::fs::remove_dir_all(last)?;
    let (_, rest) = run(name, check, SHORT, SHORT / 2, (&folder, StartFrom::NewestCheckpoint), device)?;
    let second_half = &whole[whole.len() - rest.len()..];
    let most = rest.iter().zip(second_half).map(|(a, b)| apart(*a, *b)).fold(0.0, f64::max);
    let good = rest.len() as u64 == SHORT / 2 && rest.iter().all(|loss| loss.is_finite()) && most <= bound;
    let text = format!("resumed after {} steps: losses at most {most:.1e} apart (bound {bound:.0e})", SHORT / 2);
    Ok(Found::judged(good, text))
}

/// The summary and the total loss of each step.
fn run(
    name: &str,
    check: &Check<'_>,
    steps: u64,
    every: u64,
    (folder, start): (&Path, StartFrom),
    device: &Device,
) -> Result<(Summary, Vec<f64>), CommandError> {
    let options = RunOptions {
        folder: folder.to_path_buf(),
        start,
        device: device.clone(),
        stop: Stop::default(),
        place: Place::default(),
    };
    Ok(match find_recipe(name, &[], &settings(name, steps, every)?)? {
        Recipe::Albef(recipe) => watched(&albef::Assembly::of(*recipe, check.root)?, &options)?,
        Recipe::UniBert(recipe) => watched(&unibert::Assembly::of(*recipe, check.root)?, &options)?,
    })
}

fn watched<A: Architecture>(assembly: &A, options: &RunOptions) -> Result<(Summary, Vec<f64>), TrainError> {
    let mut totals = Vec::new();
    let summary = train(assembly, options, &mut |event| {
        if let Event::Stepped(report) = event {
            totals.push(report.total);
        }
    })?;
    Ok((summary, totals))
}
