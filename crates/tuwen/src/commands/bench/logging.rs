//! `bench logging`: what loading, files, TensorBoard events and the live view cost beside a bare step, each by itself.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use clap::Args;
use tuwen_train::{
    Architecture, Event, Optimizer, RECIPES, Recipe, Start, StepFiles, StepOutcome, StepReport, TrainError, albef,
    find_recipe, take_step, unibert,
};

use super::timing::{Times, processor};
use super::{CommandError, overrides};
use crate::board::Board;
use crate::memory;
use crate::screen::{Canvas, Colours, Live};

#[derive(Debug, Args)]
pub(in crate::commands) struct LoggingArguments {
    /// A built-in recipe or a TOML file [default: the first of `recipe list`]
    recipe: Option<String>,
    /// Change a value of the recipe: section.key=value
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Rounds; in each, bare steps and those with something beside them take turns
    #[arg(long, value_name = "NUMBER", default_value_t = 9)]
    rounds: usize,
    /// Steps of a turn; the first of each is not timed
    #[arg(long, value_name = "NUMBER", default_value_t = 17)]
    steps: usize,
}

/// What is done beside a step, whose losses and observed values are read as in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    Nothing,
    Loader,
    Files,
    Board,
    Live,
    All,
}

const TURNS: [(Beside, &str); 6] = [
    (Beside::Nothing, "bare: batches at hand"),
    (Beside::Loader, "loader"),
    (Beside::Files, "metrics, timing, monitors"),
    (Beside::Board, "TensorBoard events"),
    (Beside::Live, "live view, into a file"),
    (Beside::All, "all together"),
];

/// Seconds a step, a number a round.
#[derive(Clone, Default)]
struct Costs {
    whole: Times,
    /// What of them was timed within the steps as not the step itself.
    beside: Times,
}

pub(super) fn run(arguments: &LoggingArguments, root: &Path) -> Result<(), CommandError> {
    let name = arguments.recipe.as_deref().unwrap_or(RECIPES[0].0);
    let costs = match find_recipe(name, &[], &overrides(&arguments.set)?)? {
        Recipe::Albef(recipe) => measure(&albef::Assembly::of(*recipe, root)?, arguments)?,
        Recipe::UniBert(recipe) => measure(&unibert::Assembly::of(*recipe, root)?, arguments)?,
    };
    let bare = &costs[0].whole;
    println!("{name}, {}", processor());
    let (rounds, steps) = (bare.rounds(), arguments.steps.max(2) - 1);
    println!("one run of {rounds} rounds, {steps} steps of each kind in turns; medians, fastest and slowest round\n");
    println!("{:<28}{:>28}{:>34}{:>34}", "", "ms a step", "beside the bare one", "timed within, of the bare one");
    let milliseconds = |seconds: f64| format!("{:.2}", 1e3 * seconds);
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    for ((beside, what), Costs { whole, beside: within }) in TURNS.iter().zip(&costs) {
        let shares = match beside {
            Beside::Nothing => [String::new(), String::new()],
            _ => [whole.over(bare).with_spread(percent), within.with_spread(|part| percent(part / bare.median()))],
        };
        let [over, within] = shares;
        println!("{what:<28}{:>28}{over:>34}{within:>34}", whole.with_spread(milliseconds));
    }
    println!(
        "\nThe shares beside the bare step have the noise of two turns; those timed within have not, and leave out what"
    );
    println!("threads of the loader take from the step.");
    Ok(())
}

fn measure<A: Architecture>(assembly: &A, arguments: &LoggingArguments) -> Result<Vec<Costs>, CommandError> {
    let (steps, rounds) = (arguments.steps.max(2), arguments.rounds.max(1));
    let mut loader = assembly.loader()?;
    let batches = (0..steps).map(|_| loader.next_batch().map(|batch| batch.items)).collect::<Result<Vec<_>, _>>();
    let batches = batches.map_err(TrainError::from)?;
    drop(loader); // its threads would take time from the others
    let folder = tempfile::tempdir()?;
    let mut bench = Bench::begin(assembly, folder.path(), (steps * TURNS.len() * (rounds + 1)) as u64)?;
    let mut costs = vec![Costs::default(); TURNS.len()];
    // One round more than asked for: in the first, memory is allocated and nothing counts.
    for round in 0..=rounds {
        // Each round begins with another kind: what comes first finds the caches cold.
        for offset in 0..TURNS.len() {
            let turn = (round + offset) % TURNS.len();
            let [whole, beside] = bench.turn(TURNS[turn].0, &batches)?;
            if round > 0 {
                costs[turn].whole.push(whole);
                costs[turn].beside.push(beside);
            }
        }
    }
    Ok(costs)
}

