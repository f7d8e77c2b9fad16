//! The fields of a record as they lie in the file, whatever they are called.

use std::path::{Path, PathBuf};

use super::field_value::FieldValue;
use crate::webdataset::json_of;
use crate::{AnnotationSource, DataError, DataFormat, Source, TfRecordSource, WebDatasetSource};

/// The fields of one record by name.
pub(crate) type Fields = Vec<(String, FieldValue)>;

/// A source whose records can be looked at field by field.
pub(crate) trait Survey: Source {
    /// The files, in order.
    fn files(&self) -> Vec<PathBuf>;

    /// All fields of record `index`.
    fn fields(&self, index: usize) -> Result<Fields, DataError>;
}

/// Opens the files that `path` means.
pub(crate) fn open_survey(format: &DataFormat, path: &Path) -> Result<Box<dyn Survey>, DataError> {
    Ok(match format.clone() {
        DataFormat::TfRecord(schema) => Box::new(TfRecordSource::open(path, schema)?),
        DataFormat::WebDataset(fields) => Box::new(WebDatasetSource::open(path, fields)?),
        DataFormat::Annotation(fields) => Box::new(AnnotationSource::open(path, fields)?),
    })
}

impl Survey for TfRecordSource {
    fn files(&self) -> Vec<PathBuf> {
        self.files().map(Path::to_owned).collect()
    }

    fn fields(&self, index: usize) -> Result<Fields, DataError> {
        let features = self.example(index)?.features.unwrap_or_default().feature;
        Ok(features.iter().map(|(name, feature)| (name.clone(), FieldValue::of_feature(feature))).collect())
    }
}

impl Survey for WebDatasetSource {
    fn files(&self) -> Vec<PathBuf> {
        self.files().map(Path::to_owned).collect()
    }

    /// The JSON's fields by their names, other entries by their extensions with a dot.
    fn fields(&self, index: usize) -> Result<Fields, DataError> {
        self.with_sample(index, |archive, sample| {
            let mut fields = Fields::new();
            for entry in sample.entries.iter().filter(|entry| entry.extension != "json") {
                fields.push((format!(".{}", entry.extension), FieldValue::of_entry(entry.content(archive)?)));
            }
            let object = json_of(archive, sample)?.unwrap_or_default();
            fields.extend(object.iter().map(|(name, value)| (name.clone(), FieldValue::of_json(value))));
            Ok(fields)
        })
    }
}

impl Survey for AnnotationSource {
    fn files(&self) -> Vec<PathBuf> {
        self.files().map(Path::to_owned).collect()
    }

    fn fields(&self, index: usize) -> Result<Fields, DataError> {
        let object = self.object(index)?;
        Ok(object.iter().map(|(name, value)| (name.clone(), FieldValue::of_json(value))).collect())
    }
}
