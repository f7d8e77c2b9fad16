//! WebDataset shards: tar archives in which neighbours with the same key are one record.
//!
//! - `KEY.jpg` and `KEY.json` side by side are the record `KEY`; the key is the path up to the first dot of its base name.
//! - Titles, tags, id and number of frames are fields of `KEY.json`; a title may also be an entry of its own, `KEY.txt`.
//! - The archive is indexed once and read through memory. Nothing is unpacked, so no entry can be written anywhere.
//! - An archive that breaks off is read up to there; the rest is reported as one more record that can't be read.
//! - Forbidden: an archive without a record, compression, two neighbouring entries of one name.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::json_fields::{Object, count_in, parse_object, tags_in, text_in, titles_in};
use crate::mapped::MappedFile;
use crate::parts::Parts;
use crate::shards::shard_files;
use crate::tar_index::{TarIndex, TarSample, index_tar};
use crate::{DataError, Record, RecordError, Source, Title, TitleField, Visual};

/// Names of shards.
pub(crate) const SHARD_NAMES: &[&str] = &["*.tar"];

/// Which entry is the picture, and which fields of `KEY.json` are what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebDatasetFields {
    /// Extensions of the picture, the first there is: `jpg`, `jpeg`, `png`, `webp`.
    pub image: Vec<String>,
    /// The fields with titles, each a text or a list of texts: `caption`. A field that is not in the JSON is looked for
    /// as an entry of that extension, such as `txt`.
    pub titles: Vec<TitleField>,
    /// The fields with tags, joined in this order: none.
    pub tags: Vec<String>,
    /// The field with the record's id; not set: the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The field with the number of frames that stand side by side in the picture; not set: the picture is one image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frames: Option<String>,
}

impl Default for WebDatasetFields {
    fn default() -> Self {
        Self {
            image: ["jpg", "jpeg", "png", "webp"].map(str::to_owned).to_vec(),
            titles: TitleField::only("caption"),
            tags: Vec::new(),
            id: None,
            frames: None,
        }
    }
}

impl WebDatasetFields {
    fn record_from(&self, archive: &[u8], sample: &TarSample) -> Result<Record, RecordError> {
        let key = || {
            let key = String::from_utf8(sample.key.clone());
            key.map_err(|_| RecordError::NotUtf8 { field: "entry name".to_owned() })
        };
        let json = json_of(archive, sample)?;
        let id = match &self.id {
            None => key()?,
            Some(field) => {
                let json = json.as_ref().ok_or_else(|| missing_entry("json"))?;
                text_in(json, field)?.ok_or_else(|| RecordError::MissingField { field: field.clone() })?
            }
        };
        let mut titles = Vec::new();
        for field in &self.titles {
            titles.extend(titles_of(archive, sample, json.as_ref(), field)?);
        }
        let tags = json.as_ref().map_or(Ok(None), |json| tags_in(json, &self.tags))?;
        let bytes = self.picture_of(archive, sample)?.to_vec();
        let visual = match &self.frames {
            None => Visual::Image(bytes),
            Some(field) => {
                let json = json.as_ref().ok_or_else(|| missing_entry("json"))?;
                Visual::Strip { bytes, frames: count_in(json, field)? }
            }
        };
        Ok(Record { id, titles, tags, visual })
    }

    fn picture_of<'a>(&self, archive: &'a [u8], sample: &TarSample) -> Result<&'a [u8], RecordError> {
        for extension in &self.image {
            if let Some(bytes) = content_of(archive, sample, extension)? {
                return Ok(bytes);
            }
        }
        Err(missing_entry(&self.image.join("`, `.")))
    }
}

/// The sample's JSON, if it has such an entry.
pub(crate) fn json_of(archive: &[u8], sample: &TarSample) -> Result<Option<Object>, RecordError> {
    content_of(archive, sample, "json")?.map(|bytes| parse_object(bytes, "json")).transpose()
}

/// What the entry with that extension holds, if there is one; it can't be empty.
fn content_of<'a>(archive: &'a [u8], sample: &TarSample, extension: &str) -> Result<Option<&'a [u8]>, RecordError> {
    let extension = extension.to_lowercase();
    let mut entries = sample.entries.iter().filter(|entry| entry.extension == extension);
    let Some(entry) = entries.next() else { return Ok(None) };
    if entries.next().is_some() {
        return Err(RecordError::RepeatedEntry { extension });
    }
    let content = entry.content(archive)?;
    if content.is_empty() { Err(RecordError::Empty { field: format!(".{extension}") }) } else { Ok(Some(content)) }
}

