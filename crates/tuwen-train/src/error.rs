//! Everything that can end a run before its time.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tuwen_annotation::AnnotationError;
use tuwen_data::{DataError, LoaderError};
use tuwen_encoder::{ImportError, WeightsError, WeightsFileError};
use tuwen_eval::EvalError;
use tuwen_itm::ItmError;
use tuwen_recipe::RecipeError;
use tuwen_text::TextError;
use tuwen_vision::VisionError;

use crate::not_finite::BadTensor;
use crate::objective::OwnError;
use crate::whole::TRAINING_ONLY;

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
    /// A recipe of a downstream task where one of pre-training is needed.
    #[error("`{name}` is a recipe of a downstream task, expected one of pre-training")]
    NotPretraining {
        /// The recipe's name.
        name: String,
    },
    /// The records.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Lists of questions, captions or expressions.
    #[error(transparent)]
    Annotation(#[from] AnnotationError),
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
    /// Weights of another model, or under names that nothing here has.
    #[error("{}: {source}", path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: ImportError,
    },
    /// No file where weights are looked for.
    #[error("{}: no weights there; the remarks of the recipe that names them may say where they come from", path.display())]
    NoWeights {
        /// The file or folder.
        path: PathBuf,
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
    /// Another process writes into the run's folder.
    #[error("{}: another process is training there; wait for it, or choose another folder", folder.display())]
    RunBusy {
        /// The folder.
        folder: PathBuf,
    },
    /// Somebody asked the run to stop, and it did.
    #[error("stopped after step {step} as asked, with a checkpoint; go on with `--resume {}`", folder.display())]
    Stopped {
        /// The last step done.
        step: u64,
        /// The run's folder.
        folder: PathBuf,
    },
    /// No room for a checkpoint.
    #[error(
        "{}: no room for a checkpoint of about {:.1} MB: {reason}; the checkpoints before it are whole: make room and go on with `--resume`",
        folder.display(),
        *needed as f64 / 1e6
    )]
    NoRoom {
        /// Where it was to be.
        folder: PathBuf,
        /// Bytes of weights, optimizer and companions together.
        needed: u64,
        /// What the system said.
        reason: String,
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
        "step {step}: {bad} is not finite; {skipped} steps were skipped so, expected at most {limit}; a smaller `optimizer.learning_rate` is the first thing to try"
    )]
    NotFinite {
        /// The last of them.
        step: u64,
        /// What was not finite there.
        bad: BadTensor,
        /// How many.
        skipped: u64,
        /// The recipe's limit.
        limit: u64,
    },
    /// A model of one's own whose parameters bear names that a run keeps for what is beside the model.
    #[error(
        "`{}` of the model: names that begin with `{}` are those of what a run has beside its model; call the fields otherwise",
        names.join("`, `"),
        TRAINING_ONLY.join("`, `")
    )]
    ReservedNames {
        /// The parameters.
        names: Vec<String>,
    },
    /// An own task or metric.
    #[error(transparent)]
    Own(OwnError),
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

    /// Weights that can't be taken over, with their file.
    pub(crate) fn import(path: &Path, source: ImportError) -> Self {
        Self::Import { path: path.to_path_buf(), source }
    }

    /// Whether a disk, a quota or a limit on file sizes is behind it.
    pub(crate) fn is_lack_of_room(&self) -> bool {
        let source = match self {
            Self::Io { source, .. } | Self::WeightsFile(WeightsFileError::Io { source, .. }) => source,
            _ => return false,
        };
        matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
    }
}
