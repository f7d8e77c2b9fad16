//! RefCOCO+: which of the boxes in a picture an expression means.
//!
//! - ALBEF's list: `[{"image", "text", "ref_id"}]`; an object's several expressions share its `ref_id`.
//! - What `ref_id` means stands in REFER's `refs(unc).p`, a pickle. A pickle is a program, so it is not read; as JSON it is:
//!   `python -c "import json, pickle; json.dump(pickle.load(open('refs(unc).p', 'rb')), open('refs.json', 'w'))"`.
//! - The box of the object stands in COCO's `instances.json`, the boxes of a detector in `dets.json` by `image_id`.
//! - Forbidden: a box outside of its picture by more than a pixel, a picture of another size than annotated, an id that the
//!   file it points into does not have.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fields::{Object, text, wrong_kind};
use crate::file::TextFile;
use crate::refcoco::{Instances, Reference, detections, references};
use crate::{AnnotationError, Annotations, BoundingBox, Fault, Images};

/// The files beside a list of expressions.
#[derive(Clone, Debug)]
pub struct RefCocoFiles {
    /// REFER's references, as JSON.
    pub references: PathBuf,
    /// COCO's pictures and annotations.
    pub instances: PathBuf,
    /// What a detector found: the candidates.
    pub detections: PathBuf,
}

/// An expression that means one thing in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// The object's id; it may have several expressions.
    pub id: String,
    /// Path below the image root.
    pub image: String,
    /// Width and height of the picture.
    pub size: (u32, u32),
    /// The expression.
    pub text: String,
    /// `val`, `testA` (people), `testB` (other things), `train`.
    pub split: String,
    /// The box that is meant.
    pub gold: BoundingBox,
    /// The boxes to choose from; at least one. The one meant need not be among them.
    pub candidates: Vec<BoundingBox>,
}

/// Reads a list of expressions with what the other files say of them. Errors: one of the four files is broken, or no expression
/// can be used.
pub fn read_expressions(
    path: &Path,
    files: &RefCocoFiles,
    images: &Images,
) -> Result<Annotations<Expression>, AnnotationError> {
    let file = TextFile::open(path, "a JSON list of objects with `image`, `text` and `ref_id`")?;
    let known = Known {
        files,
        references: references(&files.references)?,
        instances: Instances::read(&files.instances)?,
        detections: detections(&files.detections)?,
    };
    file.records(file.elements()?, |_, object| known.expression(object, images))
}

struct Known<'a> {
    files: &'a RefCocoFiles,
    references: HashMap<String, Reference>,
    instances: Instances,
    detections: HashMap<String, Value>,
}

impl Known<'_> {
    fn expression(&self, object: &Object, images: &Images) -> Result<Expression, Fault> {
        let id = text(object, "ref_id")?;
        let RefCocoFiles { references, instances, detections } = self.files;
        let reference = found(&self.references, "reference", &id, references)?;
        let size = *found(&self.instances.sizes, "image", &reference.image_id, instances)?;
        let gold = found(&self.instances.boxes, "annotation", &reference.annotation, instances)?.within(size)?;
        let candidates = candidates(found(&self.detections, "image", &reference.image_id, detections)?, size)?;
        let image = images.existing(text(object, "image")?)?;
        let actual = images.size(&image)?;
        if actual != size {
            return Err(Fault::PictureSize { image, found: actual, expected: size });
        }
        Ok(Expression {
            id,
            image,
            size,
            text: text(object, "text")?,
            split: reference.split.clone(),
            gold,
            candidates,
        })
    }
}

fn found<'a, T>(map: &'a HashMap<String, T>, kind: &'static str, id: &str, file: &Path) -> Result<&'a T, Fault> {
    map.get(id).ok_or_else(|| Fault::Unexplained { kind, id: id.to_owned(), file: file.to_owned() })
}

