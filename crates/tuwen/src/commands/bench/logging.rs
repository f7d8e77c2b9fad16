//! `bench logging`: what a step costs beside its own work: loading, files, TensorBoard events, the live view.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use clap::Args;
use tuwen_encoder::Tape;
use tuwen_train::{
    Architecture, Event, Optimizer, Place, RECIPES, Recipe, RunOptions, StartFrom, Stop, TrainError, albef,
    find_recipe, train, unibert,
};

use super::timing::{Times, processor};
use super::{CommandError, overrides};
use crate::board::Board;
use crate::screen::{Canvas, Colours, Live};

#[derive(Debug, Args)]
pub(in crate::commands) struct LoggingArguments {
    /// A built-in recipe or a TOML file [default: the first of `recipe list`]
    recipe: Option<String>,
    /// Change a value of the recipe: section.key=value
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Rounds; in each, a bare run and one with everything on take turns
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    rounds: usize,
    /// Steps of a run; the first of each is not timed
    #[arg(long, value_name = "NUMBER", default_value_t = 41)]
    steps: u64,
}

/// Seconds a step, a number a round.
#[derive(Default)]
struct Costs {
    bare: Times,
    whole: Times,
    waiting: Times,
    files: Times,
    board: Times,
    live: Times,
}

pub(super) fn run(arguments: &LoggingArguments, root: &Path) -> Result<(), CommandError> {
    let name = arguments.recipe.as_deref().unwrap_or(RECIPES[0].0);
    let steps = arguments.steps.max(2);
    let mut set = arguments.set.clone();
    // Nothing is tested and saved among the timed steps.
    set.extend([format!("schedule.duration={{steps={steps}}}"), "evaluation.records=16".to_string()]);
    set.extend(["evaluation.every", "checkpoint.every"].map(|key| format!("{key}={steps}")));
    let costs = match find_recipe(name, &[], &overrides(&set)?)? {
        Recipe::Albef(recipe) => measure(&albef::Assembly::of(*recipe, root)?, steps, arguments.rounds)?,
        Recipe::UniBert(recipe) => measure(&unibert::Assembly::of(*recipe, root)?, steps, arguments.rounds)?,
    };
    println!("{name}, {}", processor());
    println!("medians of {} rounds of {} steps, bare ones and whole ones in turn\n", costs.bare.rounds(), steps - 1);
    println!("{:<44}{:>12}{:>24}", "", "ms a step", "of the bare step");
    let bare = costs.bare.median();
    let row = |what: &str, seconds: f64, share: String| println!("{what:<44}{:>12.3}{share:>24}", 1e3 * seconds);
    let share = |seconds: f64| format!("{:.2} %", 100.0 * seconds / bare);
    row("bare: batches at hand, nothing written", bare, String::new());
    row("whole: loader, files, TensorBoard, live view", costs.whole.median(), share(costs.whole.median() - bare));
    for (what, times) in [
        ("  waiting for data", &costs.waiting),
        ("  metrics.jsonl, timing.jsonl, the loop", &costs.files),
        ("  TensorBoard events", &costs.board),
        ("  live view, drawn into a file", &costs.live),
    ] {
        row(what, times.median(), share(times.median()));
    }
    println!("\nThe first share compares two runs and has their noise; those below are timed within the whole steps.");
    Ok(())
}

fn measure<A: Architecture>(assembly: &A, steps: u64, rounds: usize) -> Result<Costs, CommandError> {
    let mut loader = assembly.loader()?;
    let batches = (0..steps).map(|_| loader.next_batch().map(|batch| batch.items)).collect::<Result<Vec<_>, _>>();
    let batches = batches.map_err(TrainError::from)?;
    drop(loader); // its workers would take time from the bare steps
    let mut costs = Costs::default();
    // One round more than asked for: in the first, memory is allocated and nothing counts.
    for round in 0..=rounds.max(1) {
        let mut counted = Costs::default();
        counted.bare.push(bare(assembly, &batches)?);
        whole(assembly, &mut counted)?;
        if round > 0 {
            costs.extend(counted);
        }
    }
    Ok(costs)
}

/// Seconds of a step that does nothing but train.
fn bare<A: Architecture>(assembly: &A, batches: &[Vec<A::Example>]) -> Result<f64, CommandError> {
    let mut state = assembly.start(&Device::flex().autodiff());
    let mut optimizer = Optimizer::new(assembly.settings().optimizer.clone());
    let mut started = Instant::now();
    for (step, examples) in batches.iter().enumerate() {
        if step == 1 {
            started = Instant::now();
        }
        let losses = assembly.losses(&mut state, examples, step as u64, &Tape::off())?;
        let gradients = losses.total().ok_or("no task has anything to predict")?.backward().into();
        (state, _) = assembly.advance(state, &mut optimizer, &gradients, 1.0);
    }
    Ok(started.elapsed().as_secs_f64() / (batches.len() - 1) as f64)
}

/// Sums over the steps behind the first.
#[derive(Default)]
struct Watched {
    first: Option<Instant>,
    last: Option<Instant>,
    steps: u32,
    elapsed: Duration,
    waited: Duration,
    board: Duration,
    live: Duration,
}

/// A run as the program makes it; its view is drawn into a file of the run's folder.
fn whole<A: Architecture>(assembly: &A, costs: &mut Costs) -> Result<(), CommandError> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let options = RunOptions {
        folder: path("run"),
        start: StartFrom::Scratch,
        device: Device::flex(),
        stop: Stop::default(),
        place: Place::default(),
    };
    let (mut board, screen) = (Board::new(path("events")), File::create(path("screen"))?);
    let mut screen = Some(Canvas::new(screen, Colours::On));
    let (mut live, mut sums) = (None, Watched::default());
    train(assembly, &options, &mut |event| {
        if let (Event::Started(start), Some(canvas)) = (&event, screen.take()) {
            live = Some(Live::new(start, canvas, || (100, 30), Arc::default()));
        }
        // The end of a run is none of its steps, and a view would print what is said of it.
        if !matches!(event, Event::Started(_) | Event::Stepped(_)) {
            return;
        }
        sums.arrives(&event);
        let began = Instant::now();
        live.iter_mut().for_each(|live| live.show(&event));
        let drawn = Instant::now();
        _ = board.show(&event);
        if sums.steps > 0 {
            sums.live += drawn - began;
            sums.board += drawn.elapsed();
        }
    })?;
    sums.count(costs);
    Ok(())
}

impl Watched {
    /// A step's end closes the one before it, with all that was written of that.
    fn arrives(&mut self, event: &Event<'_>) {
        let Event::Stepped(report) = event else { return };
        self.last = Some(Instant::now());
        if self.first.is_none() {
            self.first = self.last;
            return;
        }
        self.steps += 1;
        self.elapsed += report.elapsed;
        self.waited += report.waited;
    }

    fn count(&self, costs: &mut Costs) {
        let (Some(first), Some(last)) = (self.first, self.last) else { return };
        let each = |duration: Duration| duration.as_secs_f64() / f64::from(self.steps.max(1));
        let whole = last - first;
        costs.whole.push(each(whole));
        costs.waiting.push(each(self.waited));
        costs.board.push(each(self.board));
        costs.live.push(each(self.live));
        costs.files.push(each(whole.saturating_sub(self.elapsed + self.board + self.live)));
    }
}

impl Costs {
    fn extend(&mut self, round: Self) {
        self.bare.extend(round.bare);
        self.whole.extend(round.whole);
        self.waiting.extend(round.waiting);
        self.files.extend(round.files);
        self.board.extend(round.board);
        self.live.extend(round.live);
    }
}
