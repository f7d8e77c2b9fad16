//! Small folders with pictures and annotation files, for tests.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{AnnotationError, Images};

/// The head of a PNG of 100 × 50 pixels; enough to know its size.
pub(crate) const PNG_100_50: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x64\0\0\0\x32\x08\x02\0\0\0\0\0\0\0";

/// A folder with the pictures `1.jpg`, `2.jpg` and `empty.jpg`, and files of annotations.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for name in ["1.jpg", "2.jpg"] {
            fs::write(folder.path(name), PNG_100_50).unwrap();
        }
        fs::write(folder.path("empty.jpg"), b"").unwrap();
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn images(&self) -> Images {
        Images::below(self.0.path())
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

/// The message without the file's name, which it must begin with.
pub(crate) fn error_of(error: &AnnotationError, path: &Path) -> String {
    let text = error.to_string();
    let rest = text.strip_prefix(&path.display().to_string()).unwrap_or_else(|| panic!("no file in: {text}"));
    rest.trim_start_matches([':', ',', ' ']).to_owned()
}

/// The reasons of skipped records, one a line.
pub(crate) fn skipped<T>(read: &crate::Annotations<T>) -> Vec<String> {
    read.skipped.iter().map(ToString::to_string).collect()
}
