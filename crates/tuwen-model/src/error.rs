//! Everything that can be wrong with using a model, one variant per way.

use std::path::{Path, PathBuf};

use tuwen_data::DataError;
use tuwen_encoder::{WeightsError, WeightsFileError};
use tuwen_eval::EvalError;
use tuwen_text::TextError;
use tuwen_train::TrainError;
use tuwen_vision::VisionError;

/// Why a model can't be used, or not so.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Its folder can't be read or written.
    #[error(transparent)]
    Folder(#[from] TrainError),
    /// Its weights don't fit its recipe.
    #[error("{}: {source}", folder.display())]
    Weights {
        /// The model's folder.
        folder: PathBuf,
        /// What does not fit.
        source: WeightsError,
    },
    /// A text can't be tokenised.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A picture can't be made into what the model reads.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// A map can't be drawn.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// Records can't be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file of embeddings can't be written.
    #[error(transparent)]
    File(#[from] WeightsFileError),
    /// The model is of an architecture that can't do this.
    #[error("{what}: the model is {is}, expected {expected}")]
    Architecture {
        /// What was asked for.
        what: &'static str,
        /// What the model is.
        is: &'static str,
        /// What can do it.
        expected: &'static str,
    },
    /// The recipe trains no such task.
    #[error("{what}: the recipe `{recipe}` does not train the task `{task}`")]
    Untrained {
        /// What was asked for.
        what: &'static str,
        /// The recipe's name.
        recipe: String,
        /// The task that would have taught it.
        task: &'static str,
    },
    /// A text without a place to fill in.
    #[error("`{text}`: nothing to fill in, expected `[MASK]` in it")]
    NothingMasked {
        /// The text.
        text: String,
    },
    /// A text whose hidden word lies behind its end.
    #[error("`{text}`: a `[MASK]` lies behind the {length} tokens that the model reads")]
    MaskCutOff {
        /// The text.
        text: String,
        /// What the layout leaves of a text.
        length: usize,
    },
    /// A clip can't be made into frames.
    #[error("clip `{text}`: {reason}")]
    Clip {
        /// Its title.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A record can't be made into frames.
    #[error("{}, record `{name}`: {reason}", path.display())]
    Record {
        /// The record files.
        path: PathBuf,
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No clip of this name.
    #[error("{}: no clip is called `{name}`{}", path.display(), known.as_ref().map_or(String::new(), |known| format!("; one is called `{known}`")))]
    NoClip {
        /// The record files.
        path: PathBuf,
        /// The name.
        name: String,
        /// The first one that is there.
        known: Option<String>,
    },
    /// A file or folder can't be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is no picture, or a broken one.
    #[error("{name}: {source}")]
    Picture {
        /// The file, or the entry of an archive.
        name: String,
        /// What is wrong with it.
        source: VisionError,
    },
    /// A file too large to be a picture.
    #[error("{name}: {bytes} bytes, expected a picture of at most {most}")]
    PictureTooLarge {
        /// The file, or the entry of an archive.
        name: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        most: u64,
    },
    /// No picture at all.
    #[error("{}: no picture there, expected a folder of `.jpg`, `.png`, `.webp`, `.gif`, `.bmp` or `.tiff` files, a `.tar` archive of them, or a `.txt` list of paths", path.display())]
    NoPictures {
        /// Where they were looked for.
        path: PathBuf,
    },
}

impl ModelError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), source }
    }

    /// The message for those who need not know where files lie: of a path in it the last part alone.
    pub fn without_folders(&self) -> String {
        let told = self.to_string();
        let named = self.path().and_then(|path| Some((path, path.file_name()?)));
        let Some((path, name)) = named else { return told };
        told.replace(&path.display().to_string(), &name.to_string_lossy())
    }

    /// The file, folder or pattern that the message names.
    fn path(&self) -> Option<&Path> {
        match self {
            Self::Weights { folder: path, .. }
            | Self::Record { path, .. }
            | Self::NoClip { path, .. }
            | Self::Io { path, .. }
            | Self::NoPictures { path }
            | Self::Data(
                DataError::Io { path, .. }
                | DataError::Record { path, .. }
                | DataError::Unreadable { path, .. }
                | DataError::EmptyFile { path }
                | DataError::NothingReadable { path, .. }
                | DataError::NoRecords { path, .. }
                | DataError::NoFiles { path, .. }
                | DataError::BadPattern { pattern: path, .. }
                | DataError::BrokenList { path, .. }
                | DataError::UnknownFormat { path },
            ) => Some(path),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_can_be_told_without_the_folders_in_it() {
        let (path, name) = (PathBuf::from("/home/me/set/b.tar"), "1f44b".to_string());
        let record = ModelError::Record { path: path.clone(), name, reason: "no picture".to_string() };
        assert_eq!(record.to_string(), "/home/me/set/b.tar, record `1f44b`: no picture");
        assert_eq!(record.without_folders(), "b.tar, record `1f44b`: no picture");
        let unreadable = DataError::Record { path, record: "3".to_string(), reason: "cut off".to_string() };
        assert_eq!(ModelError::from(unreadable).without_folders(), "b.tar, record 3: cut off");
        let nameless = ModelError::io(Path::new(""), std::io::Error::other("gone"));
        assert_eq!(nameless.without_folders(), ": gone");
    }
}
