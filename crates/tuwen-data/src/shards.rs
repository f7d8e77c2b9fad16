//! From a path to the files it means: a file, a folder or a pattern.

use std::fs;
use std::path::{Path, PathBuf};

use glob::Pattern;

use crate::DataError;

/// The files that `path` means, sorted by name: `path` itself where it is a file; where it is a folder, the files in it
/// (not below it) whose names fit one of `names`, such as `*.tar`; else the files that fit `path` as a pattern with
/// `*`, `?`, `[…]` and `**`. No file is an error.
pub(crate) fn shard_files(path: &Path, names: &[&str]) -> Result<Vec<PathBuf>, DataError> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = if path.is_dir() { files_in(path, names)? } else { files_under(path)? };
    if files.is_empty() {
        return Err(DataError::NoFiles { path: path.to_owned(), expected: format!("`{}`", names.join("` or `")) });
    }
    files.sort();
    Ok(files)
}

fn files_in(folder: &Path, names: &[&str]) -> Result<Vec<PathBuf>, DataError> {
    let io = |source| DataError::Io { path: folder.to_owned(), source };
    let patterns: Vec<Pattern> = names.iter().filter_map(|name| Pattern::new(name).ok()).collect();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // What starts with a dot is another program's scrap, such as `._clips.tar`.
        if !name.starts_with('.') && patterns.iter().any(|pattern| pattern.matches(&name)) && path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

fn files_under(pattern: &Path) -> Result<Vec<PathBuf>, DataError> {
    let bad = |source| DataError::BadPattern { pattern: pattern.to_owned(), source };
    let mut files = Vec::new();
    for path in glob::glob(&pattern.to_string_lossy()).map_err(bad)? {
        let path = path.map_err(|error| DataError::Io { path: error.path().to_owned(), source: error.into() })?;
        if path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["*.tar"];

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), b"x").unwrap();
        }
        folder
    }

    fn names_of(files: &[PathBuf]) -> Vec<&str> {
        files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect()
    }

    #[test]
    fn folder_means_its_shards_sorted_by_name() {
        let folder = folder(&["b.tar", "a.tar", "README.md", "._a.tar"]);
        assert_eq!(names_of(&shard_files(folder.path(), NAMES).unwrap()), ["a.tar", "b.tar"]);
    }

    #[test]
    fn pattern_means_what_fits() {
        let folder = folder(&["train-1.tar", "train-0.tar", "val-0.tar"]);
        let files = shard_files(&folder.path().join("train-?.tar"), NAMES).unwrap();
        assert_eq!(names_of(&files), ["train-0.tar", "train-1.tar"]);
    }

    #[test]
    fn file_is_taken_whatever_its_name() {
        let folder = folder(&["[odd].bin"]);
        assert_eq!(shard_files(&folder.path().join("[odd].bin"), NAMES).unwrap().len(), 1);
    }

    #[test]
    fn no_file_and_bad_pattern_are_errors() {
        let folder = folder(&["README.md"]);
        let none = shard_files(folder.path(), NAMES).unwrap_err();
        assert!(none.to_string().ends_with("no file there, expected `*.tar`"), "{none}");
        let bad = shard_files(&folder.path().join("a[.tar"), NAMES).unwrap_err();
        assert!(matches!(bad, DataError::BadPattern { .. }), "{bad}");
    }
}
