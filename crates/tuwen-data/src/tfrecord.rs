//! The TFRecord framing, read with checks and random access. Written: `tfrecord_writer.rs`.
//!
//! - A file is frames, one after the other: no header, no footer, no padding.
//! - A frame is `length` (u64), `length_crc` (u32), `length` bytes of payload, `payload_crc` (u32).
//! - All integers are little-endian.
//! - `length_crc` covers the eight bytes of `length`, `payload_crc` the payload.
//! - A checksum is CRC-32C (Castagnoli) masked: rotated right by 15 bits, then `0xa282ead8` added, modulo 2³².
//! - A payload may be empty. What it means is not the framing's affair.
//! - The index holds the place of every payload; it is built by one walk over the lengths when the file is opened.
//! - Forbidden: an empty file, or one broken before its first frame ends. Opening it fails.
//! - Forbidden: an end of file inside a frame. The frames before it are read, the last one is reported as cut off.
//! - Forbidden: a `length` that does not fit `length_crc`. The frames before it are read; the rest of the file can't be
//!   reached, which is reported as one record.
//! - Forbidden: a payload that does not fit `payload_crc`. That record alone is lost; it shows when it is read.
//! - Forbidden: compression of the whole file. It looks like a broken first length.
//!
//! Source: `tensorflow/core/lib/io/record_writer.h`. The QQ reader ignores the checksums; this one does not.

use std::path::Path;

use prost::bytes::Bytes;

use crate::mapped::MappedFile;
use crate::{DataError, RecordError};

/// Bytes of a frame besides its payload.
const FRAME_BYTES: u64 = 8 + 4 + 4;

/// CRC-32C of `bytes`, masked as TFRecord stores it.
pub(crate) fn masked_crc32c(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Where a payload lies in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    offset: usize,
    length: usize,
}

/// The payloads of a file, and what ends the walk early.
#[derive(Debug)]
struct Frames {
    spans: Vec<Span>,
    damage: Option<RecordError>,
}

/// Walks over the lengths of all frames.
fn scan(bytes: &[u8]) -> Frames {
    let mut spans = Vec::new();
    let mut offset = 0;
    while offset < bytes.len() {
        match frame_at(bytes, offset) {
            Ok(span) => {
                spans.push(span);
                offset = span.offset + span.length + 4;
            }
            Err(damage) => return Frames { spans, damage: Some(damage) },
        }
    }
    Frames { spans, damage: None }
}

/// The payload of the frame that starts at `offset`.
fn frame_at(bytes: &[u8], offset: usize) -> Result<Span, RecordError> {
    let rest = &bytes[offset..];
    let found = rest.len() as u64;
    let Some((length, after)) = rest.split_first_chunk::<8>() else {
        return Err(RecordError::CutOff { found, expected: FRAME_BYTES });
    };
    let Some(stored) = after.first_chunk::<4>().map(|crc| u32::from_le_bytes(*crc)) else {
        return Err(RecordError::CutOff { found, expected: FRAME_BYTES });
    };
    let computed = masked_crc32c(length);
    if stored != computed {
        return Err(RecordError::LengthChecksum { offset: offset as u64, stored, computed, lost: found });
    }
    let length = u64::from_le_bytes(*length);
    let expected = length.saturating_add(FRAME_BYTES);
    if expected > found {
        return Err(RecordError::CutOff { found, expected });
    }
    Ok(Span { offset: offset + 12, length: length as usize })
}

/// The payload at `span`, checked.
fn payload_at(bytes: &[u8], span: Span) -> Result<&[u8], RecordError> {
    let (payload, after) = bytes[span.offset..].split_at(span.length);
    let mut stored = [0; 4];
    stored.copy_from_slice(&after[..4]);
    let (stored, computed) = (u32::from_le_bytes(stored), masked_crc32c(payload));
    if stored == computed { Ok(payload) } else { Err(RecordError::PayloadChecksum { stored, computed }) }
}

/// Whether `bytes` start like a TFRecord file: a length and its checksum.
pub(crate) fn looks_like_tfrecord(bytes: &[u8]) -> bool {
    bytes.len() >= 12 && !matches!(frame_at(bytes, 0), Err(RecordError::LengthChecksum { .. }))
}

/// A TFRecord file, mapped into memory and indexed. It must not change while it is open.
pub struct TfRecordFile {
    file: MappedFile,
    frames: Frames,
}

