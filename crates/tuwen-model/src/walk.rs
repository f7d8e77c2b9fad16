//! Where the pictures of a folder, an archive or a list lie.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use tar::{Archive, EntryType};

use crate::ModelError;

/// How the names of pictures end.
const ENDINGS: [&str; 8] = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"];
/// Folders below the given one.
const DEPTH: usize = 16;

/// One picture: what it is called, what changes when it does, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) stamp: String,
    pub(crate) at: At,
}

/// Where a picture lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum At {
    File(PathBuf),
    /// Below a folder that can't be read, for this reason.
    Refused(String),
    /// A part of the archive.
    Part {
        offset: u64,
        length: u64,
    },
}

/// The pictures in a folder and below it, by name. Links and what begins with a dot are passed over, so nothing outside of
/// the folder is ever read. A folder below it that can't be read stands for what it holds.
pub(crate) fn in_folder(folder: &Path) -> Result<Vec<Entry>, ModelError> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_path_buf(), String::new(), 0)];
    while let Some((place, prefix, depth)) = folders.pop() {
        let io = |error| ModelError::io(&place, error);
        let entries = match fs::read_dir(&place) {
            Err(error) if depth > 0 => {
                found.push(Entry { name: prefix, stamp: String::new(), at: At::Refused(error.to_string()) });
                continue;
            }
            entries => entries.map_err(io)?,
        };
        for entry in entries {
            let entry = entry.map_err(io)?;
            let (kind, name) = (entry.file_type().map_err(io)?, entry.file_name().to_string_lossy().into_owned());
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() && depth < DEPTH {
                folders.push((entry.path(), format!("{prefix}{name}/"), depth + 1));
            } else if kind.is_file() && is_picture(&name) {
                let stamp = stamp(&entry.metadata().map_err(io)?);
                found.push(Entry { name: format!("{prefix}{name}"), stamp, at: At::File(entry.path()) });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The pictures of a tar archive, in its order. Nothing is unpacked.
pub(crate) fn in_archive(path: &Path) -> Result<Vec<Entry>, ModelError> {
    let io = |error| ModelError::io(path, error);
    let file = File::open(path).map_err(io)?;
    let whole = stamp(&file.metadata().map_err(io)?);
    let mut archive = Archive::new(file);
    archive.set_ignore_zeros(true); // archives laid end to end have an end mark in the middle
    let mut found = Vec::new();
    for entry in archive.entries_with_seek().map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) && is_picture(&name) {
            let (offset, length) = (entry.raw_file_position(), entry.size());
            found.push(Entry { name, stamp: format!("{whole}@{offset}"), at: At::Part { offset, length } });
        }
    }
    Ok(found)
}

/// The pictures at these paths, in their order; what can't be found there is found out when it is read.
pub(crate) fn in_list(paths: impl Iterator<Item = String>) -> Vec<Entry> {
    paths.map(|line| line.trim().to_string()).filter(|line| !line.is_empty()).map(in_file).collect()
}

/// The picture in the file of this name, whether it is there or not.
pub(crate) fn in_file(name: String) -> Entry {
    let path = PathBuf::from(&name);
    let stamp = fs::metadata(&path).map(|metadata| stamp(&metadata)).unwrap_or_default();
    Entry { name, stamp, at: At::File(path) }
}

/// Whether a name ends like a picture's.
pub(crate) fn is_picture(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Size and time of the last change.
fn stamp(metadata: &Metadata) -> String {
    let changed = metadata.modified().and_then(|time| time.duration_since(UNIX_EPOCH).map_err(io::Error::other));
    format!("{}-{}", metadata.len(), changed.map_or(0, |since| since.as_nanos()))
}
