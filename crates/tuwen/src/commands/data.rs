//! `data inspect` and `data synth`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use tuwen_data::{SynthConfig, inspect, write_synthetic};

use super::CommandError;

#[derive(Debug, Subcommand)]
pub(super) enum DataCommand {
    /// Count records and show fields, lengths and samples of a file, folder or pattern
    Inspect {
        /// TFRecord files, WebDataset shards or an annotation list
        path: PathBuf,
    },
    /// Write a synthetic set in the QQ schema: clips of moving shapes with titles, tags and similar pairs
    Synth(SynthArguments),
}

#[derive(Debug, Args)]
pub(super) struct SynthArguments {
    /// An empty or new folder
    folder: PathBuf,
    /// Training clips
    #[arg(long, default_value_t = SynthConfig::default().clips)]
    clips: NonZeroUsize,
    /// Held-out clips
    #[arg(long, default_value_t = SynthConfig::default().heldout)]
    heldout: usize,
    /// Pairs with a similarity
    #[arg(long, default_value_t = SynthConfig::default().pairs)]
    pairs: usize,
    /// Training files
    #[arg(long, default_value_t = SynthConfig::default().files)]
    files: NonZeroUsize,
    /// Values of a frame
    #[arg(long, default_value_t = SynthConfig::default().width)]
    width: NonZeroUsize,
    /// Another seed, other clips
    #[arg(long, default_value_t = SynthConfig::default().seed)]
    seed: u64,
}

pub(super) fn run(command: &DataCommand) -> Result<(), CommandError> {
    match command {
        DataCommand::Inspect { path } => println!("{}", inspect(path)?),
        DataCommand::Synth(arguments) => synth(arguments)?,
    }
    Ok(())
}

fn synth(arguments: &SynthArguments) -> Result<(), CommandError> {
    let &SynthArguments { ref folder, clips, heldout, pairs, files, width, seed } = arguments;
    let summary = write_synthetic(folder, &SynthConfig { clips, heldout, pairs, files, seed, width })?;
    println!(
        "{}: {} clips of {} frames in {} files, {} pairs",
        folder.display(),
        summary.clips,
        summary.frames,
        summary.files,
        summary.pairs
    );
    println!("next: cargo xtask data inspect {}", folder.join("train").display());
    Ok(())
}
