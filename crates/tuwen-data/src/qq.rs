//! The schema of the QQ browser video set: what the features of a `tf.Example` mean, in both directions.
//!
//! - `id`: one byte string, UTF-8.
//! - `tag_id`: integers. An absent feature says nothing about tags; an empty one says that there are none.
//! - `title`: one byte string, UTF-8, may be empty. More byte strings are more titles.
//! - `frame_feature`: a byte string per frame, each `width` little-endian f16; at least one frame, all values finite.
//! - Other features, such as `category_id` and `asr_text`, are passed over unless the settings name them.

use std::num::NonZeroUsize;

use half::f16;
use half::slice::HalfFloatSliceExt;
use prost::bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::example::{Example, Feature, Kind};
use crate::{Record, RecordError, Title, TitleField, Visual};

/// Feature names and the width of a frame; the default is the QQ set's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QqSchema {
    /// The feature with the record's id: `id`.
    pub id: String,
    /// The features with titles: `title`.
    pub titles: Vec<TitleField>,
    /// The feature with the tags: `tag_id`.
    pub tags: String,
    /// The feature with the frames: `frame_feature`.
    pub frames: String,
    /// Values in a frame: 1536.
    pub width: NonZeroUsize,
}

impl Default for QqSchema {
    fn default() -> Self {
        Self {
            id: "id".to_owned(),
            titles: TitleField::only("title"),
            tags: "tag_id".to_owned(),
            frames: "frame_feature".to_owned(),
            width: const { NonZeroUsize::new(1536).unwrap() },
        }
    }
}

impl QqSchema {
    /// Reads a record out of an example.
    pub fn record_from(&self, example: &Example) -> Result<Record, RecordError> {
        let mut titles = Vec::new();
        for TitleField { language, field } in &self.titles {
            let texts = texts_of(example, field)?;
            titles.extend(texts.into_iter().map(|text| Title { language: language.clone(), text }));
        }
        Ok(Record {
            id: texts_of(example, &self.id)?.swap_remove(0),
            titles,
            tags: self.tags_of(example)?,
            visual: self.frames_of(example)?,
        })
    }

    /// Whole numbers as decimal digits; texts, as other sets have them, as they stand.
    fn tags_of(&self, example: &Example) -> Result<Option<Vec<String>>, RecordError> {
        let field = &self.tags;
        let Some(feature) = example.feature(field) else { return Ok(None) };
        match &feature.kind {
            None => Ok(Some(Vec::new())),
            Some(Kind::Int64(list)) => Ok(Some(list.value.iter().map(i64::to_string).collect())),
            Some(Kind::Bytes(list)) => {
                list.value.iter().map(|tag| text(tag, field)).collect::<Result<_, _>>().map(Some)
            }
            Some(Kind::Float(_)) => Err(wrong_kind(field, feature, "a list of integers or bytes")),
        }
    }

    fn frames_of(&self, example: &Example) -> Result<Visual, RecordError> {
        let entries = bytes_of(example, &self.frames)?;
        let width = self.width.get();
        let mut values = Vec::with_capacity(entries.len() * width);
        // One frame at a time stays in the processor's cache until it is checked and appended.
        let (mut frame, mut row) = (Vec::with_capacity(width), vec![0.0; width]);
        for (entry, bytes) in entries.iter().enumerate() {
            let (pairs, odd) = bytes.as_chunks::<2>();
            if pairs.len() != width || !odd.is_empty() {
                return Err(RecordError::FrameSize { field: self.frames.clone(), entry, bytes: bytes.len(), width });
            }
            frame.clear();
            frame.extend(pairs.iter().map(|&pair| f16::from_le_bytes(pair)));
            self.refuse_infinite(entry, &frame)?;
            frame.convert_to_f32_slice(&mut row);
            values.extend_from_slice(&row);
        }
        Ok(Visual::Features { values, width })
    }

