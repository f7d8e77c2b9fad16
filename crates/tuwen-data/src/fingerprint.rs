//! What tells one set of files from another, without reading all of it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::annotation::ANNOTATION_NAMES;
use crate::shards::shard_files;
use crate::tfrecord_source::TFRECORD_NAMES;
use crate::webdataset::SHARD_NAMES;
use crate::{DataError, DataFormat};

/// So much is read of a file's begin, middle and end.
const PART: u64 = 16 << 10;

/// A set of files in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// How many.
    pub files: usize,
    /// Their bytes together.
    pub bytes: u64,
    /// The first half of a SHA-256 over each file's name, size, and 16 KiB of its begin, middle and end, in hexadecimal.
    pub digest: String,
}

/// The fingerprint of the files that `path` means, as [`crate::open_source`] finds them. A change that keeps a file's size and
/// lies between the parts that are read is not seen; nor are the pictures that an annotation list names. Errors: no file, or
/// one that can't be read.
pub fn fingerprint(format: &DataFormat, path: impl AsRef<Path>) -> Result<Fingerprint, DataError> {
    let names = match format {
        DataFormat::TfRecord(_) => TFRECORD_NAMES,
        DataFormat::WebDataset(_) => SHARD_NAMES,
        DataFormat::Annotation(_) => ANNOTATION_NAMES,
    };
    fingerprint_of(&shard_files(path.as_ref(), names)?)
}

/// The fingerprint of these files, in this order. Errors: one that can't be read.
pub fn fingerprint_of(files: &[PathBuf]) -> Result<Fingerprint, DataError> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    for file in files {
        bytes += add(file, &mut hash).map_err(|source| DataError::Io { path: PathBuf::clone(file), source })?;
    }
    let half = &hash.finalize()[..16];
    Ok(Fingerprint { files: files.len(), bytes, digest: half.iter().map(|byte| format!("{byte:02x}")).collect() })
}

/// Adds a file to `hash`; returns its size.
fn add(path: &Path, hash: &mut Sha256) -> std::io::Result<u64> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name.as_bytes());
    hash.update(size.to_le_bytes());
    for start in [0, (size / 2).saturating_sub(PART / 2), size.saturating_sub(PART)] {
        file.seek(SeekFrom::Start(start))?;
        let mut part = Vec::new();
        (&mut file).take(PART).read_to_end(&mut part)?;
        hash.update(&part);
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WebDatasetFields;

    fn print(files: &[(&str, &[u8])]) -> Fingerprint {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        fingerprint(&DataFormat::WebDataset(WebDatasetFields::default()), folder.path()).unwrap()
    }

    #[test]
    fn the_same_files_anywhere_have_the_same_fingerprint() {
        let files: [(&str, &[u8]); 2] = [("a.tar", b"one"), ("b.tar", b"two")];
        assert_eq!(print(&files), print(&files));
        assert_eq!((print(&files).files, print(&files).bytes), (2, 6));
    }

    #[test]
    fn a_name_a_size_and_a_byte_make_another_one() {
        let digest = |name: &str, content: &[u8]| print(&[(name, content)]).digest;
        let long = vec![0; 200_000];
        let changed = |place: usize| {
            let mut changed = long.clone();
            changed[place] = 1;
            digest("a.tar", &changed)
        };
        let whole = digest("a.tar", &long);
        for other in
            [digest("b.tar", &long), digest("a.tar", &long[1..]), changed(0), changed(100_000), changed(199_999)]
        {
            assert_ne!(whole, other);
        }
    }

    #[test]
    fn no_file_is_an_error() {
        let format = DataFormat::WebDataset(WebDatasetFields::default());
        assert!(matches!(fingerprint(&format, "nowhere/*.tar"), Err(DataError::NoFiles { .. })));
    }
}
