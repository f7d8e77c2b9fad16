//! How a run begins: with drawn weights, with the files of `[init]`, or where a checkpoint left it.

use tuwen_encoder::shapes_of;
use tuwen_health::Facts;

use super::{Run, Spent, StepFiles};
use crate::TrainError;
use crate::architecture::Architecture;
use crate::checkpoint::{Checkpoint, Position};
use crate::evaluation::Evaluation;
use crate::events::{Event, Start};
use crate::optimizer::Optimizer;
use crate::options::RunOptions;
use crate::whole::refuse_reserved;

impl<'a, A: Architecture> Run<'a, A> {
    /// Everything opened, the state at the step where it goes on.
    pub(super) fn begin(
        assembly: &'a A,
        options: &'a RunOptions,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<Self, TrainError> {
        let device = options.device.clone().autodiff();
        let loader = assembly.loader()?;
        let heldout = assembly.heldout(&mut |message| watch(Event::SkippedRecord(message)))?;
        let (settings, [records, _]) = (assembly.settings(), assembly.records());
        let mut state = assembly.start(&device);
        let shapes = shapes_of(assembly.model(&state));
        refuse_reserved(shapes.keys())?;
        settings.optimizer.check_names(&shapes)?;
        let mut optimizer = Optimizer::new(settings.optimizer.clone());
        let mut position = Position::start(records);
        let mut beginnings = Vec::new();
        let found = options.newest(watch)?;
        options.write_companions(&assembly.companions()?)?;
        let loader = match found {
            None => {
                (state, beginnings) = assembly.begin_with(state, &mut |notice| watch(Event::Notice(notice)))?;
                loader
            }
            Some(checkpoint) => {
                position = checkpoint.position;
                state = take_over(assembly, &checkpoint, state, &mut optimizer, options)?;
                loader.resume(position.cursor)?
            }
        };
        let schedule = settings.schedule.resolve(records, settings.batch_size);
        let (config, facts) = assembly.health();
        let facts = Facts { total_steps: schedule.total_steps, ..facts };
        let (files, past) = StepFiles::open(&options.folder, (config, facts), &position)?;
        if past.missing > 0 {
            let path = options.folder.join("metrics.jsonl");
            watch(Event::Notice(&format!("{}: {} bytes of earlier steps are missing", path.display(), past.missing)));
        }
        Ok(Self {
            schedule,
            files,
            state: Some(state),
            evaluation: Evaluation::default(),
            evaluated: past.evaluated,
            beginnings,
            history: past.history,
            spent: Spent::default(),
            assembly,
            folder: &options.folder,
            optimizer,
            loader,
            heldout,
            position,
        })
    }

    /// Tells the watcher what is about to run.
    pub(super) fn announce(&self, options: &RunOptions, watch: &mut dyn FnMut(Event<'_>)) {
        let shapes = self.state.as_ref().map(|state| shapes_of(self.assembly.model(state))).unwrap_or_default();
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
}

/// Weights and optimizer of `checkpoint`, or what of them fits neither.
fn take_over<A: Architecture>(
    assembly: &A,
    checkpoint: &Checkpoint,
    state: A::State,
    optimizer: &mut Optimizer,
    options: &RunOptions,
) -> Result<A::State, TrainError> {
    let path = options.folder.join("checkpoints");
    let unfit = |source| TrainError::Weights { path: path.clone(), source };
    let state = assembly.restore(state, &checkpoint.model).map_err(unfit)?;
    let (shapes, plain) = (shapes_of(assembly.model(&state)), options.device.clone().autodiff().inner());
    let restored = optimizer.restore(&shapes, &checkpoint.optimizer, checkpoint.position.optimizer_step, &plain);
    restored.map_err(|names| {
        let reason = format!("optimizer state that doesn't fit the model: {}", names.join(", "));
        TrainError::Checkpoint { path: path.clone(), reason }
    })?;
    Ok(state)
}
