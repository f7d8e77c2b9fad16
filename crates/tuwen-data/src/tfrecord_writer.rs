//! Writes the TFRecord framing that `tfrecord.rs` describes and reads.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::DataError;
use crate::tfrecord::masked_crc32c;

/// Writes a TFRecord file: beside its place, then renamed, so that a file of that name is always whole.
pub struct TfRecordWriter {
    out: BufWriter<File>,
    path: PathBuf,
    partial: PathBuf,
}

impl TfRecordWriter {
    /// Starts `PATH.partial`.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref().to_owned();
        let mut partial = path.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let file = File::create(&partial).map_err(|source| DataError::Io { path: partial.clone(), source })?;
        Ok(Self { out: BufWriter::new(file), path, partial })
    }

    /// Appends one record.
    pub fn write(&mut self, payload: &[u8]) -> Result<(), DataError> {
        write_frame(&mut self.out, payload).map_err(|source| DataError::Io { path: self.partial.clone(), source })
    }

    /// Writes what is buffered and gives the file its name. Without this call the file is thrown away.
    pub fn finish(mut self) -> Result<(), DataError> {
        let written = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        let renamed = written.and_then(|()| fs::rename(&self.partial, &self.path));
        renamed.map_err(|source| DataError::Io { path: self.path.clone(), source })
    }
}

impl Drop for TfRecordWriter {
    fn drop(&mut self) {
        // After `finish` there is no such file; and a destructor has nobody to report to.
        let _ = fs::remove_file(&self.partial);
    }
}

/// Writes `payload` as one frame, for files that grow while they are read, as event files do.
pub fn write_frame(out: &mut impl Write, payload: &[u8]) -> io::Result<()> {
    let length = (payload.len() as u64).to_le_bytes();
    out.write_all(&length)?;
    out.write_all(&masked_crc32c(&length).to_le_bytes())?;
    out.write_all(payload)?;
    out.write_all(&masked_crc32c(payload).to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_file_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = TfRecordWriter::create(folder.path().join("a.tfrecord")).unwrap();
        writer.write(b"abc").unwrap();
        drop(writer);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
