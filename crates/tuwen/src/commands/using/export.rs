//! `export`: a model without the run around it.

use std::path::{Path, PathBuf};

use clap::Args;
use tuwen_model::{model_card, run_of};
use tuwen_train::{Trained, Which};

use super::CommandError;

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// A run's folder, or one of its checkpoints
    run: PathBuf,
    /// The new folder: weights, recipe, tokenizer and a model card (README.md)
    folder: PathBuf,
    /// The best checkpoint by the recipe's measure instead of the newest
    #[arg(long)]
    best: bool,
}

pub(crate) fn run(arguments: &ExportArguments, root: &Path) -> Result<(), CommandError> {
    let which = if arguments.best { Which::Best } else { Which::Newest };
    let trained = Trained::open(&arguments.run, which, |error| {
        eprintln!("note: passed over a damaged checkpoint: {error}");
    })?;
    trained.export(&arguments.folder, &model_card(&trained, &run_of(&trained.folder), root))?;
    let megabytes = 4.0 * trained.parameters() as f64 / 1e6;
    println!("exported    {}, step {}", trained.folder.display(), trained.position.step);
    println!("folder      {} ({megabytes:.1} MB), to be used with `--model`", arguments.folder.display());
    println!("card        {}, to be completed by hand", arguments.folder.join("README.md").display());
    Ok(())
}
