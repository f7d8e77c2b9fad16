//! Everything that can be wrong when sets are made, one variant per way.

use std::path::PathBuf;

use tuwen_data::DataError;
use tuwen_vision::VisionError;

/// Why sets can't be made.
#[derive(Debug, thiserror::Error)]
pub enum SetsError {
    /// A source can't be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A picture of the source can't be decoded or scaled.
    #[error("picture `{id}`: {reason}")]
    Picture {
        /// The record.
        id: String,
        /// What is wrong with it.
        reason: VisionError,
    },
    /// A record without something that the rules need.
    #[error("record `{id}`: no `{field}`, expected a record of `{set}`")]
    Field {
        /// The record.
        id: String,
        /// What is missing.
        field: &'static str,
        /// The set whose fields are needed.
        set: &'static str,
    },
    /// A picture that can't be encoded.
    #[error("{}: {reason}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// The encoder's own reason.
        reason: image::ImageError,
    },
    /// A file or folder that can't be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's own reason.
        source: std::io::Error,
    },
    /// The files of an earlier set would be mixed up with the new ones.
    #[error("{}: the folder holds files, expected an empty or a new one", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
}