fn candidates(value: &Value, size: (u32, u32)) -> Result<Vec<BoundingBox>, Fault> {
    let field = "detections";
    let list = value.as_array().ok_or_else(|| wrong_kind(field, value, "a list of boxes"))?;
    if list.is_empty() {
        return Err(Fault::Empty { field });
    }
    list.iter().map(|bounds| BoundingBox::read(field, bounds)?.within(size)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Folder, skipped};

    const REFS: &str = r#"[{"ref_id": 7, "ann_id": 70, "image_id": 1, "split": "testA", "sentences": [{"sent": "cat"}]},
        {"ref_id": 8, "ann_id": 80, "image_id": 1, "split": "val"}, {"ref_id": 9, "ann_id": 90, "image_id": 1, "split": "val"},
        {"ref_id": 10, "ann_id": 70, "image_id": 2, "split": "val"}, {"ref_id": 11, "ann_id": 70, "image_id": 3, "split": "val"},
        {"ref_id": 12, "ann_id": 70, "image_id": 4, "split": "val"}, {"ref_id": 13, "ann_id": 70, "image_id": 5, "split": "val"}]"#;
    const INSTANCES: &str = r#"{"images": [{"id": 1, "width": 100, "height": 50, "file_name": "1.jpg"},
        {"id": 2, "width": 100, "height": 60}, {"id": 3, "width": 100, "height": 50}, {"id": 4, "width": 100, "height": 50},
        {"id": 5, "width": 100, "height": 50}],
        "annotations": [{"id": 70, "bbox": [10, 10, 20, 20]}, {"id": 80, "bbox": [90, 10, 20, 20]}], "categories": []}"#;
    const DETECTIONS: &str =
        r#"{"1": [[10, 10, 19, 21, 5, 0.9], [50, 0, 10, 10]], "2": [[0, 0, 9, 9]], "3": [], "4": [[0, 45, 9, 9]]}"#;

    struct Set(Folder);

    impl Set {
        fn new() -> Self {
            let folder = Folder::new();
            folder.file("refs.json", REFS);
            folder.file("instances.json", INSTANCES);
            folder.file("dets.json", DETECTIONS);
            Self(folder)
        }

        fn read(&self, list: &str) -> Result<Annotations<Expression>, String> {
            let files = RefCocoFiles {
                references: self.0.path("refs.json"),
                instances: self.0.path("instances.json"),
                detections: self.0.path("dets.json"),
            };
            let path = self.0.file("refcoco+_val.json", list);
            read_expressions(&path, &files, &self.0.images()).map_err(|error| error.to_string())
        }
    }

    fn asked(id: u32, image: &str) -> String {
        format!(r#"{{"ref_id": {id}, "image": "{image}", "text": "left cat"}}"#)
    }

    #[test]
    fn an_expression_meets_its_box_and_its_candidates() {
        let records = Set::new().read(&format!("[{}]", asked(7, "1.jpg"))).unwrap().strict().unwrap();
        let bounds = |x, y, width, height| BoundingBox { x, y, width, height };
        let expected = Expression {
            id: "7".to_owned(),
            image: "1.jpg".to_owned(),
            size: (100, 50),
            text: "left cat".to_owned(),
            split: "testA".to_owned(),
            gold: bounds(10.0, 10.0, 20.0, 20.0),
            candidates: vec![bounds(10.0, 10.0, 19.0, 21.0), bounds(50.0, 0.0, 10.0, 10.0)],
        };
        assert_eq!(records, [expected]);
    }

    #[test]
    fn what_does_not_fit_together_is_skipped_with_its_reason() {
        let ids = [7, 8, 9, 10, 11, 12, 13, 14].map(|id| asked(id, "1.jpg"));
        let more = [asked(7, "9.jpg"), asked(7, "empty.jpg"), r#"{"image": "1.jpg", "text": "cat"}"#.to_owned()];
        let read = Set::new().read(&format!("[{},{}]", ids.join(","), more.join(","))).unwrap();
        let faults = skipped(&read);
        assert_eq!(faults[0], "record 1: box [90, 10, 20, 20] reaches out of the picture of 100 × 50");
        assert!(faults[1].starts_with("record 2: annotation `90` is not in ") && faults[1].ends_with("instances.json"));
        assert_eq!(faults[2], "record 3: image `1.jpg` is 100 × 50, expected 100 × 60 as annotated");
        assert_eq!(faults[3], "record 4: `detections` is empty");
        assert_eq!(faults[4], "record 5: box [0, 45, 9, 9] reaches out of the picture of 100 × 50");
        assert!(faults[5].starts_with("record 6: image `5` is not in ") && faults[5].ends_with("dets.json"));
        assert!(faults[6].starts_with("record 7: reference `14` is not in ") && faults[6].ends_with("refs.json"));
        assert!(faults[7].starts_with("record 8: no image file `"));
        assert!(faults[8].ends_with("empty.jpg` is empty"));
        assert_eq!(faults[9], "record 10: no field `ref_id`");
    }

    #[test]
    fn a_fault_in_the_files_beside_is_one_of_that_file() {
        let broken = |name: &str, text: &str| {
            let set = Set::new();
            set.0.file(name, text);
            set.read(&format!("[{}]", asked(7, "1.jpg"))).unwrap_err()
        };
        let twice = r#"[{"ref_id": 7, "ann_id": 1, "image_id": 1, "split": "val"}, {"ref_id": 7, "ann_id": 1, "image_id": 1, "split": "val"}]"#;
        assert!(broken("refs.json", twice).ends_with("refs.json, record 1: id `7` is also that of record 0"));
        assert!(broken("refs.json", "\u{80}\u{3}]q").contains("refs.json: expected value at line 1 column 1"));
        assert!(broken("instances.json", "{\"images\": []}").contains("instances.json: no record in it"));
        let text = INSTANCES.replace("[10, 10, 20, 20]", "[10, 10]");
        assert!(broken("instances.json", &text).ends_with("record 0: `bbox` has `2` entries, expected `4`"));
        let text = INSTANCES.replace("\"width\": 100", "\"width\": 10000000000");
        assert!(broken("instances.json", &text).ends_with("`width` is a whole number, expected a number of pixels"));
        assert!(broken("dets.json", "[]").contains("dets.json: invalid type: sequence"));
        assert!(broken("dets.json", "{\"1\": 5}").contains("`detections` is a whole number, expected a list of boxes"));
    }
}
