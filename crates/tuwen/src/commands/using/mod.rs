//! What uses a trained model: `embed`, `match`, `fill`, `search`, `serve`, `export`.

mod clips;
mod embed;
mod export;
mod fill;
mod found;
mod matching;
mod search;
mod serve;
mod sink;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use tuwen_model::{Index, Indexing, Model, ModelError, Pictures};
use tuwen_train::{Trained, Which};

use super::CommandError;
use crate::device::DeviceName;

pub(super) use embed::{EmbedArguments, run as embed};
pub(super) use export::{ExportArguments, run as export};
pub(super) use fill::{FillArguments, run as fill};
pub(super) use matching::{MatchArguments, run as matching};
pub(super) use search::{SearchArguments, run as search};
pub(super) use serve::{ServeArguments, run as serve};

/// Where runs are, as `train` makes them.
const RUNS: &str = "runs";

#[derive(Debug, Args)]
struct ModelArguments {
    /// A run's folder, one of its checkpoints, or an exported folder [default: the newest finished run below runs]
    #[arg(long, value_name = "FOLDER")]
    model: Option<PathBuf>,
    /// Where to compute: cpu, cuda:NUMBER, tch, tch-cuda:NUMBER
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    device: String,
}

impl ModelArguments {
    /// The model and its folder, which is named to people where it was not given.
    fn open(&self) -> Result<(Model, PathBuf), CommandError> {
        let folder = match &self.model {
            Some(folder) => folder.clone(),
            None => newest_finished(Path::new(RUNS)).ok_or_else(|| {
                format!(
                    "no finished run below `{RUNS}`: train one with `train`, or name a model's folder with `--model`"
                )
            })?,
        };
        if self.model.is_none() {
            eprintln!("model       {}", folder.display());
        }
        let device = self.device.parse::<DeviceName>()?.open()?;
        let trained = Trained::open(&folder, Which::Newest, |error| {
            eprintln!("note: passed over a damaged checkpoint: {error}");
        })?;
        Ok((Model::of(trained, &device)?, folder))
    }
}

/// The run below `runs` that ended last.
fn newest_finished(runs: &Path) -> Option<PathBuf> {
    let below = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let ended = |run: PathBuf| -> Option<(SystemTime, PathBuf)> {
        Some((run.join("summary.json").metadata().ok()?.modified().ok()?, run))
    };
    below(runs).flat_map(|recipe| below(&recipe).collect::<Vec<_>>()).filter_map(ended).max().map(|(_, run)| run)
}

/// The pictures at `place` with their embeddings; those that were computed before are kept in the model's folder. What can't
/// be read is told.
fn indexed(model: &Model, folder: &Path, place: &Path, kept: bool) -> Result<Index, CommandError> {
    let pictures = Pictures::open(place)?;
    let cache = kept.then(|| Index::cache_beside(folder, place));
    let index = match Index::open(model, pictures.clone(), cache.as_deref(), &mut progress()) {
        // A folder that can't be written is no reason not to search.
        Err(error @ (ModelError::File(_) | ModelError::Io { .. })) if cache.is_some() => {
            eprintln!("note: embeddings are not kept: {error}");
            Index::open(model, pictures, None, &mut progress())?
        }
        other => other?,
    };
    for (number, reason) in index.skipped() {
        eprintln!("warning: skipped {}", index.pictures().named(*number, reason));
    }
    Ok(index)
}

/// A line that counts, on a terminal; it is cleared at the end.
fn progress() -> impl FnMut(Indexing) {
    let shown = std::io::stderr().is_terminal();
    move |Indexing { done, all }| {
        if shown && (done.is_multiple_of(16) || done == all) {
            let end = if done == all { "\r\x1b[K" } else { "" };
            eprint!("\rembedded {done} of {all} pictures{end}");
            let _ = std::io::stderr().flush(); // a count that isn't seen is no error
        }
    }
}

/// One picture by its path.
fn picture(path: &Path) -> Result<tuwen_vision::Image, ModelError> {
    Pictures::one(path).read(0)
}
