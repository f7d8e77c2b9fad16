//! The zip archives that `torch.save` writes: `NAME/data.pkl`, and a storage in each `NAME/data/KEY`.
//!
//! - Entries are stored as they are; a compressed one is refused.
//! - 64-bit sizes (zip64) are read where the archive gives them.
//! - An entry is compared with its CRC-32 when all of it is read.

use std::collections::BTreeMap;

use super::error::TorchError;
use super::source::{Source, number};
use crate::WeightsFileError;

const END: u64 = 0x0605_4b50;
const END_64: u64 = 0x0606_4b50;
const LOCATOR_64: u64 = 0x0706_4b50;
const ENTRY: u64 = 0x0201_4b50;
const LOCAL: u64 = 0x0403_4b50;
/// The end record and the longest comment behind it.
const END_SEARCH: u64 = 22 + 65_535;
/// The longest list of entries that is read.
const MOST_LIST: u64 = 256 << 20;

/// The entries of an archive below the folder in which `data.pkl` stands.
#[derive(Debug)]
pub(super) struct Archive<'s> {
    source: &'s Source<'s>,
    entries: BTreeMap<String, Stored>,
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    /// Where its own header begins.
    header: u64,
    size: u64,
    checksum: u32,
    compressed: bool,
}

impl<'s> Archive<'s> {
    /// Reads the list of entries.
    pub(super) fn open(source: &'s Source<'s>) -> Result<Self, WeightsFileError> {
        let refused = |reason: &str| source.wrong(TorchError::Archive { reason: reason.to_string() });
        let (start, size) =
            list_place(source)?.ok_or_else(|| refused("its list of entries is missing: it was cut off"))?;
        if size > MOST_LIST {
            let what = "the list of entries".to_string();
            return Err(source.wrong(TorchError::Oversized { what, size, most: MOST_LIST }));
        }
        let list = source.bytes("the list of entries", start, size)?;
        let entries = parse_list(&list).ok_or_else(|| refused("its list of entries is damaged"))?;
        let mut pickles = entries.keys().filter(|name| *name == "data.pkl" || name.ends_with("/data.pkl"));
        let root = match (pickles.next(), pickles.next()) {
            (Some(name), None) => name.trim_end_matches("data.pkl").to_string(),
            (None, _) => return Err(refused("it holds no `data.pkl`")),
            (Some(_), Some(_)) => return Err(refused("it holds `data.pkl` more than once")),
        };
        let below = entries.into_iter().filter_map(|(name, at)| Some((name.strip_prefix(&root)?.to_string(), at)));
        Ok(Self { source, entries: below.collect() })
    }

    pub(super) fn holds(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// All bytes of `name`, at most `most`.
    pub(super) fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, WeightsFileError> {
        let refused = |reason: String| self.source.wrong(TorchError::Archive { reason });
        let entry = self.entries.get(name).ok_or_else(|| refused(format!("it holds no `{name}`")))?;
        if entry.compressed {
            return Err(refused(format!(
                "`{name}` is compressed, expected as it is, which is how `torch.save` writes"
            )));
        }
        if entry.size > most {
            let what = format!("entry `{name}`");
            return Err(self.source.wrong(TorchError::Oversized { what, size: entry.size, most }));
        }
        let header = self.source.bytes(name, entry.header, 30)?;
        let lengths = number::<2>(&header, 26).zip(number::<2>(&header, 28));
        let Some((name_length, extra)) = lengths.filter(|_| number::<4>(&header, 0) == Some(LOCAL)) else {
            return Err(refused(format!("`{name}` has no header")));
        };
        let bytes = self.source.bytes(name, entry.header + 30 + name_length + extra, entry.size)?;
        let found = crc32fast::hash(&bytes);
        // `torch.save` can be told to leave the checksum out; it is 0 then.
        if entry.checksum != 0 && found != entry.checksum {
            let changed = TorchError::Checksum { entry: name.to_string(), found, expected: entry.checksum };
            return Err(self.source.wrong(changed));
        }
        Ok(bytes)
    }
}

/// Where the list of entries begins, and its size.
fn list_place(source: &Source<'_>) -> Result<Option<(u64, u64)>, WeightsFileError> {
    let tail_start = source.length().saturating_sub(END_SEARCH);
    let tail = source.bytes("the archive", tail_start, source.length() - tail_start)?;
    // The record is whole, and its comment ends where the file does.
    let is_end = |at: usize| {
        let comment = number::<2>(&tail, at + 20).filter(|_| number::<4>(&tail, at) == Some(END));
        comment.is_some_and(|comment| at as u64 + 22 + comment == tail.len() as u64)
    };
    let Some(end) = (0..tail.len()).rev().find(|&at| is_end(at)) else { return Ok(None) };
    let narrow = number::<4>(&tail, end + 16).zip(number::<4>(&tail, end + 12));
    let locator = end.checked_sub(20).filter(|&at| number::<4>(&tail, at) == Some(LOCATOR_64));
    let Some(record) = locator.and_then(|at| number::<8>(&tail, at + 8)) else { return Ok(narrow) };
    let record = source.bytes("the archive's end", record, 56)?;
    let wide = number::<8>(&record, 48).zip(number::<8>(&record, 40));
    Ok(wide.filter(|_| number::<4>(&record, 0) == Some(END_64)))
}

fn parse_list(list: &[u8]) -> Option<BTreeMap<String, Stored>> {
    let (mut entries, mut at) = (BTreeMap::new(), 0);
    while at < list.len() {
        if number::<4>(list, at)? != ENTRY {
            return None;
        }
        let field = |offset: usize| at + offset;
        let lengths = [28, 30, 32].map(|offset| number::<2>(list, field(offset)));
        let [name_length, extra_length, comment_length] = [lengths[0]?, lengths[1]?, lengths[2]?].map(|n| n as usize);
        let name = String::from_utf8_lossy(list.get(field(46)..field(46) + name_length)?).into_owned();
        let extra = list.get(field(46) + name_length..field(46) + name_length + extra_length)?;
        let narrow = [24, 20, 42].map(|offset| number::<4>(list, field(offset)));
        let [size, packed, header] = wide([narrow[0]?, narrow[1]?, narrow[2]?], extra)?;
        let stored = Stored {
            header,
            size,
            checksum: number::<4>(list, field(16))? as u32,
            compressed: number::<2>(list, field(10))? != 0 || size != packed,
        };
        entries.insert(name, stored);
        at = field(46) + name_length + extra_length + comment_length;
    }
    Some(entries)
}

/// Size, packed size and place, each from the 64-bit field if its own is full.
fn wide(narrow: [u64; 3], extra: &[u8]) -> Option<[u64; 3]> {
    const FULL: u64 = 0xffff_ffff;
    let mut at = 0;
    while let (Some(kind), Some(length)) = (number::<2>(extra, at), number::<2>(extra, at + 2)) {
        if kind == 1 {
            let mut next = at + 4;
            let mut values = narrow;
            for value in values.iter_mut().filter(|value| **value == FULL) {
                *value = number::<8>(extra, next)?;
                next += 8;
            }
            return Some(values);
        }
        at += 4 + length as usize;
    }
    Some(narrow)
}
