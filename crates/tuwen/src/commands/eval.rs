//! `eval retrieval`: what a finished or running run finds.

use std::path::{Path, PathBuf};

use burn::module::Module as _;
use clap::{Args, Subcommand};
use tuwen_train::{Architecture, Checkpoint, Recipe, TrainError, albef, averaged_weights, find_recipe};

use super::CommandError;
use crate::device::DeviceName;
use crate::screen;

#[derive(Debug, Subcommand)]
pub(super) enum EvalCommand {
    /// Find captions for pictures and pictures for captions
    Retrieval(RetrievalArguments),
}

#[derive(Debug, Args)]
pub(super) struct RetrievalArguments {
    /// A run's folder, or one of its checkpoints
    run: PathBuf,
    /// Another set of the same format (file, folder or pattern) [default: the recipe's held-out records]
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// The nearest candidates that matching puts in order, 0 for alignment alone [default: the recipe's]
    #[arg(long, value_name = "NUMBER")]
    rerank: Option<usize>,
    /// Where to compute: cpu, cuda:NUMBER, tch, tch-cuda:NUMBER
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
    /// Where the pictures go [default: the run's folder]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) fn run(command: &EvalCommand, root: &Path) -> Result<(), CommandError> {
    match command {
        EvalCommand::Retrieval(arguments) => retrieval(arguments, root),
    }
}

fn retrieval(arguments: &RetrievalArguments, root: &Path) -> Result<(), CommandError> {
    let run = &arguments.run;
    let device = arguments.device.parse::<DeviceName>()?.open()?;
    let checkpoint = if run.join("manifest.json").exists() {
        Checkpoint::load(run)?
    } else {
        let folder = run.join("checkpoints");
        let none = || TrainError::Checkpoint { path: folder.clone(), reason: "no whole checkpoint".to_string() };
        Checkpoint::newest(&folder, |error| eprintln!("note: passed over a damaged checkpoint: {error}"))
            .ok_or_else(none)?
    };
    let file = run.join("recipe.toml").display().to_string();
    let Recipe::Albef(mut recipe) = find_recipe(&file, &[], &[])? else {
        return Err(format!("{file}: a UniBERT has no retrieval, expected a run of an ALBEF").into());
    };
    if let Some(path) = &arguments.data {
        recipe.data.heldout.clone_from(path);
        recipe.evaluation.records = None;
    }
    recipe.evaluation.rerank = arguments.rerank.unwrap_or(recipe.evaluation.rerank);
    recipe.data.train.clone_from(&recipe.data.heldout); // no training record is read
    let assembly = albef::Assembly::of(*recipe, root)?;
    let fresh = assembly.start(&device.autodiff());
    let unfit = |source| TrainError::Weights { path: run.clone(), source };
    let weights = averaged_weights(&checkpoint.model, &checkpoint.optimizer);
    let model = assembly.restore(fresh, &weights).map_err(unfit)?.model.valid();
    let heldout = assembly.heldout_pairs(&mut |message| eprintln!("warning: skipped {message}"))?;
    println!("run         {}, step {}", run.display(), checkpoint.position.step);
    println!("data        {} ({} pictures)", assembly.recipe.data.heldout.display(), heldout.gallery.pictures.len());
    for result in assembly.retrieval(&model, &heldout, assembly.rerank())? {
        screen::retrieval(&result);
    }
    let out = arguments.out.as_ref().unwrap_or(run);
    std::fs::create_dir_all(out).map_err(|error| TrainError::io(out, error))?;
    println!();
    for path in assembly.sheets(&model, &heldout, out)? {
        println!("drew {}", path.display());
    }
    Ok(())
}
