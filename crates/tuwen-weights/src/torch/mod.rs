//! Files that `torch.save` writes, `.pth`, `.pt` and `.bin`: zip archives, and the streams of before PyTorch 1.6.

mod archive;
mod calls;
mod dict;
mod error;
mod globals;
mod machine;
mod numbers;
mod pickle;
mod source;
mod stream;

use std::collections::BTreeMap;
use std::path::Path;

use archive::Archive;
use dict::StateDict;
use numbers::Numbers;
use pickle::{Entry, Storage};
use source::Source;

pub use error::TorchError;

use crate::saved::Saved;
use crate::{Integers, Weights, WeightsFileError};

/// Bytes of a pickle: names, shapes and what stands beside them, never the numbers.
const MOST_PICKLE: u64 = 64 << 20;
/// How often all tensors together may be as large as their file; tied weights stand in it once.
const MOST_TIMES: u64 = 4;

/// How archives and streams begin.
pub(crate) const ARCHIVE: &[u8] = b"PK\x03\x04";
pub(crate) const STREAM: &[u8] = &[0x80];

/// Reads a zip archive.
pub(crate) fn read_archive(path: &Path) -> Result<Saved, WeightsFileError> {
    let source = Source::open(path)?;
    let archive = Archive::open(&source)?;
    if archive.holds("byteorder") && archive.read("byteorder", 16)? != b"little" {
        return Err(source.wrong(TorchError::BigEndian));
    }
    let graph = pickle::read(&archive.read("data.pkl", MOST_PICKLE)?).map_err(|error| source.wrong(error))?;
    collect(&source, StateDict::of(&graph), |storage| archive.read(&format!("data/{}", storage.key), source.length()))
}

/// Reads a stream of before PyTorch 1.6.
pub(crate) fn read_stream(path: &Path) -> Result<Saved, WeightsFileError> {
    let source = Source::open(path)?;
    let (graph, storages) = stream::read(&source)?;
    collect(&source, StateDict::of(&graph), |storage| {
        let missing = || source.wrong(TorchError::Archive { reason: format!("it holds no storage `{}`", storage.key) });
        let (start, bytes) = storages.get(&storage.key).copied().ok_or_else(missing)?;
        source.bytes(&format!("storage `{}`", storage.key), start, bytes)
    })
}

/// The tensors of `dict`; each storage is read once.
fn collect(
    source: &Source<'_>,
    dict: StateDict,
    read: impl Fn(&Storage) -> Result<Vec<u8>, WeightsFileError>,
) -> Result<Saved, WeightsFileError> {
    let StateDict { tensors, wrapped, beside } = dict;
    check(source, &tensors)?;
    let mut by_storage: BTreeMap<String, Vec<(String, Entry)>> = BTreeMap::new();
    for (name, entry) in tensors {
        by_storage.entry(entry.storage.key.clone()).or_default().push((name, entry));
    }
    let (mut weights, mut integers) = (Weights::new(), Integers::new());
    for entries in by_storage.values() {
        let bytes = read(&entries[0].1.storage)?;
        for (name, entry) in entries {
            let expected = entry.storage.count.saturating_mul(entry.storage.element.size() as u64);
            if bytes.len() as u64 != expected {
                let reason = format!("its storage has {} bytes, expected {expected}", bytes.len());
                return Err(source.wrong(TorchError::Tensor { name: name.clone(), reason }));
            }
            match entry.numbers(&bytes) {
                Numbers::Floats(tensor) => _ = weights.insert(name.clone(), tensor),
                Numbers::Integers(tensor) => _ = integers.insert(name.clone(), tensor),
            }
        }
    }
    Ok(Saved { weights, integers, wrapped, beside })
}

/// Refuses tensors that their storages can't fill, before any room is made for one.
fn check(source: &Source<'_>, tensors: &[(String, Entry)]) -> Result<(), WeightsFileError> {
    let mut all = 0_u64;
    for (name, entry) in tensors {
        if let Some(reason) = entry.fault() {
            return Err(source.wrong(TorchError::Tensor { name: name.clone(), reason }));
        }
        let bytes = entry.count().unwrap_or(u64::MAX).saturating_mul(entry.storage.element.size() as u64);
        all = all.saturating_add(bytes);
    }
    let most = source.length().saturating_mul(MOST_TIMES);
    if all > most {
        return Err(source.wrong(TorchError::Oversized { what: "all tensors together".into(), size: all, most }));
    }
    Ok(())
}
