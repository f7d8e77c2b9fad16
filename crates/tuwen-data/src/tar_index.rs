//! The samples of a WebDataset shard: which entries belong together and where they lie.

use std::io::Cursor;

use tar::{Archive, EntryType};

use crate::RecordError;

/// One file of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TarEntry {
    /// Everything behind the first dot of the base name, in lower case.
    pub(crate) extension: String,
    offset: u64,
    length: u64,
}

impl TarEntry {
    /// The entry's content; an error if the archive ends before it does.
    pub(crate) fn content<'a>(&self, archive: &'a [u8]) -> Result<&'a [u8], RecordError> {
        let rest = usize::try_from(self.offset).ok().and_then(|offset| archive.get(offset..)).unwrap_or_default();
        let content = usize::try_from(self.length).ok().and_then(|length| rest.get(..length));
        content.ok_or(RecordError::CutOff { found: rest.len() as u64, expected: self.length })
    }
}

/// Neighbouring entries with the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TarSample {
    /// The path up to the first dot of its base name, as the archive has it.
    pub(crate) key: Vec<u8>,
    /// The entries in the archive's order.
    pub(crate) entries: Vec<TarEntry>,
}

impl TarSample {
    /// The key for people.
    pub(crate) fn name(&self) -> String {
        String::from_utf8_lossy(&self.key).into_owned()
    }
}

/// All samples of an archive.
#[derive(Debug, Default)]
pub(crate) struct TarIndex {
    pub(crate) samples: Vec<TarSample>,
    /// Why the rest of the archive can't be reached, if it can't.
    pub(crate) damage: Option<RecordError>,
}

/// Walks over the headers of an archive. Entries that are no regular files and those without key or extension are
/// passed over. Nothing is unpacked: a key such as `../x` is a name, not a place.
pub(crate) fn index_tar(archive: &[u8]) -> TarIndex {
    let mut index = TarIndex::default();
    let mut end = 0; // of the last whole entry
    let broken = |end: u64, source| {
        let lost = (archive.len() as u64).saturating_sub(end);
        Some(RecordError::TarHeader { offset: end, source, lost })
    };
    let mut reader = Archive::new(Cursor::new(archive));
    reader.set_ignore_zeros(true); // archives laid end to end with `cat` have an end mark in the middle
    let entries = match reader.entries_with_seek() {
        Ok(entries) => entries,
        Err(source) => return TarIndex { damage: broken(0, source), ..index },
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(source) => return TarIndex { damage: broken(end, source), ..index },
        };
        let (offset, length) = (entry.raw_file_position(), entry.size());
        end = offset.saturating_add(length).checked_next_multiple_of(512).unwrap_or(u64::MAX);
        if matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) {
            index.add(&entry.path_bytes(), offset, length);
        }
    }
    // Zeros mark the end. Where there are none the file was cut; a cut entry says so itself.
    if archive.len() as u64 <= end && index.last_is_whole(archive) {
        index.damage = Some(RecordError::NoTarEnd { offset: archive.len() as u64 });
    }
    index
}

impl TarIndex {
    fn last_is_whole(&self, archive: &[u8]) -> bool {
        self.samples.last().and_then(|sample| sample.entries.last()).is_none_or(|entry| entry.content(archive).is_ok())
    }

    fn add(&mut self, path: &[u8], offset: u64, length: u64) {
        let Some((key, extension)) = split_name(path) else { return };
        let extension = String::from_utf8_lossy(extension).to_lowercase();
        let entry = TarEntry { extension, offset, length };
        match self.samples.last_mut() {
            Some(sample) if sample.key == key => sample.entries.push(entry),
            _ => self.samples.push(TarSample { key: key.to_vec(), entries: vec![entry] }),
        }
    }
}

/// `a.b/c.d.e` is key `a.b/c` and extension `d.e`.
fn split_name(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let base = path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    let dot = base + path[base..].iter().position(|&byte| byte == b'.')?;
    let (key, extension) = (&path[..dot], &path[dot + 1..]);
    (dot > base && !extension.is_empty()).then_some((key, extension))
}