fn titles_of(
    archive: &[u8],
    sample: &TarSample,
    json: Option<&Object>,
    field: &TitleField,
) -> Result<Vec<Title>, RecordError> {
    if let Some(titles) = json.map_or(Ok(None), |json| titles_in(json, field))? {
        return Ok(titles);
    }
    match content_of(archive, sample, &field.field)? {
        Some(bytes) => {
            let text = str::from_utf8(bytes).map_err(|_| RecordError::NotUtf8 { field: field.field.clone() })?;
            Ok(vec![Title { language: field.language.clone(), text: text.trim_end_matches(['\r', '\n']).to_owned() }])
        }
        None if json.is_some() => Err(RecordError::MissingField { field: field.field.clone() }),
        None => Err(missing_entry("json")),
    }
}

fn missing_entry(extensions: &str) -> RecordError {
    RecordError::MissingEntry { extensions: format!(".{extensions}") }
}

/// One archive and its samples.
pub(crate) struct Shard {
    file: MappedFile,
    index: TarIndex,
}

impl Shard {
    fn open(path: &Path) -> Result<Self, DataError> {
        let file = MappedFile::open(path)?;
        let TarIndex { samples, damage } = index_tar(file.bytes());
        match damage {
            Some(reason) if samples.is_empty() => Err(DataError::NothingReadable { path: path.to_owned(), reason }),
            None if samples.is_empty() => Err(DataError::NoRecords {
                path: path.to_owned(),
                expected: "entries such as `KEY.jpg` and `KEY.json`",
            }),
            damage => Ok(Self { file, index: TarIndex { samples, damage } }),
        }
    }

    fn len(&self) -> usize {
        self.index.samples.len() + usize::from(self.index.damage.is_some())
    }

    /// Does something with sample `number` and the archive it lies in.
    fn with_sample<T>(
        &self,
        number: usize,
        read: impl FnOnce(&[u8], &TarSample) -> Result<T, RecordError>,
    ) -> Result<T, DataError> {
        match self.index.samples.get(number) {
            Some(sample) => read(self.file.bytes(), sample)
                .map_err(|reason| self.file.unreadable(format!("`{}`", sample.name()), reason)),
            None => {
                // The walk is repeated for an error of its own; it happens once an epoch at most.
                let damage = index_tar(self.file.bytes()).damage;
                let reason = damage.unwrap_or(RecordError::NoTarEnd { offset: self.file.bytes().len() as u64 });
                Err(self.file.unreadable(number, reason))
            }
        }
    }
}

/// The records of one or more shards, in the order of the shards' names.
pub struct WebDatasetSource {
    shards: Parts<Shard>,
    fields: WebDatasetFields,
}

impl WebDatasetSource {
    /// Opens a shard, a folder's `*.tar` shards, or the shards of a pattern. Any shard without a record is an error.
    pub fn open(path: impl AsRef<Path>, fields: WebDatasetFields) -> Result<Self, DataError> {
        Self::from_files(&shard_files(path.as_ref(), SHARD_NAMES)?, fields)
    }

    /// Opens these shards, in this order.
    pub fn from_files(files: &[PathBuf], fields: WebDatasetFields) -> Result<Self, DataError> {
        TitleField::at_least_one(&fields.titles)?;
        let shards = files.iter().map(|file| Shard::open(file)).collect::<Result<_, _>>()?;
        Ok(Self { shards: Parts::new(shards, Shard::len), fields })
    }

    /// The shards in order.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.shards.parts().iter().map(|shard| shard.file.path())
    }

    /// Does something with sample `index` and the archive it lies in.
    pub(crate) fn with_sample<T>(
        &self,
        index: usize,
        read: impl FnOnce(&[u8], &TarSample) -> Result<T, RecordError>,
    ) -> Result<T, DataError> {
        let (shard, number) = self.shards.locate(index)?;
        shard.with_sample(number, read)
    }
}

impl Source for WebDatasetSource {
    fn len(&self) -> usize {
        self.shards.len()
    }

    fn read(&self, index: usize) -> Result<Record, DataError> {
        self.with_sample(index, |archive, sample| self.fields.record_from(archive, sample))
    }
}

#[cfg(test)]
mod tests;
