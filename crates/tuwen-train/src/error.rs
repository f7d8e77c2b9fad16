//! Everything that can end a run before its time.

use std::path::{Path, PathBuf};

use tuwen_data::{DataError, LoaderError};
use tuwen_encoder::{WeightsError, WeightsFileError};
use tuwen_eval::EvalError;
use tuwen_itm::ItmError;
use tuwen_recipe::RecipeError;
use tuwen_text::TextError;
use tuwen_vision::VisionError;

/// Why a run could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// No recipe or overlay of this name is built in, and no file is there either.
    #[error("no {kind} `{name}`; there are {known}, or give the path of a TOML file")]
    NoSuchRecipe {
        /// Recipe or overlay.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The records.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Loading them.
    #[error(transparent)]
    Loader(#[from] LoaderError),
    /// The vocabulary or the layout.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Retrieval over what was found.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// Frames that don't fit each other.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// False pairs can't be made.
    #[error(transparent)]
    Itm(#[from] ItmError),
    /// Weights and model don't fit.
    #[error("{}: {source}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: WeightsError,
    },
    /// A weights file.
    #[error(transparent)]
    WeightsFile(#[from] WeightsFileError),
    /// A file of the run.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The folder of a new run holds one already.
    #[error("{}: holds a run already; go on with `--resume {}`, or choose another folder", folder.display(), folder.display())]
    RunExists {
        /// The folder.
        folder: PathBuf,
    },
    /// A checkpoint that can't be used.
    #[error("{}: {reason}", path.display())]
    Checkpoint {
        /// Its folder.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Too many steps without a finite gradient.
    #[error(
        "step {step}: {skipped} steps had a loss or gradient that is not finite, expected at most {limit}; a smaller `optimizer.learning_rate` is the first thing to try"
    )]
    NotFinite {
        /// The last of them.
        step: u64,
        /// How many.
        skipped: u64,
        /// The recipe's limit.
        limit: u64,
    },
    /// A step without any loss: no task had anything to predict.
    #[error("step {step}: no task has anything to predict; raise a masking probability or add a task")]
    NothingToLearn {
        /// The step.
        step: u64,
    },
}

impl TrainError {
    /// A system error with its file.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), source }
    }
}