    /// Turns a record into an example; what the schema has no place for is an error.
    pub fn example_from(&self, record: &Record) -> Result<Example, RecordError> {
        let mut features = vec![
            (self.id.clone(), Feature::bytes(vec![record.id.clone().into_bytes()])),
            (self.frames.clone(), self.frames_feature(&record.visual)?),
        ];
        for TitleField { language, field } in &self.titles {
            let texts = record.titles.iter().filter(|title| title.language == *language);
            let value: Vec<Vec<u8>> = texts.map(|title| title.text.clone().into_bytes()).collect();
            if value.is_empty() {
                return Err(RecordError::MissingTitle { language: language.clone() });
            }
            features.push((field.clone(), Feature::bytes(value)));
        }
        let has_field = |title: &&Title| self.titles.iter().any(|field| field.language == title.language);
        if let Some(title) = record.titles.iter().find(|title| !has_field(title)) {
            return Err(RecordError::NoFieldForTitle { language: title.language.clone() });
        }
        if let Some(tags) = &record.tags {
            features.push((self.tags.clone(), tags_feature(tags)));
        }
        Ok(Example::new(features))
    }

    fn frames_feature(&self, visual: &Visual) -> Result<Feature, RecordError> {
        let expected = self.width.get();
        let (values, width) = match visual {
            Visual::Features { values, width } => (values, *width),
            Visual::Image(_) | Visual::Strip { .. } => {
                let field = self.frames.clone();
                return Err(RecordError::WrongKind { field, found: "a picture", expected: "frame features" });
            }
        };
        if width != expected || values.len() % expected != 0 {
            return Err(RecordError::FeatureWidth { values: values.len(), width, expected });
        }
        if values.is_empty() {
            return Err(RecordError::Empty { field: self.frames.clone() });
        }
        let mut entries = Vec::with_capacity(values.len() / expected);
        for (entry, row) in values.chunks_exact(expected).enumerate() {
            let frame: Vec<f16> = row.iter().map(|&value| f16::from_f32(value)).collect();
            self.refuse_infinite(entry, &frame)?;
            entries.push(frame.iter().flat_map(|value| value.to_le_bytes()).collect());
        }
        Ok(Feature::bytes(entries))
    }

    fn refuse_infinite(&self, entry: usize, frame: &[f16]) -> Result<(), RecordError> {
        // Looks at all values without a way out, which takes many at once; almost all frames are sound.
        if !frame.iter().fold(false, |found, value| found | !value.is_finite()) {
            return Ok(());
        }
        match frame.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(column) => {
                let value = frame[column].to_f32();
                Err(RecordError::NotFinite { field: self.frames.clone(), entry, column, value })
            }
        }
    }
}

/// Tags that all are whole numbers are written as such, as the QQ set has them; others as texts.
fn tags_feature(tags: &[String]) -> Feature {
    // `007` is a text: as a number it would come back as `7`.
    let number = |tag: &String| tag.parse::<i64>().ok().filter(|number| number.to_string() == *tag);
    match tags.iter().map(number).collect() {
        Some(numbers) => Feature::integers(numbers),
        None => Feature::bytes(tags.iter().map(|tag| tag.clone().into_bytes()).collect()),
    }
}

/// The texts of a bytes feature; at least one.
fn texts_of(example: &Example, field: &str) -> Result<Vec<String>, RecordError> {
    bytes_of(example, field)?.iter().map(|bytes| text(bytes, field)).collect()
}

/// The byte strings of a feature; at least one.
fn bytes_of<'a>(example: &'a Example, field: &str) -> Result<&'a [Bytes], RecordError> {
    let feature = example.feature(field).ok_or_else(|| RecordError::MissingField { field: field.to_owned() })?;
    match &feature.kind {
        Some(Kind::Bytes(list)) if !list.value.is_empty() => Ok(&list.value),
        Some(Kind::Bytes(_)) | None => Err(RecordError::Empty { field: field.to_owned() }),
        Some(_) => Err(wrong_kind(field, feature, "a list of bytes")),
    }
}

fn text(bytes: &[u8], field: &str) -> Result<String, RecordError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| RecordError::NotUtf8 { field: field.to_owned() })
}

fn wrong_kind(field: &str, feature: &Feature, expected: &'static str) -> RecordError {
    RecordError::WrongKind { field: field.to_owned(), found: feature.kind_name(), expected }
}

#[cfg(test)]
mod tests;
