//! A file mapped into memory for reading.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use prost::bytes::Bytes;

use crate::{DataError, RecordError};

/// A regular, non-empty file as a slice of bytes. It must not change while it is open.
pub(crate) struct MappedFile {
    path: PathBuf,
    map: Bytes,
}

impl MappedFile {
    /// Maps the file at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let io = |source| DataError::Io { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(io)?;
        // Asked before opening: opening a pipe would wait for a writer.
        if !metadata.is_file() {
            return Err(io(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
        }
        if metadata.len() == 0 {
            return Err(DataError::EmptyFile { path: path.to_owned() });
        }
        let file = File::open(path).map_err(io)?;
        // SAFETY: the map is read only. A data set is not written while it is read; should someone do it all the same,
        // the checksums and parsers see changed bytes and report them.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) }.map_err(io)?;
        Ok(Self { path: path.to_owned(), map: Bytes::from_owner(map) })
    }

    /// The whole file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// A part of [`MappedFile::bytes`] that holds the map open by itself.
    pub(crate) fn share(&self, part: &[u8]) -> Bytes {
        self.map.slice_ref(part)
    }

    /// The file's path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The error for one record of this file.
    pub(crate) fn unreadable(&self, record: impl ToString, reason: RecordError) -> DataError {
        DataError::Unreadable { path: self.path.clone(), record: record.to_string(), reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty");
        fs::write(&path, b"").unwrap();
        let error = MappedFile::open(&path).err().unwrap();
        assert!(matches!(error, DataError::EmptyFile { .. }), "{error}");
    }

    #[test]
    fn missing_file_and_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("nowhere"), folder.path().to_owned()] {
            let error = MappedFile::open(&path).err().unwrap();
            assert!(matches!(error, DataError::Io { .. }), "{error}");
            assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
        }
    }
}
