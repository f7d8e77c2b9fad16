//! `downstream`: what pre-training was for, in one command: fine-tunes a run on the small set of a task, and the same model
//! from nothing, with several seeds, and prints both beside chance.

mod runs;
mod sets;
mod table;

use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_encoder::write_whole;
use tuwen_train::downstream::Recipe;
use tuwen_train::{AnyRecipe, InitSection, TrainError, find_any_recipe, find_recipe};

use super::ensemble::{Fit, join};
use super::place::next_run;
use super::{CommandError, Program, overrides};
use crate::device::DeviceName;
use crate::signals::Signals;
use runs::{Side, prepare_one, train_one};
use table::Compared;

/// The tasks that have a small set, each with its recipe.
const TASKS: [(&str, &str); 6] = [
    ("retrieval", "albef-retrieval-tiny"),
    ("ve", "albef-ve-tiny"),
    ("vqa", "albef-vqa-tiny"),
    ("nlvr2", "albef-nlvr2-tiny"),
    ("refcoco", "albef-refcoco-tiny"),
    ("pairs", "unibert-pairs-tiny"),
];
/// What prepares a pre-trained run for a task, before it is fine-tuned.
const BEFORE: [(&str, &str); 1] = [("nlvr2", "albef-assignment-tiny")];

#[derive(Debug, Args)]
pub(super) struct DownstreamArguments {
    /// The task: retrieval, ve, vqa, nlvr2, refcoco or pairs
    task: String,
    /// The pre-trained run that fine-tuning begins with: its folder, or one of its checkpoints
    #[arg(long, value_name = "RUN")]
    from: PathBuf,
    /// Seeds; the medians are told
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=99))]
    seeds: u64,
    /// Whether the same model is trained from nothing too
    #[arg(long, value_enum, default_value_t = Scratch::Yes, default_missing_value = "yes", num_args = 0..=1)]
    scratch: Scratch,
    /// Lay a TOML file over the recipe
    #[arg(long = "overlay", value_name = "FILE")]
    overlays: Vec<String>,
    /// Change a value of the recipe: section.key=value
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Where the runs go [default: runs/downstream-TASK/NUMBER]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Where to compute: cpu, cuda:NUMBER, tch, tch-cuda:NUMBER
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
}

/// Whether there is something to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Scratch {
    /// It is
    Yes,
    /// It isn't
    No,
}

pub(super) fn run(arguments: &DownstreamArguments, program: Program<'_>) -> Result<(), CommandError> {
    let mut recipe = recipe_of(arguments)?;
    sets::prepare(&arguments.task, program.root)?;
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| next_run(&Path::new("runs").join(format!("downstream-{}", arguments.task))));
    let sides: &[Side] =
        if arguments.scratch == Scratch::Yes { &[Side::Pretrained, Side::Scratch] } else { &[Side::Pretrained] };
    let (signals, device) = (Signals::watched()?, arguments.device.parse::<DeviceName>()?);
    println!("{}, begun with {}, {} seeds\n", recipe.name(), arguments.from.display(), arguments.seeds);
    if let Some((_, before)) = BEFORE.iter().find(|(task, _)| *task == arguments.task) {
        let folder = out.join("before");
        let prepared = fitted(before, (&[], &[]), &arguments.from)?;
        let done = prepare_one(prepared, &folder, (program, &device), signals.stop());
        done.map_err(|error| signals.explain(error))?;
        *recipe.init_mut() = InitSection::all_from(folder);
    }
    let mut compared = Compared::new(&arguments.task);
    for number in 0..arguments.seeds {
        for &side in sides {
            let mut recipe = recipe.clone();
            *recipe.seed_mut() += number;
            if side == Side::Scratch {
                *recipe.init_mut() = InitSection::default();
            }
            let folder = out.join(format!("{}-{number}", side.name()));
            let done = train_one(recipe, &folder, (program, &device), signals.stop());
            compared.add(side, done.map_err(|error| signals.explain(error))?);
        }
    }
    if arguments.task == "pairs" && arguments.seeds > 1 {
        let runs: Vec<PathBuf> = (0..arguments.seeds).map(|number| out.join(format!("pretrained-{number}"))).collect();
        let weights = vec![1.0 / runs.len() as f64; runs.len()];
        let joined =
            join((&runs, &weights), (None, Fit::Train), &out.join("ensemble"), (program.root, &arguments.device))?;
        println!("\n{joined}");
    }
    let table = compared.table()?;
    println!("\n{table}");
    let path = out.join("comparison.json");
    write_whole(&path, &serde_json::to_vec_pretty(&table)?).map_err(|error| TrainError::io(&path, error))?;
    println!("\nall numbers: {}", path.display());
    println!("examples:    cargo xtask report {}", out.display());
    Ok(())
}

/// The task's recipe, with texts, pictures and encoder as the run has them.
fn recipe_of(arguments: &DownstreamArguments) -> Result<Recipe, CommandError> {
    let Some((_, name)) = TASKS.iter().find(|(task, _)| *task == arguments.task) else {
        let known = TASKS.map(|(task, _)| task);
        let meant = tuwen_recipe::nearest(&arguments.task, &known);
        let meant = meant.map_or(String::new(), |task| format!("; did you mean `{task}`?"));
        let known = known.map(|task| format!("`{task}`")).join(", ");
        return Err(format!("no task `{}`, expected one of {known}{meant}", arguments.task).into());
    };
    fitted(name, (&arguments.overlays, &arguments.set), &arguments.from)
}

/// The recipe of this name, begun with the run in `from`.
fn fitted(name: &str, (overlays, set): (&[String], &[String]), from: &Path) -> Result<Recipe, CommandError> {
    let found = find_any_recipe(name, overlays, &overrides(set)?)?;
    let AnyRecipe::Downstream(mut recipe) = found else { return Err(format!("`{name}` is no downstream task").into()) };
    let file = from.join("recipe.toml");
    if !file.is_file() {
        return Err(format!("{}: no run there, expected a folder with `recipe.toml`", from.display()).into());
    }
    let earlier = find_recipe(&file.display().to_string(), &[], &[])?;
    recipe.fit_to(&earlier)?;
    *recipe.init_mut() = InitSection::all_from(from);
    Ok(recipe)
}
