//! A run's folder belongs to one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use crate::TrainError;

/// Held while a run writes into its folder. The system lets go of it when the process ends, however it ends; the empty file
/// `lock` stays and means nothing by itself.
#[derive(Debug)]
pub(crate) struct RunLock {
    file: File,
}

impl Drop for RunLock {
    /// Lets go before the file is closed: a child that is just being started has the file too, until it runs its program.
    fn drop(&mut self) {
        let _ = self.file.unlock(); // closing lets go as well
    }
}

impl RunLock {
    /// Takes `folder`, which has to be there; an error that names it if another process has it. Where the file system knows
    /// no locks, the folder is taken without one.
    pub(crate) fn take(folder: &Path) -> Result<Self, TrainError> {
        let path = folder.join("lock");
        let io = |error| TrainError::io(&path, error);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(Self { file }),
            Err(TryLockError::Error(error)) => Err(io(error)),
            Err(TryLockError::WouldBlock) => Err(TrainError::RunBusy { folder: folder.to_path_buf() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = RunLock::take(folder.path()).unwrap();
        let error = RunLock::take(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with(&folder.path().display().to_string()), "{error}");
        assert!(error.contains("another process"), "{error}");
        drop(first);
        RunLock::take(folder.path()).unwrap();
    }
}
