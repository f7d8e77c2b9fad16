//! Image–caption annotations as ALBEF reads them: a JSON list of `{"image": path, "caption": text or texts}`.
//!
//! - Each object is one record, also where several name the same image.
//! - An image path is relative to the image root. Forbidden: an absolute path, or one with `..`.
//! - Captions are a text or a list of texts. `image_id`, where there is one, is the record's id; else the image path is.
//! - The file is parsed once, for the place of each object; objects and images are read when asked for.
//! - Forbidden: a file that is no JSON list as a whole. An object that lacks something costs that record alone.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json_fields::{Object, parse_object, tags_in, text_in, titles_in};
use crate::mapped::MappedFile;
use crate::parts::Parts;
use crate::shards::shard_files;
use crate::{DataError, Record, RecordError, Source, TitleField, Visual};

/// Names of annotation files.
pub(crate) const ANNOTATION_NAMES: &[&str] = &["*.json"];

/// Where the images lie, and which fields are what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnnotationFields {
    /// The folder that image paths start from; not set: the annotation file's own folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_root: Option<PathBuf>,
    /// The field with the image path: `image`.
    pub image: String,
    /// The fields with titles: `caption`.
    pub titles: Vec<TitleField>,
    /// The fields with tags, joined in this order: none.
    pub tags: Vec<String>,
    /// The field with the record's id, which need not be there: `image_id`.
    pub id: String,
}

impl Default for AnnotationFields {
    fn default() -> Self {
        Self {
            image_root: None,
            image: "image".to_owned(),
            titles: TitleField::only("caption"),
            tags: Vec::new(),
            id: "image_id".to_owned(),
        }
    }
}

impl AnnotationFields {
    fn record_from(&self, object: &Object, folder: &Path) -> Result<Record, RecordError> {
        let missing = |field: &String| RecordError::MissingField { field: field.clone() };
        let image = text_in(object, &self.image)?.ok_or_else(|| missing(&self.image))?;
        let mut titles = Vec::new();
        for field in &self.titles {
            titles.extend(titles_in(object, field)?.ok_or_else(|| missing(&field.field))?);
        }
        let tags = tags_in(object, &self.tags)?;
        let bytes = read_image(self.image_root.as_deref().unwrap_or(folder), &image)?;
        Ok(Record { id: text_in(object, &self.id)?.unwrap_or(image), titles, tags, visual: Visual::Image(bytes) })
    }
}

/// The bytes of `image`, which must lie below `root` and must not be empty.
fn read_image(root: &Path, image: &str) -> Result<Vec<u8>, RecordError> {
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(image).components().all(inside) {
        return Err(RecordError::PathEscapes { image: image.to_owned() });
    }
    let path = root.join(image);
    match fs::read(&path) {
        Ok(bytes) if bytes.is_empty() => Err(RecordError::Empty { field: path.display().to_string() }),
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(RecordError::MissingImage { path }),
        Err(source) => Err(RecordError::Image { path, source }),
    }
}

/// One annotation file and the places of its objects.
struct Annotations {
    file: MappedFile,
    folder: PathBuf,
    /// Offset and length.
    spans: Vec<(usize, usize)>,
}

impl Annotations {
    fn open(path: &Path) -> Result<Self, DataError> {
        let file = MappedFile::open(path)?;
        let spans = spans_in(file.bytes()).map_err(|source| DataError::BrokenList { path: path.to_owned(), source })?;
        if spans.is_empty() {
            return Err(DataError::NoRecords { path: path.to_owned(), expected: "a list of objects" });
        }
        Ok(Self { file, folder: path.parent().map(Path::to_owned).unwrap_or_default(), spans })
    }

    fn object(&self, number: usize) -> Result<Object, DataError> {
        let (offset, length) = self.spans[number];
        let object = parse_object(&self.file.bytes()[offset..offset + length], "record");
        object.map_err(|reason| self.file.unreadable(number, reason))
    }
}

/// Offset and length of each element of the list.
fn spans_in(bytes: &[u8]) -> Result<Vec<(usize, usize)>, serde_json::Error> {
    let elements: Vec<&RawValue> = serde_json::from_slice(bytes)?;
    let start = bytes.as_ptr().addr();
    Ok(elements.iter().map(|raw| (raw.get().as_ptr().addr() - start, raw.get().len())).collect())
}

/// The records of one or more annotation files, in the order of the files' names.
pub struct AnnotationSource {
    files: Parts<Annotations>,
    fields: AnnotationFields,
}

impl AnnotationSource {
    /// Opens an annotation file, a folder's `*.json` files, or the files of a pattern. Any that is no list of records is
    /// an error.
    pub fn open(path: impl AsRef<Path>, fields: AnnotationFields) -> Result<Self, DataError> {
        Self::from_files(&shard_files(path.as_ref(), ANNOTATION_NAMES)?, fields)
    }

    /// Opens these files, in this order.
    pub fn from_files(files: &[PathBuf], fields: AnnotationFields) -> Result<Self, DataError> {
        TitleField::at_least_one(&fields.titles)?;
        let files = files.iter().map(|file| Annotations::open(file)).collect::<Result<_, _>>()?;
        Ok(Self { files: Parts::new(files, |part| part.spans.len()), fields })
    }

    /// The annotation files in order.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.parts().iter().map(|part| part.file.path())
    }

    /// The JSON of record `index`.
    pub(crate) fn object(&self, index: usize) -> Result<Object, DataError> {
        let (part, number) = self.files.locate(index)?;
        part.object(number)
    }
}

impl Source for AnnotationSource {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn read(&self, index: usize) -> Result<Record, DataError> {
        let (part, number) = self.files.locate(index)?;
        let record = self.fields.record_from(&part.object(number)?, &part.folder);
        record.map_err(|reason| part.file.unreadable(number, reason))
    }
}

#[cfg(test)]
mod tests;
