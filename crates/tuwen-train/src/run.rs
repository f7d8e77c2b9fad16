//! The training loop: from an assembly to a finished run folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use tuwen_core::Losses;
use tuwen_data::{LoadedBatch, Loader};
use tuwen_encoder::write_whole;

use crate::TrainError;
use crate::architecture::Architecture;
use crate::checkpoint::{Checkpoint, Position};
use crate::evaluation::Evaluation;
use crate::events::{Event, Start, StepReport};
use crate::metrics::MetricsFile;
use crate::optimizer::{Optimizer, StepOutcome};
use crate::schedule::Schedule;
use crate::summary::Summary;

/// Where and how a run takes place.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The run's folder; it is made if it is not there.
    pub folder: PathBuf,
    /// Whether to go on from the newest checkpoint in the folder.
    pub start: StartFrom,
    /// Where to compute.
    pub device: Device,
}

/// Where a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartFrom {
    /// The first step.
    Scratch,
    /// The newest whole checkpoint of the folder.
    NewestCheckpoint,
}

/// Trains what `assembly` holds to its end and returns what it came to. `watch` is told what happens.
pub fn train<A: Architecture>(
    assembly: &A,
    options: &RunOptions,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Summary, TrainError> {
    if options.start == StartFrom::Scratch && options.folder.join("metrics.jsonl").exists() {
        return Err(TrainError::RunExists { folder: options.folder.clone() });
    }
    std::fs::create_dir_all(&options.folder).map_err(|error| TrainError::io(&options.folder, error))?;
    for (name, content) in assembly.companions()? {
        let path = options.folder.join(name);
        write_whole(&path, content.as_bytes()).map_err(|error| TrainError::io(&path, error))?;
    }
    let mut run = Run::begin(assembly, options, watch)?;
    let settings = assembly.settings();
    run.announce(options, watch);
    while run.position.step < run.schedule.total_steps {
        run.step(watch)?;
        let step = run.position.step;
        let last = step == run.schedule.total_steps;
        if last || step.is_multiple_of(settings.evaluate_every) {
            run.evaluate(watch)?;
        }
        if last || step.is_multiple_of(settings.checkpoint.every) {
            run.save(options, watch)?;
        }
    }
    run.finish(options, watch)
}

struct Run<'a, A: Architecture> {
    assembly: &'a A,
    /// Taken out while the optimizer moves it.
    state: Option<A::State>,
    optimizer: Optimizer,
    loader: Loader<A::Example>,
    heldout: A::Heldout,
    schedule: Schedule,
    metrics: MetricsFile,
    position: Position,
    evaluation: Evaluation,
    history: Vec<BTreeMap<&'static str, f64>>,
    spent: Spent,
}

#[derive(Default)]
struct Spent {
    steps: Duration,
    evaluations: Duration,
    waiting: Duration,
    records: usize,
}

