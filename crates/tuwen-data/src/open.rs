//! From a format's settings and a path to a source, and from a path to its format.

use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::annotation::ANNOTATION_NAMES;
use crate::shards::shard_files;
use crate::tfrecord::looks_like_tfrecord;
use crate::tfrecord_source::TFRECORD_NAMES;
use crate::webdataset::SHARD_NAMES;
use crate::{
    AnnotationFields, AnnotationSource, DataError, QqSchema, Source, TfRecordSource, WebDatasetFields, WebDatasetSource,
};

/// A format and its settings: `kind = "webdataset"` and what else that format takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum DataFormat {
    /// TFRecord files of `tf.Example`s with frame features.
    TfRecord(QqSchema),
    /// WebDataset shards: pictures or strips of frames beside their JSON.
    WebDataset(WebDatasetFields),
    /// A JSON list of images and captions.
    Annotation(AnnotationFields),
}

impl DataFormat {
    /// The format's name, as settings have it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TfRecord(_) => "tfrecord",
            Self::WebDataset(_) => "webdataset",
            Self::Annotation(_) => "annotation",
        }
    }
}

/// Opens the files that `path` means (a file, a folder or a pattern) as `format` says.
pub fn open_source(format: &DataFormat, path: impl AsRef<Path>) -> Result<Box<dyn Source>, DataError> {
    Ok(match format.clone() {
        DataFormat::TfRecord(schema) => Box::new(TfRecordSource::open(path, schema)?),
        DataFormat::WebDataset(fields) => Box::new(WebDatasetSource::open(path, fields)?),
        DataFormat::Annotation(fields) => Box::new(AnnotationSource::open(path, fields)?),
    })
}

/// The format of the first file that `path` means, with default settings. The content decides, and where it says
/// nothing, as in a broken file, the name does.
pub fn detect(path: impl AsRef<Path>) -> Result<DataFormat, DataError> {
    let path = path.as_ref();
    let names: Vec<&str> = [SHARD_NAMES, TFRECORD_NAMES, ANNOTATION_NAMES].concat();
    let unknown = || DataError::UnknownFormat { path: path.to_owned() };
    let files = shard_files(path, &names)?;
    // A folder of shards often holds a JSON file about them, too; it comes last.
    let named = |names: &[&str]| files.iter().find(|file| has_name(file, names));
    let file = named(SHARD_NAMES).or_else(|| named(TFRECORD_NAMES)).or(files.first()).ok_or_else(unknown)?;
    let start = start_of(file).map_err(|source| DataError::Io { path: file.clone(), source })?;
    detect_content(&start).or_else(|| detect_name(file)).ok_or_else(|| DataError::UnknownFormat { path: file.clone() })
}

fn detect_content(start: &[u8]) -> Option<DataFormat> {
    if start.get(257..262) == Some(b"ustar") {
        Some(DataFormat::WebDataset(WebDatasetFields::default()))
    } else if looks_like_tfrecord(start) {
        Some(DataFormat::TfRecord(QqSchema::default()))
    } else if start.trim_ascii_start().starts_with(b"[") {
        Some(DataFormat::Annotation(AnnotationFields::default()))
    } else {
        None
    }
}

fn detect_name(file: &Path) -> Option<DataFormat> {
    if has_name(file, SHARD_NAMES) {
        Some(DataFormat::WebDataset(WebDatasetFields::default()))
    } else if has_name(file, TFRECORD_NAMES) {
        Some(DataFormat::TfRecord(QqSchema::default()))
    } else if has_name(file, ANNOTATION_NAMES) {
        Some(DataFormat::Annotation(AnnotationFields::default()))
    } else {
        None
    }
}

fn has_name(file: &Path, names: &[&str]) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    names.iter().any(|pattern| glob::Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(&name)))
}

/// The first block of a file.
fn start_of(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    std::fs::File::open(file)?.take(512).read_to_end(&mut start)?;
    Ok(start)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::TitleField;
    use crate::tar_index::tests::tar_of;

    fn settings(text: &str) -> Result<DataFormat, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_are_a_format_and_its_fields() {
        assert_eq!(settings("kind = \"tfrecord\""), Ok(DataFormat::TfRecord(QqSchema::default())));
        let titles = vec![TitleField::new("en", "caption_en")];
        let expected = DataFormat::WebDataset(WebDatasetFields { titles, ..WebDatasetFields::default() });
        let text = "kind = \"webdataset\"\ntitles = [{ language = \"en\", field = \"caption_en\" }]";
        assert_eq!(settings(text), Ok(expected.clone()));
        assert_eq!(settings(&toml::to_string(&expected).unwrap()), Ok(expected));
    }

    #[test]
    fn unknown_format_and_unknown_setting_are_refused() {
        assert!(settings("kind = \"parquet\"").unwrap_err().contains("unknown variant `parquet`"));
        assert!(settings("kind = \"annotation\"\nimages = \"x\"").unwrap_err().contains("unknown field `images`"));
    }

    /// Writes `bytes` under `name` and detects the format.
    fn detected(name: &str, bytes: &[u8]) -> Result<&'static str, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
        let format = detect(folder.path().join(name)).map_err(|error| error.to_string());
        format.map(|format| format.name())
    }

    #[test]
    fn content_tells_the_format() {
        assert_eq!(detected("x", &tar_of(&[("a.jpg", b"1")])), Ok("webdataset"));
        assert_eq!(detected("x", b" \n[{}]"), Ok("annotation"));
        let empty_frame = [&[0; 8][..], &[0x29, 0x03, 0x98, 0x07], &[0; 4]].concat();
        assert_eq!(detected("x", &empty_frame), Ok("tfrecord"));
        assert!(detected("x", b"hello").unwrap_err().contains("unknown format, expected TFRecord frames"));
    }

    #[test]
    fn name_tells_the_format_of_a_broken_file() {
        assert_eq!(detected("a.tar", b"hello"), Ok("webdataset"));
        assert_eq!(detected("a.tfrecord-00000-of-00002", b""), Ok("tfrecord"));
        assert_eq!(detected("a.json", b"{"), Ok("annotation"));
    }

    #[test]
    fn folder_is_opened_as_detected() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("about.json"), b"{}").unwrap();
        fs::write(folder.path().join("b.tar"), tar_of(&[("a.jpg", b"1"), ("a.json", br#"{"caption": "a cat"}"#)]))
            .unwrap();
        let source = open_source(&detect(folder.path()).unwrap(), folder.path()).unwrap();
        assert_eq!((source.len(), source.read(0).unwrap().id), (1, "a".to_owned()));
    }
}
