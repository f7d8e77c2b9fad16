//! `eval retrieval`: what a finished or running run finds.

use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_train::TrainError;

use super::CommandError;
use super::opened::{Opened, open};
use crate::device::DeviceName;
use crate::screen;

#[derive(Debug, Args)]
pub(in crate::commands) struct RetrievalArguments {
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

pub(super) fn run(arguments: &RetrievalArguments, root: &Path) -> Result<(), CommandError> {
    let run = &arguments.run;
    let device = arguments.device.parse::<DeviceName>()?.open()?;
    let opened = open(run, root, device, |recipe| {
        if let Some(path) = &arguments.data {
            recipe.data.heldout.clone_from(path);
            recipe.evaluation.records = None;
        }
        recipe.evaluation.rerank = arguments.rerank.unwrap_or(recipe.evaluation.rerank);
        recipe.data.train.clone_from(&recipe.data.heldout); // no training record is read
    })?;
    let Opened { assembly, model, step } = opened;
    let heldout = assembly.heldout_pairs(&mut |message| eprintln!("warning: skipped {message}"))?;
    println!("run         {}, step {}", run.display(), step);
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
