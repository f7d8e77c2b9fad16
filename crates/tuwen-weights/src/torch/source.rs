//! A file read in pieces, each compared with the file's length before room is made for it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::error::TorchError;
use crate::WeightsFileError;

/// An open file.
#[derive(Debug)]
pub(super) struct Source<'a> {
    path: &'a Path,
    file: File,
    length: u64,
}

impl<'a> Source<'a> {
    pub(super) fn open(path: &'a Path) -> Result<Self, WeightsFileError> {
        let io = |source| WeightsFileError::Io { path: path.to_path_buf(), source };
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        Ok(Self { path, file, length })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// `count` bytes from `start` on, which belong to `what`.
    pub(super) fn bytes(&self, what: &str, start: u64, count: u64) -> Result<Vec<u8>, WeightsFileError> {
        if start.checked_add(count).is_none_or(|end| end > self.length) {
            let cut = TorchError::Truncated { what: what.to_string(), at: start, needed: count, there: self.length };
            return Err(self.wrong(cut));
        }
        let io = |source| WeightsFileError::Io { path: self.path.to_path_buf(), source };
        let mut bytes = vec![0; count as usize];
        let mut file = &self.file;
        file.seek(SeekFrom::Start(start)).map_err(io)?;
        file.read_exact(&mut bytes).map_err(io)?;
        Ok(bytes)
    }

    /// `error` with the file's name.
    pub(super) fn wrong(&self, error: TorchError) -> WeightsFileError {
        WeightsFileError::Torch { path: self.path.to_path_buf(), source: error }
    }
}

/// A number of `N ≤ 8` bytes at `at`, little-endian; nothing past the end.
pub(super) fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(N)?)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}
