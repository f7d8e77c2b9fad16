//! A short measured run: some steps of each stage on the recipe's own records, or on made-up ones where those are not
//! there or too many.

use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use serde::Serialize;
use tuwen_train::albef::recipe::QueueStart;
use tuwen_train::{Architecture, Event, Part, Recipe, RunOptions, ScheduleConfig, TrainError, albef, train, unibert};

use super::estimate::Costs;
use crate::commands::CommandError;
use crate::commands::bench::{Stepper, stepper};
use crate::memory;

/// No step is measured that computes more: it would take about half a minute on two cores.
const LONGEST: u64 = 4_000_000_000_000;
/// Made-up batches may take so much of the memory there is.
const SHARE: f64 = 0.7;

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Measured {
    /// On which records.
    pub(super) records: Kind,
    /// How many a batch.
    pub(super) batch: usize,
    /// Steps of each stage that were timed.
    pub(super) steps: usize,
    /// Bytes of the program, its held-out records and whatever else there was before the first step, weights left out.
    pub(super) base: Option<u64>,
    /// The most bytes there were at once.
    pub(super) peak: Option<u64>,
    /// Bytes of activations that were estimated for that batch.
    pub(super) kept: u64,
}

/// The records of a measured run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The recipe's.
    Own,
    /// Noise of the same sizes.
    MadeUp,
}

/// Measures `steps` steps of each stage and fills in the seconds; nothing where not even a batch of 2 fits.
pub(super) fn measure(
    costs: &mut Costs,
    (recipe, root): (&Recipe, &Path),
    device: &Device,
    steps: usize,
) -> Result<(), CommandError> {
    memory::forget_peak();
    let mut base = None;
    let heaviest = costs.stages.iter().map(|stage| Part::sum(&stage.operations)).max().unwrap_or(0);
    let fits = costs.available.is_none_or(|available| costs.memory.all() <= available);
    let own = costs.sizes.why_not.is_none() && fits && heaviest <= LONGEST;
    let (records, batch) = if own {
        for (index, (seconds, before)) in timed_stages((recipe, root), device, steps)?.into_iter().enumerate() {
            costs.stages[index].seconds = Some(seconds);
            base = base.or(before); // the first: what a stage leaves behind is no part of the next
        }
        (Kind::Own, costs.batch)
    } else {
        let Some(batch) = small_batch(costs, heaviest) else { return Ok(()) };
        base = made_up(costs, (recipe, batch), device, steps)?;
        (Kind::MadeUp, batch)
    };
    let (peak, there) = (memory::taken(device).map(|(taken, _)| taken), costs.memory.before_a_step());
    let base = base.map(|base| base.saturating_sub(there));
    costs.measured = Some(Measured { records, batch, steps, base, peak, kept: costs.kept_for(batch) });
    Ok(())
}

/// The largest batch up to the recipe's that fits and is done in time.
fn small_batch(costs: &Costs, heaviest: u64) -> Option<usize> {
    let room = costs.available.map_or(u64::MAX, |available| (SHARE * available as f64) as u64);
    let fits = |batch: &usize| {
        let work = heaviest as f64 * *batch as f64 / costs.batch as f64;
        costs.memory.fixed() + costs.kept_for(*batch) <= room && (work <= LONGEST as f64 / 4.0 || *batch == 2)
    };
    (2..=costs.batch.max(2)).take_while(fits).last()
}

fn made_up(
    costs: &mut Costs,
    (recipe, batch): (&Recipe, usize),
    device: &Device,
    steps: usize,
) -> Result<Option<u64>, CommandError> {
    let mut stepper: Box<dyn Stepper> = stepper(recipe.clone(), [batch, costs.sizes.tokens], device)?;
    let base = memory::now(device);
    stepper.step()?; // memory is allocated in it
    let mut seconds = Vec::new();
    for _ in 0..steps {
        let started = Instant::now();
        stepper.step()?; // waits for the device: it reads the loss
        seconds.push(started.elapsed().as_secs_f64());
    }
    let Some(last) = costs.stages.last() else { return Ok(base) };
    let measured = Part::sum(&last.operations) as f64 * batch as f64 / costs.batch as f64;
    let rate = median(seconds) / measured;
    costs.stages.iter_mut().for_each(|stage| stage.seconds = Some(rate * Part::sum(&stage.operations) as f64));
    Ok(base)
}

/// Seconds of a step, and bytes there were before the first.
type Timed = (f64, Option<u64>);

fn timed_stages((recipe, root): (&Recipe, &Path), device: &Device, steps: usize) -> Result<Vec<Timed>, TrainError> {
    match recipe {
        Recipe::Albef(recipe) => {
            let alone = |stage: &albef::Stage| {
                let mut recipe = (**recipe).clone();
                let mut stage = albef::Stage { steps: None, ..stage.clone() };
                // As the run is most of the time: soft targets and a full queue.
                stage.alpha.iter_mut().for_each(|ramp| ramp.ramp = 0);
                recipe.momentum.queue_start = QueueStart::Seed;
                recipe.stages = vec![stage];
                (recipe.evaluation.every, recipe.checkpoint.every) = (u64::MAX, u64::MAX);
                recipe.schedule = long(&recipe.schedule, steps);
                timed(&albef::Assembly::of(recipe, root)?, device, steps)
            };
            recipe.stages.iter().map(alone).collect()
        }
        Recipe::UniBert(recipe) => {
            let mut recipe = (**recipe).clone();
            (recipe.evaluation.every, recipe.checkpoint.every) = (u64::MAX, u64::MAX);
            recipe.schedule = long(&recipe.schedule, steps);
            Ok(vec![timed(&unibert::Assembly::of(recipe, root)?, device, steps)?])
        }
    }
}

/// The schedule with an end that is not reached, since it would be evaluated there.
fn long(schedule: &ScheduleConfig, steps: usize) -> ScheduleConfig {
    ScheduleConfig { duration: tuwen_train::Duration::Steps(steps as u64 + 100), ..schedule.clone() }
}

/// The median of `steps` steps after the first, waiting for data included.
fn timed<A: Architecture>(assembly: &A, device: &Device, steps: usize) -> Result<Timed, TrainError> {
    let folder = tempfile::tempdir().map_err(|error| TrainError::io(&std::env::temp_dir(), error))?;
    let options = RunOptions::new(folder.path(), device.clone());
    let (mut seconds, mut before) = (Vec::new(), None);
    let done = train(assembly, &options, &mut |event| match event {
        Event::Started(_) => before = memory::now(device),
        Event::Stepped(report) => {
            if report.step > 1 {
                seconds.push(report.elapsed.as_secs_f64());
            }
            if report.step > steps as u64 {
                options.stop.ask();
            }
        }
        _ => (),
    });
    match done {
        Ok(_) | Err(TrainError::Stopped { .. }) => Ok((median(seconds), before)),
        Err(error) => Err(error),
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