#[cfg(test)]
pub(crate) mod tests {
    use tar::{Builder, Header};

    use super::*;

    /// An archive with these files, in this order; names are taken as they are, `..` included.
    pub(crate) fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (name, content) in files {
            let mut header = Header::new_ustar();
            header.as_ustar_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn names(index: &TarIndex) -> Vec<(String, Vec<&str>)> {
        index.samples.iter().map(|s| (s.name(), s.entries.iter().map(|e| e.extension.as_str()).collect())).collect()
    }

    #[test]
    fn key_ends_at_the_first_dot_of_the_base_name() {
        let split = |path: &'static str| split_name(path.as_bytes());
        assert_eq!(split("a.b/c.d.e"), Some((&b"a.b/c"[..], &b"d.e"[..])));
        assert_eq!(split("../x.jpg"), Some((&b"../x"[..], &b"jpg"[..])));
        for nameless in ["README", ".hidden", "a/.jpg", "a.", "", "a.b/c"] {
            assert_eq!(split(nameless), None, "{nameless}");
        }
    }

    #[test]
    fn neighbours_with_the_same_key_are_a_sample() {
        let archive = tar_of(&[("a.jpg", b"1"), ("a.JSON", b"2"), ("README", b"3"), ("b.jpg", b"4"), ("a.jpg", b"5")]);
        let index = index_tar(&archive);
        let expected = [("a", vec!["jpg", "json"]), ("b", vec!["jpg"]), ("a", vec!["jpg"])];
        assert_eq!(names(&index), expected.map(|(key, extensions)| (key.to_owned(), extensions)));
        assert_eq!(index.samples[0].entries[1].content(&archive).unwrap(), b"2");
        assert!(index.damage.is_none());
    }

    #[test]
    fn long_names_are_whole() {
        let key = "k".repeat(300);
        let mut builder = Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_size(1);
        builder.append_data(&mut header, format!("{key}.jpg"), &b"1"[..]).unwrap();
        let index = index_tar(&builder.into_inner().unwrap());
        assert_eq!(names(&index), [(key, vec!["jpg"])]);
    }

    #[test]
    fn broken_header_hides_the_rest() {
        let mut archive = tar_of(&[("a.jpg", b"1"), ("b.jpg", b"2")]);
        archive[1024] ^= 1; // the second header, after 512 bytes of header and 512 of content
        let index = index_tar(&archive);
        assert_eq!(names(&index), [("a".to_owned(), vec!["jpg"])]);
        let damage = index.damage.unwrap().to_string();
        assert!(damage.starts_with("tar header at byte 1024: "), "{damage}");
        assert!(
            damage.ends_with(&format!("the remaining {} bytes of the file can't be reached", archive.len() - 1024))
        );
    }

    #[test]
    fn missing_end_mark_is_told() {
        let archive = tar_of(&[("a.jpg", b"1")]);
        let index = index_tar(&archive[..1024]);
        assert_eq!(names(&index), [("a".to_owned(), vec!["jpg"])]);
        let expected = "the archive stops at byte 1024 without an end mark: entries may be missing";
        assert_eq!(index.damage.unwrap().to_string(), expected);
    }

    #[test]
    fn archives_laid_end_to_end_are_one() {
        let index = index_tar(&[tar_of(&[("a.jpg", b"1")]), tar_of(&[("b.jpg", b"2")])].concat());
        assert_eq!(index.samples.len(), 2);
        assert!(index.damage.is_none());
    }

    #[test]
    fn entry_behind_the_end_is_cut_off() {
        let archive = tar_of(&[("a.jpg", b"1"), ("b.jpg", b"wxyz")]);
        let cut = &archive[..1024 + 512 + 3];
        let index = index_tar(cut);
        assert_eq!(index.samples[0].entries[0].content(cut).unwrap(), b"1");
        let error = index.samples[1].entries[0].content(cut).unwrap_err().to_string();
        assert_eq!(error, "cut off by the end of the file after 3 bytes, expected 4");
    }
}