impl<'a, A: Architecture> Run<'a, A> {
    fn begin(assembly: &'a A, options: &RunOptions, watch: &mut dyn FnMut(Event<'_>)) -> Result<Self, TrainError> {
        let device = options.device.clone().autodiff();
        let loader = assembly.loader()?;
        let heldout = assembly.heldout(&mut |message| watch(Event::SkippedRecord(message)))?;
        let (settings, [records, _]) = (assembly.settings(), assembly.records());
        let mut state = assembly.start(&device);
        let mut optimizer = Optimizer::new(settings.optimizer.clone());
        let mut position = Position::start(records);
        let loader = match newest(options, watch)? {
            None => loader,
            Some(checkpoint) => {
                position = checkpoint.position;
                let path = options.folder.join("checkpoints");
                let unfit = |source| TrainError::Weights { path: path.clone(), source };
                state = assembly.restore(state, &checkpoint.model).map_err(unfit)?;
                let (shapes, plain) = (assembly.trained_shapes(&state), device.clone().inner());
                let restored = optimizer.restore(&shapes, &checkpoint.optimizer, position.optimizer_step, &plain);
                restored.map_err(|names| {
                    let reason = format!("optimizer state that doesn't fit the model: {}", names.join(", "));
                    TrainError::Checkpoint { path: path.clone(), reason }
                })?;
                loader.resume(position.cursor)?
            }
        };
        Ok(Self {
            schedule: settings.schedule.resolve(records, settings.batch_size),
            metrics: MetricsFile::open(&options.folder.join("metrics.jsonl"), position.metrics_bytes)?,
            state: Some(state),
            evaluation: Evaluation::default(),
            history: Vec::new(),
            spent: Spent::default(),
            assembly,
            optimizer,
            loader,
            heldout,
            position,
        })
    }

    fn announce(&self, options: &RunOptions, watch: &mut dyn FnMut(Event<'_>)) {
        let shapes = self.state.as_ref().map(|state| self.assembly.trained_shapes(state)).unwrap_or_default();
        watch(Event::Started(&Start {
            run: options.folder.clone(),
            records: self.assembly.records(),
            parameters: shapes.values().map(|shape| shape.iter().product::<usize>()).sum(),
            groups: self.assembly.settings().optimizer.describe(&shapes),
            plan: self.assembly.plan(),
            steps: [self.position.step + 1, self.schedule.total_steps],
        }));
        self.assembly.doubts().iter().for_each(|doubt| watch(Event::Notice(doubt)));
    }

    fn step(&mut self, watch: &mut dyn FnMut(Event<'_>)) -> Result<(), TrainError> {
        let started = Instant::now();
        let loaded = self.loader.next_batch()?;
        loaded.skipped.iter().for_each(|skipped| watch(Event::SkippedRecord(&skipped.message)));
        let index = self.position.step;
        let Some(mut state) = self.state.take() else { unreachable!("the state is put back at the end of every step") };
        let losses = self.assembly.losses(&mut state, &loaded.items, index)?;
        let total = losses.total().ok_or(TrainError::NothingToLearn { step: index + 1 })?;
        losses.values().into_iter().for_each(|values| self.optimizer.read_along(values));
        let (gradients, factor) = (total.backward(), self.schedule.factor(index));
        let (state, outcome) = self.assembly.advance(state, &mut self.optimizer, &gradients, factor);
        self.state = Some(state);
        self.position.step += 1;
        self.position.optimizer_step = self.optimizer.steps();
        self.position.skipped_records += loaded.skipped.len() as u64;
        self.position.cursor = loaded.cursor_after;
        let report = self.report(&loaded, &losses, started, outcome, factor);
        self.account(report, outcome, watch)
    }

    fn report(
        &self,
        loaded: &LoadedBatch<A::Example>,
        losses: &Losses,
        started: Instant,
        outcome: StepOutcome,
        factor: f64,
    ) -> StepReport {
        let values: Vec<_> =
            losses.iter().zip(self.optimizer.read()).map(|(loss, &value)| (loss.name, loss.weight, value)).collect();
        StepReport {
            step: self.position.step,
            total_steps: self.schedule.total_steps,
            epoch: loaded.epoch,
            total: values.iter().map(|(_, weight, value)| weight * value).sum(),
            losses: values.into_iter().map(|(name, _, value)| (name, value)).collect(),
            rate_factor: factor,
            gradient_norm: if let StepOutcome::Moved(norm) = outcome { norm } else { f64::NAN },
            records: loaded.items.len(),
            elapsed: started.elapsed(),
            waited: loaded.waited,
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
        self.metrics.step(&report)?;
        watch(Event::Stepped(&report));
        if outcome == StepOutcome::NotFinite {
            self.position.skipped_steps += 1;
            watch(Event::SkippedStep(report.step));
            let (skipped, limit) = (self.position.skipped_steps, self.assembly.settings().optimizer.max_skipped_steps);
            if skipped > limit {
                return Err(TrainError::NotFinite { step: report.step, skipped, limit });
            }
        }
        self.history.push(report.losses);
        Ok(())
    }

    fn evaluate(&mut self, watch: &mut dyn FnMut(Event<'_>)) -> Result<(), TrainError> {
        let started = Instant::now();
        let Some(state) = &self.state else { return Ok(()) };
        self.evaluation = self.assembly.evaluate(state, &self.heldout, self.position.step)?;
        self.metrics.evaluation(self.position.step, &self.evaluation)?;
        self.spent.evaluations += started.elapsed();
        watch(Event::Evaluated(self.position.step, &self.evaluation));
        Ok(())
    }

    fn save(&mut self, options: &RunOptions, watch: &mut dyn FnMut(Event<'_>)) -> Result<(), TrainError> {
        self.position.metrics_bytes = self.metrics.bytes();
        let (optimizer, _) = self.optimizer.state();
        let model = self.state.as_ref().map(|state| self.assembly.save(state)).unwrap_or_default();
        let checkpoint = Checkpoint { position: self.position, model, optimizer };
        let folder = options.folder.join("checkpoints");
        let path = checkpoint.save(&folder, &self.assembly.companions()?)?;
        Checkpoint::prune(&folder, self.assembly.settings().checkpoint.keep)?;
        watch(Event::Saved(&path));
        Ok(())
    }

    fn finish(mut self, options: &RunOptions, watch: &mut dyn FnMut(Event<'_>)) -> Result<Summary, TrainError> {
        if self.evaluation.is_empty() {
            // A finished run that is resumed has nothing to train, and still has something to say.
            self.evaluate(watch)?;
        }
        if let Some(state) = &self.state {
            for path in self.assembly.draw(state, &self.heldout, &options.folder)? {
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
            training_losses: first_and_last(&self.history),
            heldout: self.evaluation,
        };
        let path = options.folder.join("summary.json");
        let text = serde_json::to_string_pretty(&summary).map_err(|error| TrainError::io(&path, error.into()))?;
        write_whole(&path, text.as_bytes()).map_err(|error| TrainError::io(&path, error))?;
        watch(Event::Finished(&summary));
        Ok(summary)
    }
}

fn newest(options: &RunOptions, watch: &mut dyn FnMut(Event<'_>)) -> Result<Option<Checkpoint>, TrainError> {
    if options.start == StartFrom::Scratch {
        return Ok(None);
    }
    let folder: &Path = &options.folder.join("checkpoints");
    let damaged = |error: &TrainError| watch(Event::Notice(&format!("passed over a damaged checkpoint: {error}")));
    match Checkpoint::newest(folder, damaged) {
        Some(checkpoint) => Ok(Some(checkpoint)),
        None => {
            Err(TrainError::Checkpoint { path: folder.to_path_buf(), reason: "no whole checkpoint to resume".into() })
        }
    }
}

/// Each task's first loss, and its mean over the last twentieth of the steps.
fn first_and_last(history: &[BTreeMap<&'static str, f64>]) -> BTreeMap<String, [f64; 2]> {
    let tail = &history[history.len() - history.len().div_ceil(20)..];
    let names = history.iter().flat_map(|losses| losses.keys().copied()).collect::<std::collections::BTreeSet<_>>();
    let of = |name: &str| {
        let first = history.iter().find_map(|losses| losses.get(name).copied())?;
        let last: Vec<f64> = tail.iter().filter_map(|losses| losses.get(name).copied()).collect();
        Some([first, last.iter().sum::<f64>() / last.len().max(1) as f64])
    };
    names.into_iter().filter_map(|name| Some((name.to_string(), of(name)?))).collect()
}