impl TfRecordFile {
    /// Opens the file and walks over its lengths. Fails if it is empty or broken before its first frame ends.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let file = MappedFile::open(path.as_ref())?;
        let frames = scan(file.bytes());
        match frames {
            Frames { spans, damage: Some(reason) } if spans.is_empty() => {
                Err(DataError::NothingReadable { path: file.path().to_owned(), reason })
            }
            frames => Ok(Self { file, frames }),
        }
    }

    /// How many records there are; a broken rest of the file counts as one.
    pub fn len(&self) -> usize {
        self.frames.spans.len() + usize::from(self.frames.damage.is_some())
    }

    /// Whether there is no record; never true of an opened file.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The payload of record `index`, once its checksum is found right.
    pub fn payload(&self, index: usize) -> Result<&[u8], DataError> {
        let payload = match self.frames.spans.get(index) {
            Some(&span) => payload_at(self.file.bytes(), span),
            // The rest of the file is looked at once more, for an error of its own.
            None if index < self.len() => frame_at(self.file.bytes(), self.end()).map(|_| [].as_slice()),
            None => return Err(DataError::NoSuchRecord { index, length: self.len() }),
        };
        payload.map_err(|reason| self.unreadable(index, reason))
    }

    /// As [`TfRecordFile::payload`], as a part of the map that holds it open.
    pub(crate) fn shared_payload(&self, index: usize) -> Result<Bytes, DataError> {
        Ok(self.file.share(self.payload(index)?))
    }

    /// The error for record `index` of this file.
    pub(crate) fn unreadable(&self, index: usize, reason: RecordError) -> DataError {
        self.file.unreadable(index, reason)
    }

    /// Where the last whole frame ends.
    fn end(&self) -> usize {
        self.frames.spans.last().map_or(0, |span| span.offset + span.length + 4)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::TfRecordWriter;

    /// A file with the payloads `abc` and `` and `wxyz`: frames of 19, 16 and 20 bytes.
    fn written() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tfrecord");
        let mut writer = TfRecordWriter::create(&path).unwrap();
        for payload in ["abc", "", "wxyz"] {
            writer.write(payload.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        let bytes = fs::read(&path).unwrap();
        (folder, path, bytes)
    }

    #[test]
    fn checksum_is_tensorflows() {
        // A length of 0 as TensorFlow writes it: 00 00 00 00 00 00 00 00 29 03 98 07.
        assert_eq!(masked_crc32c(&[0; 8]), u32::from_le_bytes([0x29, 0x03, 0x98, 0x07]));
    }

    #[test]
    fn written_payloads_come_back() {
        let (_folder, path, bytes) = written();
        assert_eq!(bytes.len(), 19 + 16 + 20);
        let file = TfRecordFile::open(&path).unwrap();
        let payloads: Vec<&[u8]> = (0..file.len()).map(|i| file.payload(i).unwrap()).collect();
        assert_eq!(payloads, [b"abc".as_slice(), b"", b"wxyz"]);
        assert!(matches!(file.payload(3), Err(DataError::NoSuchRecord { index: 3, length: 3 })));
    }

    #[test]
    fn flipped_payload_bit_loses_that_record_only() {
        let (_folder, path, mut bytes) = written();
        bytes[12] ^= 1; // the `a`
        fs::write(&path, bytes).unwrap();
        let file = TfRecordFile::open(&path).unwrap();
        let error = file.payload(0).unwrap_err().to_string();
        assert!(error.contains("a.tfrecord, record 0: payload checksum is `0x"), "{error}");
        assert_eq!(file.payload(2).unwrap(), b"wxyz");
    }

    #[test]
    fn truncated_tail_loses_the_last_record() {
        let (_folder, path, bytes) = written();
        for (cut, message) in [(54, "after 19 bytes, expected 20"), (40, "after 5 bytes, expected 16")] {
            fs::write(&path, &bytes[..cut]).unwrap();
            let file = TfRecordFile::open(&path).unwrap();
            assert_eq!((file.len(), file.payload(0).unwrap(), file.payload(1).unwrap()), (3, &b"abc"[..], &b""[..]));
            let error = file.payload(2).unwrap_err().to_string();
            assert!(error.ends_with(&format!("record 2: cut off by the end of the file {message}")), "{error}");
        }
    }

    #[test]
    fn corrupt_length_hides_the_rest() {
        let (_folder, path, mut bytes) = written();
        bytes[19] ^= 1; // the second frame's length
        fs::write(&path, bytes).unwrap();
        let file = TfRecordFile::open(&path).unwrap();
        assert_eq!((file.len(), file.payload(0).unwrap()), (2, &b"abc"[..]));
        let error = file.payload(1).unwrap_err().to_string();
        assert!(error.contains("record 1: length checksum at byte 19 is"), "{error}");
        assert!(error.ends_with("the remaining 36 bytes of the file can't be reached"), "{error}"); // 16 + 20
    }

    #[test]
    fn nothing_readable_is_refused() {
        let (_folder, path, mut bytes) = written();
        fs::write(&path, b"").unwrap();
        assert!(matches!(TfRecordFile::open(&path), Err(DataError::EmptyFile { .. })));
        bytes[0] ^= 1;
        fs::write(&path, bytes).unwrap();
        let error = TfRecordFile::open(&path).err().unwrap().to_string();
        assert!(error.contains("nothing readable, length checksum at byte 0"), "{error}");
    }

    #[test]
    fn absurd_length_is_cut_off() {
        let length = u64::MAX.to_le_bytes();
        let bytes = [&length[..], &masked_crc32c(&length).to_le_bytes()].concat();
        assert!(matches!(scan(&bytes).damage, Some(RecordError::CutOff { found: 12, expected: u64::MAX })));
    }
}
