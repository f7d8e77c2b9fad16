//! An annotation file as text, and the JSON elements in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::fields::{Object, parse_object};
use crate::{AnnotationError, Annotations, Fault};

/// A whole file as text.
pub(crate) struct TextFile {
    path: PathBuf,
    text: String,
    expected: &'static str,
}

impl TextFile {
    /// Reads the file at `path`, which should hold what `expected` says. Errors: it can't be read, is no regular file, is
    /// empty, or is not plain UTF-8.
    pub(crate) fn open(path: &Path, expected: &'static str) -> Result<Self, AnnotationError> {
        let io = |source| AnnotationError::Io { path: path.to_owned(), source };
        // Asked before opening: opening a pipe would wait for a writer.
        if !fs::metadata(path).map_err(io)?.is_file() {
            return Err(AnnotationError::NotAFile { path: path.to_owned() });
        }
        let bytes = fs::read(path).map_err(io)?;
        if bytes.is_empty() {
            return Err(AnnotationError::Empty { path: path.to_owned(), expected });
        }
        if let Some(found) = other_encoding(&bytes) {
            return Err(AnnotationError::Encoding { path: path.to_owned(), found });
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
            AnnotationError::NotUtf8 { path: path.to_owned(), line }
        })?;
        Ok(Self { path: path.to_owned(), text, expected })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The whole file as one value.
    pub(crate) fn value<T: DeserializeOwned>(&self) -> Result<T, AnnotationError> {
        serde_json::from_str(&self.text).map_err(|source| self.broken(source))
    }

    /// Each element of the JSON list that the file is.
    pub(crate) fn elements(&self) -> Result<Vec<&str>, AnnotationError> {
        let elements: Vec<&RawValue> = serde_json::from_str(&self.text).map_err(|source| self.broken(source))?;
        Ok(elements.into_iter().map(RawValue::get).collect())
    }

    /// The members of the JSON object that the file is.
    pub(crate) fn members(&self) -> Result<BTreeMap<String, &RawValue>, AnnotationError> {
        serde_json::from_str(&self.text).map_err(|source| self.broken(source))
    }

    /// Each element of the list that the file's object has under `member`.
    pub(crate) fn elements_of(&self, member: &str) -> Result<Vec<&str>, AnnotationError> {
        let members = self.members()?;
        let no_records = || AnnotationError::NoRecords { path: self.path.clone(), expected: self.expected };
        let list = members.get(member).ok_or_else(no_records)?;
        let elements: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|source| self.broken(source))?;
        Ok(elements.into_iter().map(RawValue::get).collect())
    }

    /// Makes a record of each element, an object.
    pub(crate) fn records<T>(
        &self,
        elements: Vec<&str>,
        mut record: impl FnMut(usize, &Object) -> Result<T, Fault>,
    ) -> Result<Annotations<T>, AnnotationError> {
        let outcomes = elements.into_iter().enumerate().map(|(number, element)| {
            (format!("record {number}"), parse_object(element).and_then(|object| record(number, &object)))
        });
        Annotations::collect(&self.path, self.expected, outcomes)
    }

    /// Makes a record of each line; empty lines are passed over.
    pub(crate) fn lines<T>(
        &self,
        mut record: impl FnMut(usize, &str) -> Result<T, Fault>,
    ) -> Result<Annotations<T>, AnnotationError> {
        let lines = self.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let outcomes = lines.enumerate().map(|(n, (at, line))| (format!("line {}", at + 1), record(n, line)));
        Annotations::collect(&self.path, self.expected, outcomes)
    }

    /// Makes a record of each line, which is a JSON object.
    pub(crate) fn json_lines<T>(
        &self,
        mut record: impl FnMut(usize, &Object) -> Result<T, Fault>,
    ) -> Result<Annotations<T>, AnnotationError> {
        self.lines(|number, line| record(number, &parse_object(line)?))
    }

    fn broken(&self, source: serde_json::Error) -> AnnotationError {
        AnnotationError::Broken { path: self.path.clone(), source, expected: self.expected }
    }
}

/// What the first bytes say, if they say something else than plain UTF-8.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        [0xef, 0xbb, 0xbf, ..] => Some("UTF-8 with a byte-order mark"),
        [0x1f, 0x8b, ..] => Some("gzip-compressed"),
        [0, _, ..] | [_, 0, ..] => Some("UTF-16 or binary"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::error_of;

    fn opened(bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.json");
        fs::write(&path, bytes).unwrap();
        let opened = TextFile::open(&path, "a JSON list of objects");
        opened.and_then(|file| file.elements().map(|list| format!("{list:?}"))).unwrap_or_else(|e| error_of(&e, &path))
    }

    #[test]
    fn elements_are_the_list() {
        assert_eq!(opened(b" [1, {\"a\": []}]"), r#"["1", "{\"a\": []}"]"#);
        assert_eq!(opened(b"[]"), "[]");
    }

    #[test]
    fn other_encodings_are_named() {
        let utf16: Vec<u8> = "[1]".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(opened(&[&[0xff, 0xfe][..], &utf16].concat()).starts_with("the text is UTF-16, expected plain UTF-8"));
        assert!(opened(&utf16).starts_with("the text is UTF-16 or binary, expected"));
        assert!(opened(b"\xef\xbb\xbf[1]").starts_with("the text is UTF-8 with a byte-order mark, expected plain"));
        assert!(opened(b"\xff\xfe\0\0").starts_with("the text is UTF-32"));
        assert!(opened(b"\x1f\x8b\x08").starts_with("the text is gzip-compressed"));
        // Latin-1 é in the second line.
        assert!(opened(b"[\"a\",\n\"\xe9\"]").starts_with("line 2 is not UTF-8"));
    }

    #[test]
    fn truncated_and_empty_files_say_so() {
        let expected = "EOF while parsing a list at line 1 column 10, expected a JSON list of objects";
        assert_eq!(
            opened(b"[{\"a\": 1},"),
            "EOF while parsing a value at line 1 column 10, expected a JSON list of objects"
        );
        assert_eq!(opened(b"[{\"a\": 1} "), expected);
        assert_eq!(opened(b""), "the file is empty, expected a JSON list of objects");
        assert!(opened(b"{}").contains("invalid type: map"), "{}", opened(b"{}"));
    }

    #[test]
    fn missing_file_and_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = |path: &Path| TextFile::open(path, "").err().unwrap().to_string();
        assert!(error(&folder.path().join("none.json")).contains("none.json: "));
        assert!(error(folder.path()).ends_with(": not a regular file"));
    }
}
