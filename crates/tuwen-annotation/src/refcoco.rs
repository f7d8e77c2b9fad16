//! The three files beside a list of referring expressions: which object is meant, where objects are, what a detector found.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::fields::{Object, required, text, whole, wrong_kind};
use crate::file::TextFile;
use crate::ids::Ids;
use crate::{AnnotationError, BoundingBox, Fault};

/// An expression's object: in which picture, which annotation, of which split.
pub(crate) struct Reference {
    pub(crate) image_id: String,
    pub(crate) annotation: String,
    pub(crate) split: String,
}

/// `refs(unc).p` as JSON: a list of `{"ref_id", "ann_id", "image_id", "split"}`, by `ref_id`.
pub(crate) fn references(path: &Path) -> Result<HashMap<String, Reference>, AnnotationError> {
    let file = TextFile::open(path, "a JSON list of objects with `ref_id`, `ann_id`, `image_id` and `split`")?;
    by_id(&file, file.elements()?, "ref_id", |object| {
        let (image_id, annotation) = (text(object, "image_id")?, text(object, "ann_id")?);
        Ok(Reference { image_id, annotation, split: text(object, "split")? })
    })
}

/// `instances.json`: sizes of pictures by their id, and boxes of annotations by theirs.
pub(crate) struct Instances {
    pub(crate) sizes: HashMap<String, (u32, u32)>,
    pub(crate) boxes: HashMap<String, BoundingBox>,
}

impl Instances {
    pub(crate) fn read(path: &Path) -> Result<Self, AnnotationError> {
        let file = TextFile::open(path, "an object with lists `images` and `annotations`, as COCO has them")?;
        let sizes = by_id(&file, file.elements_of("images")?, "id", |object| {
            Ok((side(object, "width")?, side(object, "height")?))
        })?;
        let boxes = by_id(&file, file.elements_of("annotations")?, "id", |object| {
            BoundingBox::read("bbox", required(object, "bbox")?)
        })?;
        Ok(Self { sizes, boxes })
    }
}

fn side(object: &Object, field: &'static str) -> Result<u32, Fault> {
    let pixels = whole(object, field)?;
    u32::try_from(pixels).map_err(|_| wrong_kind(field, &Value::from(pixels), "a number of pixels"))
}

/// `dets.json`: an object with the boxes of each picture by its id.
pub(crate) fn detections(path: &Path) -> Result<HashMap<String, Value>, AnnotationError> {
    let file = TextFile::open(path, "an object of lists of boxes by image id")?;
    file.value()
}

/// The records by id. Other files point into this one, so each must be sound and each id be there once.
fn by_id<T>(
    file: &TextFile,
    elements: Vec<&str>,
    field: &'static str,
    mut record: impl FnMut(&Object) -> Result<T, Fault>,
) -> Result<HashMap<String, T>, AnnotationError> {
    let mut ids = Ids::default();
    let records = file.records(elements, |number, object| {
        let id = text(object, field)?;
        ids.take(&id, number)?;
        Ok((id, record(object)?))
    })?;
    Ok(records.strict()?.into_iter().collect())
}
