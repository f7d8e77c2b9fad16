//! `data inspect`, `data synth` and `data downstream`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tuwen_data::{SynthConfig, inspect, write_synthetic};
use tuwen_sets::{ClipPairs, EmojiSets, write_clip_pairs, write_emoji_sets};

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
    /// Write small sets for downstream tasks, made of the emoji and the clips, in the official formats
    Downstream(DownstreamArguments),
}

#[derive(Debug, Args)]
pub(super) struct DownstreamArguments {
    /// An empty or new folder
    folder: PathBuf,
    /// The folder with `emoji` and `fluent-clips`
    #[arg(long, default_value = "datasets")]
    datasets: PathBuf,
    /// Another seed, other lists
    #[arg(long, default_value_t = EmojiSets::default().seed)]
    seed: u64,
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

pub(super) fn run(command: &DataCommand, root: &Path) -> Result<(), CommandError> {
    match command {
        DataCommand::Inspect { path } => println!("{}", inspect(path)?),
        DataCommand::Synth(arguments) => synth(arguments)?,
        DataCommand::Downstream(arguments) => downstream(arguments, root)?,
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

fn downstream(arguments: &DownstreamArguments, root: &Path) -> Result<(), CommandError> {
    let DownstreamArguments { folder, datasets, seed } = arguments;
    // As recipes name data: where the program runs, then below the repository.
    let datasets = if datasets.exists() { datasets.clone() } else { root.join(datasets) };
    let sets = EmojiSets { seed: *seed, ..EmojiSets::default() };
    let sizes = write_emoji_sets(&datasets.join("emoji"), &folder.join("emoji"), &sets)?;
    let pairs = ClipPairs { seed: *seed, ..ClipPairs::default() };
    let [train, heldout] = write_clip_pairs(&datasets.join("fluent-clips"), &folder.join("pairs"), &pairs)?;
    println!("{sizes}");
    for (part, records) in [("train", train), ("heldout", heldout)] {
        println!("{:<22} {part:<8} {records:>8} {:>9}", "pairs of clips", "0 (ρ)");
    }
    println!("rules: {}", folder.join("emoji/README.txt").display());
    Ok(())
}
