//! TFRecord files of one schema as a source.

use std::borrow::Borrow;
use std::path::{Path, PathBuf};

use prost::Message;

use crate::example::Example;
use crate::parts::Parts;
use crate::shards::shard_files;
use crate::tfrecord::TfRecordFile;
use crate::tfrecord_writer::TfRecordWriter;
use crate::{DataError, QqSchema, Record, Source, TitleField};

/// Names of TFRecord files; the last is TensorFlow's `NAME.tfrecord-00000-of-00010`.
pub(crate) const TFRECORD_NAMES: &[&str] = &["*.tfrecord", "*.tfrecords", "*.tfrecord-*"];

/// The records of one or more TFRecord files, in the order of the files' names.
pub struct TfRecordSource {
    files: Parts<TfRecordFile>,
    schema: QqSchema,
}

impl TfRecordSource {
    /// Opens a file, a folder's `*.tfrecord` files, or the files of a pattern. Any file without a readable record is an
    /// error.
    pub fn open(path: impl AsRef<Path>, schema: QqSchema) -> Result<Self, DataError> {
        Self::from_files(&shard_files(path.as_ref(), TFRECORD_NAMES)?, schema)
    }

    /// Opens these files, in this order.
    pub fn from_files(files: &[PathBuf], schema: QqSchema) -> Result<Self, DataError> {
        TitleField::at_least_one(&schema.titles)?;
        let files = files.iter().map(TfRecordFile::open).collect::<Result<_, _>>()?;
        Ok(Self { files: Parts::new(files, TfRecordFile::len), schema })
    }

    /// The files in order.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.parts().iter().map(TfRecordFile::path)
    }

    /// The example of record `index`, before the schema is applied.
    pub fn example(&self, index: usize) -> Result<Example, DataError> {
        let (file, number) = self.files.locate(index)?;
        let payload = file.shared_payload(number)?;
        Example::decode(payload).map_err(|error| file.unreadable(number, error.into()))
    }
}

impl Source for TfRecordSource {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn read(&self, index: usize) -> Result<Record, DataError> {
        let example = self.example(index)?;
        self.schema.record_from(&example).or_else(|reason| {
            let (file, number) = self.files.locate(index)?;
            Err(file.unreadable(number, reason))
        })
    }
}

/// Writes `records` into one TFRecord file. A record that does not fit the schema ends the writing, and no file is left.
pub fn write_tfrecord(
    path: impl AsRef<Path>,
    schema: &QqSchema,
    records: impl IntoIterator<Item = impl Borrow<Record>>,
) -> Result<(), DataError> {
    let path = path.as_ref();
    let mut writer = TfRecordWriter::create(path)?;
    for record in records {
        let record = record.borrow();
        let example = schema.example_from(record).map_err(|reason| DataError::Unreadable {
            path: path.to_owned(),
            record: format!("`{}`", record.id),
            reason,
        })?;
        writer.write(&example.encode_to_vec())?;
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use tuwen_random::{Draws, Stream};

    use super::*;
    use crate::{Title, Visual};

    const RECORD: Stream = Stream::named("tfrecord.test");

    fn schema() -> QqSchema {
        let titles = vec![TitleField::new("zh", "title_zh"), TitleField::new("en", "title_en")];
        QqSchema { titles, width: NonZeroUsize::new(5).unwrap(), ..QqSchema::default() }
    }

    fn random_text(draws: &Draws, at: u64) -> String {
        let alphabet: Vec<char> = "ab \n\0é猫🏳".chars().collect();
        (0..draws.below(at, 9)).map(|i| alphabet[draws.below(at + 1 + i, alphabet.len() as u64) as usize]).collect()
    }

    /// Any record that the schema can hold: every value an f16.
    fn random_record(number: u64) -> Record {
        let draws = Draws::new(11, RECORD, 0, number);
        let title = |language: &str, at| Title { language: language.to_owned(), text: random_text(&draws, at) };
        let tags = (0..draws.below(0, 4)).map(|i| draws.below(1 + i, 10_000).to_string()).collect();
        let values = 5 * (1 + draws.below(5, 4));
        Record {
            id: number.to_string(),
            titles: vec![title("zh", 20), title("en", 40)],
            tags: (draws.below(6, 3) > 0).then_some(tags),
            visual: Visual::Features {
                values: (0..values).map(|i| draws.below(100 + i, 4001) as f32 / 64.0 - 31.25).collect(),
                width: 5,
            },
        }
    }

    #[test]
    fn random_records_come_back_over_several_files() {
        let folder = tempfile::tempdir().unwrap();
        let records: Vec<Record> = (0..300).map(random_record).collect();
        for (name, part) in [("b.tfrecord", &records[100..]), ("a.tfrecord", &records[..100])] {
            write_tfrecord(folder.path().join(name), &schema(), part).unwrap();
        }
        let source = TfRecordSource::open(folder.path(), schema()).unwrap();
        assert_eq!(source.len(), 300);
        assert_eq!(
            source.files().map(|file| file.file_name().unwrap()).collect::<Vec<_>>(),
            ["a.tfrecord", "b.tfrecord"]
        );
        for (index, record) in records.iter().enumerate() {
            assert_eq!(source.read(index).unwrap(), *record);
        }
        assert!(records.iter().any(|r| r.tags.is_none()) && records.iter().any(|r| r.tags == Some(Vec::new())));
    }

    #[test]
    fn errors_name_file_and_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clips.tfrecord");
        write_tfrecord(&path, &schema(), &[random_record(0), random_record(1)]).unwrap();
        let wide = QqSchema { width: NonZeroUsize::new(6).unwrap(), ..schema() };
        let error = TfRecordSource::open(&path, wide).unwrap().read(1).unwrap_err();
        let reason = "`frame_feature` entry 0 is 10 bytes, expected 12 (6 × f16)";
        assert_eq!(error.to_string(), format!("{}, record 1: {reason}", path.display()));
    }

    #[test]
    fn payload_that_is_no_example() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.tfrecord");
        let mut writer = TfRecordWriter::create(&path).unwrap();
        writer.write(b"\xff\xff\xff").unwrap();
        writer.finish().unwrap();
        let error = TfRecordSource::open(&path, schema()).unwrap().read(0).unwrap_err().to_string();
        assert!(error.contains("record 0: not a `tf.Example`: "), "{error}");
    }

    #[test]
    fn record_that_does_not_fit_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tfrecord");
        let error = write_tfrecord(&path, &QqSchema::default(), &[random_record(3)]).unwrap_err().to_string();
        assert!(error.contains("a.tfrecord, record `3`: features are"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn settings_without_titles_are_refused() {
        let schema = QqSchema { titles: Vec::new(), ..schema() };
        assert!(matches!(TfRecordSource::from_files(&[], schema), Err(DataError::NoTitleFields)));
    }
}
