//! The sets of the repository, for tests.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::emoji::{Part, read_parts};

/// The emoji, read once.
pub(crate) fn parts() -> &'static [Part; 3] {
    static PARTS: OnceLock<[Part; 3]> = OnceLock::new();
    PARTS.get_or_init(|| read_parts(&emoji_folder()).unwrap())
}

/// `datasets/emoji`.
pub(crate) fn emoji_folder() -> PathBuf {
    datasets().join("emoji")
}

/// `datasets`.
pub(crate) fn datasets() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}
