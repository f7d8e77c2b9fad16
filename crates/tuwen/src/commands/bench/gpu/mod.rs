//! `bench gpu`: training steps of the large models on a device, beside PyTorch's on the same weights and batch.

mod albef;
mod flops;
mod peer;
mod record;
mod unibert;

use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::{Device, Tensor};
use clap::Args;
use serde_json::{Value, json};
use tuwen_train::{Recipe, find_recipe};

use super::measured::Measured;
use super::python::Peer;
use super::scripts::PACKAGES;
use super::timing::Times;
use crate::commands::{CommandError, overrides};
use crate::device::DeviceName;
use crate::memory;

#[derive(Debug, Args)]
pub(in crate::commands) struct GpuArguments {
    /// `albef-base`, `unibert-large` or another recipe; its data are not read, batches are made up
    recipe: String,
    /// Where to compute: cpu, cuda:NUMBER, tch, tch-cuda:NUMBER
    #[arg(long, value_name = "DEVICE", default_value = "cuda:0")]
    device: String,
    /// Batch sizes, one measurement each
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', default_value = "64,128,256")]
    batch: Vec<usize>,
    /// Text tokens
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    tokens: usize,
    /// Change a value of the recipe: section.key=value
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Steps before the clock starts: kernels are compiled and tried out in them
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    warmup: usize,
    /// Steps that are timed
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    steps: usize,
    /// The device's dense peak for the numbers computed with, in TFLOP/s; with it the share of the peak is told
    #[arg(long, value_name = "TFLOPS")]
    peak: Option<f64>,
    /// A Python with torch, numpy and safetensors, to time its step too, in the recipe's `compute.precision` as ours
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Let PyTorch compile its step on a CPU too; on a card it always does
    #[arg(long)]
    compile: bool,
    /// Where the results are appended
    #[arg(long, value_name = "FOLDER", default_value = "tests/bench-results")]
    out: PathBuf,
}

/// A model with its batch and optimizer.
pub(in crate::commands) trait Stepper: Measured {
    /// PyTorch's script for it.
    fn script(&self) -> &'static str;
    /// Operations a sample needs, nothing saved: the same number for everyone who is compared.
    fn flops(&self) -> f64;
    /// The sizes, for the record.
    fn sizes(&self) -> Value;
}

pub(super) fn run(arguments: &GpuArguments, root: &Path) -> Result<(), CommandError> {
    let name = arguments.device.parse::<DeviceName>()?;
    let device = name.open()?;
    let relative = arguments.out.is_relative() && root.exists();
    let out = if relative { root.join(&arguments.out) } else { arguments.out.clone() };
    let recipe = find_recipe(&arguments.recipe, &[], &overrides(&arguments.set)?)?;
    let precision = recipe.compute().precision;
    let how = peer::How { device: name, precision, compiled: arguments.compile || name.kind.has_numbers() };
    let python = arguments.python.as_deref().map(|program| Peer::find(Some(program), root, &PACKAGES)).transpose()?;
    for batch in arguments.batch.iter().map(|&batch| batch.max(2)) {
        let mut ours = stepper(recipe.clone(), [batch, arguments.tokens], &device)?;
        let given = python.as_ref().map(|_| peer::Given::of(ours.as_mut())).transpose()?;
        let mut line = json!({
            "side": "tuwen", "recipe": arguments.recipe, "set": arguments.set, "device": name.to_string(),
            "dtype": precision.to_string(), "commit": record::commit(), "sizes": ours.sizes(), "steps": arguments.steps,
        });
        let flops = ours.flops();
        record::times(&mut line, &time(ours.as_mut(), arguments, &device)?, batch, flops, arguments.peak);
        drop(ours);
        if let Some((bytes, what)) = memory::taken(&device) {
            line["memory_bytes"] = json!(bytes);
            line["memory_is"] = json!(what);
        }
        record::show_and_append(&line, &out)?;
        if let (Some(python), Some(given)) = (&python, &given) {
            let (mut measured, seconds) = given.run(python, how, [arguments.warmup, arguments.steps])?;
            let fields = ["recipe", "set", "dtype", "commit", "sizes", "steps"];
            fields.iter().for_each(|field| measured[*field] = line[*field].clone());
            record::times(&mut measured, &seconds, batch, flops, arguments.peak);
            record::show_and_append(&measured, &out)?;
        }
        device.memory_cleanup();
    }
    Ok(())
}

/// A recipe's step on a made-up batch of so many records with so many tokens each.
pub(in crate::commands) fn stepper(
    recipe: Recipe,
    [batch, tokens]: [usize; 2],
    device: &Device,
) -> Result<Box<dyn Stepper>, CommandError> {
    Ok(match recipe {
        Recipe::Albef(recipe) => Box::new(albef::albef(recipe.resolved(), batch, tokens, device)),
        Recipe::UniBert(recipe) => Box::new(unibert::MadeUpClips::new(recipe.resolved(), batch, tokens, device)?),
    })
}

/// Seconds of each timed step.
fn time(ours: &mut dyn Stepper, arguments: &GpuArguments, device: &Device) -> Result<Times, CommandError> {
    let finite = |loss: f64| if loss.is_finite() { Ok(()) } else { Err(format!("the loss is {loss}")) };
    for _ in 0..arguments.warmup {
        finite(ours.step()?)?;
    }
    device.sync().map_err(|error| format!("{error:?}"))?;
    let mut seconds = Times::default();
    for step in 0..arguments.steps.max(1) {
        let started = Instant::now();
        finite(ours.step()?)?;
        if step + 1 == arguments.steps.max(1) {
            device.sync().map_err(|error| format!("{error:?}"))?;
        }
        seconds.push(started.elapsed().as_secs_f64());
    }
    Ok(seconds)
}

/// The recipe's data sets are not needed: whole numbers below `bound`, the same on every machine.
fn made_up(count: usize, first: usize, bound: u64) -> Vec<u32> {
    const IDS: tuwen_random::Stream = tuwen_random::Stream::named("bench.ids");
    let draws = tuwen_random::Draws::new(0, IDS, 0, 0);
    (first..first + count).map(|position| draws.below(position as u64, bound.max(1)) as u32).collect()
}

/// Normal numbers, for pixels and frames.
fn noise<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(shape, burn::tensor::Distribution::Normal(0.0, 1.0), device)
}
