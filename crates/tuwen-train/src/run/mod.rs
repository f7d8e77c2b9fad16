//! The training loop: from an assembly to a finished run folder.

mod begin;
mod files;
mod step;

use std::path::Path;
use std::time::{Duration, Instant};

use burn::module::Module as _;
use tuwen_core::Losses;
use tuwen_data::{LoadedBatch, Loader};
use tuwen_encoder::write_whole;

use crate::TrainError;
use crate::architecture::Architecture;
use crate::best::better;
use crate::checkpoint::{Checkpoint, Position};
use crate::evaluation::Evaluation;
use crate::events::{Event, StepReport};
use crate::history::History;
use crate::init::Beginning;
use crate::lock::RunLock;
use crate::not_finite::BadTensor;
use crate::optimizer::{Optimizer, StepOutcome};
use crate::options::{RunOptions, StartFrom};
use crate::origin::Origin;
use crate::schedule::Schedule;
use crate::summary::Summary;

pub use files::StepFiles;
pub use step::{StepTaken, take_step};

/// Trains what `assembly` holds to its end and returns what it came to. `watch` is told what happens.
///
/// # Errors
/// Besides all that can go wrong: [`TrainError::Stopped`] if `options.stop` asked before the last step.
pub fn train<A: Architecture>(
    assembly: &A,
    options: &RunOptions,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, TrainError> {
    std::fs::create_dir_all(&options.folder).map_err(|error| TrainError::io(&options.folder, error))?;
    let _lock = RunLock::take(&options.folder)?;
    if options.start == StartFrom::Scratch && options.folder.join("metrics.jsonl").exists() {
        return Err(TrainError::RunExists { folder: options.folder.clone() });
    }
    assembly.settings().compute.precision.within(|| to_the_end(assembly, options, watch))
}

fn to_the_end<A: Architecture>(
    assembly: &A,
    options: &RunOptions,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, TrainError> {
    let mut run = Run::begin(assembly, options, watch)?;
    let settings = assembly.settings();
    let origin = Origin::now(options, run.position.step + 1, assembly.fingerprints()?);
    origin.begun_with(std::mem::take(&mut run.beginnings)).record(&options.folder, watch)?;
    run.announce(options, watch);
    while run.position.step < run.schedule.total_steps {
        run.step(watch)?;
        let step = run.position.step;
        let last = step == run.schedule.total_steps;
        if last || step.is_multiple_of(settings.evaluate_every) {
            run.evaluate(watch)?;
        }
        let stopping = !last && options.stop.is_asked();
        let best = run.position.best.is_some_and(|best| best.step == step);
        if last || stopping || best || step.is_multiple_of(settings.checkpoint.every) {
            run.save(options, watch)?;
        }
        if stopping {
            return Err(TrainError::Stopped { step, folder: options.folder.clone() });
        }
    }
    run.finish(options, watch)
}

struct Run<'a, A: Architecture> {
    assembly: &'a A,
    folder: &'a Path,
    /// Taken out while the optimizer moves it.
    state: Option<A::State>,
    optimizer: Optimizer,
    loader: Loader<A::Example>,
    heldout: A::Heldout,
    schedule: Schedule,
    files: StepFiles,
    position: Position,
    evaluation: Evaluation,
    /// The last step that `metrics.jsonl` has an evaluation of.
    evaluated: Option<u64>,
    history: History,
    spent: Spent,
    /// The files it began with, where this process began it.
    beginnings: Vec<Beginning>,
}

#[derive(Default)]
struct Spent {
    steps: Duration,
    evaluations: Duration,
    waiting: Duration,
    records: usize,
}

impl<A: Architecture> Run<'_, A> {
    fn step(&mut self, watch: &mut dyn FnMut(Event<'_>)) -> Result<(), TrainError> {
        let started = Instant::now();
        let loaded = self.loader.next_batch()?;
        loaded.skipped.iter().for_each(|skipped| watch(Event::SkippedRecord(&skipped.message)));
        let index = self.position.step;
        let Some(state) = self.state.take() else { unreachable!("the state is put back at the end of every step") };
        let factor = self.schedule.factor(index);
        let StepTaken { state, losses, outcome } =
            take_step(self.assembly, state, &mut self.optimizer, &loaded.items, (index, factor))?;
        self.state = Some(state);
        self.position.step += 1;
        self.position.optimizer_step = self.optimizer.steps();
        self.position.skipped_records += loaded.skipped.len() as u64;
        self.position.cursor = loaded.cursor_after;
        let report = self.report(&loaded, &losses, started, &outcome, factor);
        self.account(report, outcome, watch)
    }

    fn report(
        &self,
        loaded: &LoadedBatch<A::Example>,
        losses: &Losses,
        started: Instant,
        outcome: &StepOutcome,
        factor: f64,
    ) -> StepReport {
        StepReport {
            step: self.position.step,
            total_steps: self.schedule.total_steps,
            epoch: loaded.epoch,
            rate_factor: factor,
            learning_rate: self.assembly.settings().optimizer.learning_rate * factor,
            gradient_norm: if let StepOutcome::Moved(norm) = outcome { *norm } else { f64::NAN },
            records: loaded.items.len(),
            elapsed: started.elapsed(),
            waited: loaded.waited,
            memory: memory_stats::memory_stats().map(|now| now.physical_mem as u64),
            ..StepReport::of(losses, self.optimizer.read())
        }
    }

    fn account(
        &mut self,
        report: StepReport,
        outcome: StepOutcome,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), TrainError> {
        self.spent.steps += report.elapsed;
        self.spent.waiting += report.waited;
        self.spent.records += report.records;
        let findings = self.files.step(&report)?;
        watch(Event::Stepped(&report));
        findings.iter().for_each(|finding| watch(Event::Finding(finding)));
        self.history.push(report.losses.iter().map(|(task, loss)| (*task, *loss)));
        if let StepOutcome::NotFinite(found) = outcome {
            let loss = report.losses.iter().find(|(_, loss)| !loss.is_finite()).map(|(task, _)| task.to_string());
            let bad = match (found, loss) {
                (weight @ BadTensor::Weight(_), _) => weight,
                (_, Some(loss)) => BadTensor::Loss(loss),
                (other, None) => other,
            };
            self.position.skipped_steps += 1;
            watch(Event::SkippedStep(report.step, &bad));
            let (skipped, limit) = (self.position.skipped_steps, self.assembly.settings().optimizer.max_skipped_steps);
            if skipped > limit {
                return Err(TrainError::NotFinite { step: report.step, bad, skipped, limit });
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, watch: &mut dyn FnMut(Event<'_>)) -> Result<(), TrainError> {
        let started = Instant::now();
        let Some(state) = &self.state else { return Ok(()) };
        let model = self.optimizer.averaged(self.assembly.model(state).valid());
        self.evaluation = self.assembly.evaluate(&model, &self.heldout, self.position.step)?;
        if let Some(measure) = &self.assembly.settings().checkpoint.best {
            self.position.best = better(self.position.best, measure, self.position.step, &self.evaluation)?;
        }
        // A run that ended and is resumed is tested again and has its line already.
        if self.evaluated != Some(self.position.step) {
            self.files.evaluation(self.position.step, &self.evaluation)?;
            self.evaluated = Some(self.position.step);
        }
        let samples = self.assembly.samples(&model, &self.heldout, self.position.step, self.folder)?;
        if !samples.samples.is_empty() {
            samples.write(self.folder)?;
        }
        self.spent.evaluations += started.elapsed();
        watch(Event::Evaluated(self.position.step, &self.evaluation));
        Ok(())
    }

    fn save(&mut self, options: &RunOptions, watch: &mut dyn FnMut(Event<'_>)) -> Result<(), TrainError> {
        self.position.metrics_bytes = self.files.sync()?;
        let (optimizer, _) = self.optimizer.state();
        let model = self.state.as_ref().map(|state| self.assembly.save(state)).unwrap_or_default();
        let checkpoint = Checkpoint { position: self.position, model, optimizer };
        let folder = options.folder.join("checkpoints");
        let path = checkpoint.save(&folder, &self.assembly.companions()?)?;
        self.prune(&folder)?;
        watch(Event::Saved(&path));
        Ok(())
    }

    /// Deletes the checkpoints in `folder` that no rule of the recipe keeps.
    fn prune(&self, folder: &Path) -> Result<(), TrainError> {
        let (kept, best) = (self.assembly.settings().checkpoint, self.position.best);
        Checkpoint::prune(folder, kept.keep, |step| {
            best.is_some_and(|best| best.step == step)
                || kept.keep_every.is_some_and(|every| step.is_multiple_of(every))
        })
    }

    fn finish(mut self, options: &RunOptions, watch: &mut dyn FnMut(Event<'_>)) -> Result<Summary, TrainError> {
        // Killed between its last checkpoint and the end of an older one, a run saves none again when it is resumed.
        self.prune(&options.folder.join("checkpoints"))?;
        if self.evaluation.is_empty() {
            // A finished run that is resumed has nothing to train, and still has something to say.
            self.evaluate(watch)?;
        }
        if let Some(state) = &self.state {
            let model = self.optimizer.averaged(self.assembly.model(state).valid());
            for path in self.assembly.draw(&model, &self.heldout, &options.folder)? {
                watch(Event::Drawn(&path));
            }
        }
        let (steps, settings, [records, _]) = (self.position.step, self.assembly.settings(), self.assembly.records());
        let seconds = self.spent.steps.as_secs_f64();
        let summary = Summary {
            recipe: settings.name.to_string(),
            steps,
            epochs: (steps * settings.batch_size as u64) as f64 / records.max(1) as f64,
            training_seconds: seconds + self.spent.evaluations.as_secs_f64(),
            records_per_second: self.spent.records as f64 / seconds.max(f64::MIN_POSITIVE),
            data_wait_share: self.spent.waiting.as_secs_f64() / seconds.max(f64::MIN_POSITIVE),
            skipped_records: self.position.skipped_records,
            skipped_steps: self.position.skipped_steps,
            findings: self.files.findings(),
            training_losses: self.history.first_and_last(),
            heldout: self.evaluation,
        };
        let path = options.folder.join("summary.json");
        let text = serde_json::to_string_pretty(&summary).map_err(|error| TrainError::io(&path, error.into()))?;
        write_whole(&path, text.as_bytes()).map_err(|error| TrainError::io(&path, error))?;
        watch(Event::Finished(&summary));
        Ok(summary)
    }
}
