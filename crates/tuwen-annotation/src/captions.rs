//! Image–caption lists as ALBEF has them for retrieval, and for training on referring expressions.
//!
//! - The file is a JSON list of `{"image": path, "caption": text or texts}`; RefCOCO+ has `text` for `caption`.
//! - Objects that name the same image are one record: ALBEF's training lists have an object per caption, its test lists one
//!   per image with all captions.
//! - `image_id` says which images are the same one; where it is absent, the path does.
//! - Forbidden: an `image_id` of two paths, an image without captions, an empty caption.

use std::collections::HashMap;
use std::path::Path;

use crate::fields::{Object, optional_text, present, text, texts};
use crate::file::TextFile;
use crate::{AnnotationError, Annotations, Fault, Images};

/// A picture and the captions that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captioned {
    /// Path below the image root.
    pub image: String,
    /// What makes it the same picture as another.
    pub image_id: String,
    /// Its captions; at least one.
    pub captions: Vec<String>,
}

/// Reads an image–caption list. Errors: a file that is no JSON list, or none of whose records can be used.
pub fn read_captions(path: &Path, images: &Images) -> Result<Annotations<Captioned>, AnnotationError> {
    let file = TextFile::open(path, "a JSON list of objects with `image` and `caption`")?;
    let mut paths = HashMap::new();
    let read = file.records(file.elements()?, |_, object| captioned(object, images, &mut paths))?;
    Ok(Annotations { records: joined(read.records), ..read })
}

fn captioned(object: &Object, images: &Images, paths: &mut HashMap<String, String>) -> Result<Captioned, Fault> {
    let image = images.existing(text(object, "image")?)?;
    let field =
        if present(object, "caption").is_none() && present(object, "text").is_some() { "text" } else { "caption" };
    let captions = texts(object, field)?;
    let image_id = optional_text(object, "image_id")?.unwrap_or_else(|| image.clone());
    let first = paths.entry(image_id.clone()).or_insert_with(|| image.clone());
    if *first != image {
        return Err(Fault::TwoImages { id: image_id, first: first.clone(), second: image });
    }
    Ok(Captioned { image, image_id, captions })
}

/// One record per image, in the order of their first captions.
fn joined(records: Vec<Captioned>) -> Vec<Captioned> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut images: Vec<Captioned> = Vec::new();
    for record in records {
        match places.get(&record.image_id) {
            Some(&place) => images[place].captions.extend(record.captions),
            None => {
                places.insert(record.image_id.clone(), images.len());
                images.push(record);
            }
        }
    }
    images
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Folder, error_of, skipped};

    fn read(list: &str) -> Result<Annotations<Captioned>, String> {
        let folder = Folder::new();
        let path = folder.file("train.json", list);
        read_captions(&path, &folder.images()).map_err(|error| error_of(&error, &path))
    }

    #[test]
    fn captions_of_one_image_come_together() {
        let list = r#"[{"image": "1.jpg", "caption": "a cat", "image_id": "coco_1"},
                       {"image": "2.jpg", "caption": ["a dog", "two dogs"], "image_id": 2},
                       {"image": "1.jpg", "caption": "猫", "image_id": "coco_1"}]"#;
        let captions = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let record = |image: &str, id: &str, texts| Captioned {
            image: image.to_owned(),
            image_id: id.to_owned(),
            captions: captions(texts),
        };
        let expected = [record("1.jpg", "coco_1", &["a cat", "猫"]), record("2.jpg", "2", &["a dog", "two dogs"])];
        assert_eq!(read(list).unwrap().strict().unwrap(), expected);
    }

    #[test]
    fn training_on_expressions_has_texts() {
        let records = read(r#"[{"image": "1.jpg", "text": "left cat", "ref_id": 7}]"#).unwrap().records;
        assert_eq!((records[0].captions[0].as_str(), records[0].image_id.as_str()), ("left cat", "1.jpg"));
    }

    #[test]
    fn bad_records_cost_themselves_only() {
        let list = r#"[{"image": "3.jpg", "caption": "a"}, {"image": "1.jpg", "caption": []}, {"image": "1.jpg"},
                       {"caption": "a"}, {"image": "1.jpg", "caption": {}}, {"image": "1.jpg", "caption": "b", "image_id": 1},
                       {"image": "2.jpg", "caption": "c", "image_id": 1}, 5]"#;
        let read = read(list).unwrap();
        assert_eq!(read.records.len(), 1);
        let faults = skipped(&read);
        assert!(faults[0].starts_with("record 0: no image file `"), "{}", faults[0]);
        let expected = [
            "record 1: `caption` is empty",
            "record 2: no field `caption`",
            "record 3: no field `image`",
            "record 4: `caption` is an object, expected a text",
            "record 6: image id `1` is that of `1.jpg` and of `2.jpg`",
            "record 7: `record` is a whole number, expected an object",
        ];
        assert_eq!(faults[1..], expected);
    }

    #[test]
    fn strict_reading_names_file_record_and_reason() {
        let folder = Folder::new();
        let path =
            folder.file("train.json", r#"[{"image": "1.jpg", "caption": "a"}, {"image": "1.jpg", "caption": ""}]"#);
        let error = read_captions(&path, &folder.images()).unwrap().strict().unwrap_err();
        assert_eq!(error.to_string(), format!("{}, record 1: `caption` is empty", path.display()));
    }

    #[test]
    fn file_without_a_usable_record_is_refused() {
        assert_eq!(
            read("[]").unwrap_err(),
            "no record in it, expected a JSON list of objects with `image` and `caption`"
        );
        let none = read(r#"[{"image": "1.jpg", "caption": ""}, 5]"#).unwrap_err();
        assert_eq!(none, "none of 2 records can be used; record 0: `caption` is empty");
        assert!(read("[{\"image\": ").unwrap_err().starts_with("EOF while parsing a value at line 1"));
    }
}