/// A run that is stepped from outside, with all that may be beside a step.
struct Bench<'a, A: Architecture> {
    assembly: &'a A,
    /// Taken out while a step moves it.
    state: Option<A::State>,
    optimizer: Optimizer,
    step: u64,
    last: u64,
    files: StepFiles,
    board: Board,
    live: Live<File>,
}

impl<'a, A: Architecture> Bench<'a, A> {
    /// A run of `last` steps, written into `folder`.
    fn begin(assembly: &'a A, folder: &Path, last: u64) -> Result<Self, CommandError> {
        let (config, facts) = assembly.health();
        let start = Start {
            run: folder.to_path_buf(),
            records: assembly.records(),
            parameters: 0,
            groups: Vec::new(),
            plan: assembly.plan(),
            steps: [1, last],
        };
        let mut board = Board::new(folder.join("events"));
        board.show(&Event::Started(&start)).map_or(Ok(()), Err)?;
        let canvas = Canvas::new(File::create(folder.join("screen"))?, Colours::On);
        Ok(Self {
            assembly,
            state: Some(assembly.start(&Device::flex().autodiff())),
            optimizer: Optimizer::new(assembly.settings().optimizer.clone()),
            step: 0,
            last,
            files: StepFiles::create(folder, (config, tuwen_train::Facts { total_steps: last, ..facts }))?,
            board,
            live: Live::new(&start, canvas, || (100, 30), Arc::default()),
        })
    }

    /// Seconds of a step over `batches` with something beside it, and the part of them that this takes. The first step is
    /// not timed.
    fn turn(&mut self, beside: Beside, batches: &[Vec<A::Example>]) -> Result<[f64; 2], CommandError> {
        // A loader of its own yields the batches that are at hand, once more.
        let loads = matches!(beside, Beside::Loader | Beside::All);
        let mut loader = if loads { Some(self.assembly.loader()?) } else { None };
        let (mut started, mut apart) = (Instant::now(), Duration::ZERO);
        for (number, batch) in batches.iter().enumerate() {
            if number == 1 {
                (started, apart) = (Instant::now(), Duration::ZERO);
            }
            let began = Instant::now();
            let loaded = loader.as_mut().map(|loader| loader.next_batch()).transpose().map_err(TrainError::from)?;
            let waited = began.elapsed();
            let report = self.take(loaded.as_ref().map_or(batch, |loaded| &loaded.items), (began, waited))?;
            let taken = Instant::now();
            self.note(beside, &report)?;
            apart += waited + taken.elapsed();
        }
        let steps = (batches.len() - 1) as f64;
        Ok([started.elapsed().as_secs_f64() / steps, apart.as_secs_f64() / steps])
    }

    /// A step, with all that a run tells of it.
    fn take(&mut self, examples: &[A::Example], times: (Instant, Duration)) -> Result<StepReport, CommandError> {
        let state = self.state.take().ok_or("an earlier step failed")?;
        let taken = take_step(self.assembly, state, &mut self.optimizer, examples, (self.step, 1.0))?;
        self.state = Some(taken.state);
        self.step += 1;
        Ok(StepReport {
            step: self.step,
            total_steps: self.last,
            rate_factor: 1.0,
            learning_rate: self.assembly.settings().optimizer.learning_rate,
            gradient_norm: if let StepOutcome::Moved(norm) = taken.outcome { norm } else { f64::NAN },
            records: examples.len(),
            elapsed: times.0.elapsed(),
            waited: times.1,
            memory: memory::now(&Device::flex()),
            ..StepReport::of(&taken.losses, self.optimizer.read())
        })
    }

    fn note(&mut self, beside: Beside, report: &StepReport) -> Result<(), CommandError> {
        let is = |one: Beside| beside == one || beside == Beside::All;
        if is(Beside::Files) {
            self.files.step(report)?;
        }
        if is(Beside::Live) {
            self.live.show(&Event::Stepped(report));
        }
        if is(Beside::Board) {
            self.board.show(&Event::Stepped(report)).map_or(Ok(()), Err)?;
        }
        Ok(())
    }
}
