//! What stops a report or an event file; what is wrong inside a run's files stops nothing and is named on the page.

use std::path::PathBuf;

/// One variant per way to fail.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder in which nothing was trained.
    #[error("{}: no run, expected a folder with `metrics.jsonl` or `summary.json`, or folders of runs in it", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// Bytes given as a picture that are none.
    #[error("{tag}: {reason}, expected a PNG or JPEG picture")]
    NoPicture {
        /// The picture's tag.
        tag: String,
        /// What was found.
        reason: String,
    },
}
