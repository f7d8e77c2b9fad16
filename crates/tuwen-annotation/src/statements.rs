//! NLVR2: a statement about two pictures, true or false.
//!
//! - Official: a JSON object a line, `{"identifier": "dev-850-0-1", "sentence", "label": "True" or "False", "directory": 62}`.
//!   The pictures of the identifier are `dev-850-0-img0.png` (left) and `dev-850-0-img1.png` (right), in the folder `dev`,
//!   those of training in `images/train/DIRECTORY`.
//! - ALBEF: a JSON list of `{"images": [left, right], "sentence", "label"}`.
//! - Forbidden: another label, another number of images, an identifier that appears twice.

use std::path::Path;

use crate::fields::{Object, optional_text, text, texts};
use crate::file::TextFile;
use crate::ids::Ids;
use crate::{AnnotationError, Annotations, Fault, Images};

/// A statement about two pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The left and the right picture, paths below the image root.
    pub images: [String; 2],
    /// The statement.
    pub text: String,
    /// Whether it is true.
    pub label: bool,
}

/// Reads the official lines. Errors: a file none of whose lines can be used.
pub fn read_nlvr2(path: &Path, images: &Images) -> Result<Annotations<Statement>, AnnotationError> {
    let file = TextFile::open(path, "a JSON object with `identifier`, `sentence` and `label` a line")?;
    let mut ids = Ids::default();
    file.json_lines(|number, object| {
        let identifier = text(object, "identifier")?;
        ids.take(&identifier, number)?;
        let directory = optional_text(object, "directory")?;
        statement(object, pictures(&identifier, directory.as_deref())?, images)
    })
}

/// Reads ALBEF's list. Errors: a file that is no JSON list, or none of whose records can be used.
pub fn read_statements(path: &Path, images: &Images) -> Result<Annotations<Statement>, AnnotationError> {
    let file = TextFile::open(path, "a JSON list of objects with `images`, `sentence` and `label`")?;
    file.records(file.elements()?, |_, object| {
        let pictures = texts(object, "images")?;
        let found = pictures.len();
        let pictures = pictures.try_into().map_err(|_| Fault::Length { field: "images", found, expected: 2 })?;
        statement(object, pictures, images)
    })
}

fn statement(object: &Object, pictures: [String; 2], images: &Images) -> Result<Statement, Fault> {
    let [left, right] = pictures;
    Ok(Statement {
        images: [images.existing(left)?, images.existing(right)?],
        text: text(object, "sentence")?,
        label: label(object)?,
    })
}

fn label(object: &Object) -> Result<bool, Fault> {
    match text(object, "label")?.as_str() {
        "True" => Ok(true),
        "False" => Ok(false),
        other => Err(Fault::UnknownWord { field: "label", found: other.to_owned(), expected: "`True` or `False`" }),
    }
}

/// The two pictures of `SPLIT-SET-PAIR-SENTENCE`.
fn pictures(identifier: &str, directory: Option<&str>) -> Result<[String; 2], Fault> {
    let parts: Vec<&str> = identifier.split('-').collect();
    let wrong = || Fault::Identifier { identifier: identifier.to_owned() };
    let [split, set, pair, _] = parts[..] else { return Err(wrong()) };
    if parts.iter().any(|part| part.is_empty()) {
        return Err(wrong());
    }
    let folder = directory.map_or(split.to_owned(), |directory| format!("images/{split}/{directory}"));
    Ok([0, 1].map(|side| format!("{folder}/{split}-{set}-{pair}-img{side}.png")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Folder, error_of, skipped};

    fn folder() -> Folder {
        let folder = Folder::new();
        for name in ["dev/dev-8-0-img0.png", "dev/dev-8-0-img1.png", "images/train/62/train-1-2-img0.png"] {
            folder.file(name, "picture");
        }
        folder.file("images/train/62/train-1-2-img1.png", "picture");
        folder
    }

    fn official(lines: &[&str]) -> Result<Annotations<Statement>, String> {
        let folder = folder();
        let path = folder.file("dev.json", &lines.join("\n"));
        read_nlvr2(&path, &folder.images()).map_err(|error| error_of(&error, &path))
    }

    fn albef(list: &str) -> Result<Annotations<Statement>, String> {
        let folder = Folder::new();
        let path = folder.file("nlvr_dev.json", list);
        read_statements(&path, &folder.images()).map_err(|error| error_of(&error, &path))
    }

    #[test]
    fn an_identifier_names_both_pictures() {
        let dev = r#"{"identifier": "dev-8-0-1", "sentence": "A dog.", "label": "True", "left_url": "http://…"}"#;
        let train = r#"{"identifier": "train-1-2-0", "sentence": "A cat.", "label": "False", "directory": 62}"#;
        let read = official(&[dev, "", train]).unwrap().strict().unwrap();
        let images = ["dev/dev-8-0-img0.png", "dev/dev-8-0-img1.png"].map(str::to_owned);
        assert_eq!(read[0], Statement { images, text: "A dog.".to_owned(), label: true });
        assert_eq!(read[1].images[1], "images/train/62/train-1-2-img1.png");
        assert!(!read[1].label);
    }

    #[test]
    fn malformed_lines_are_skipped_with_their_reasons() {
        let good = r#"{"identifier": "dev-8-0-1", "sentence": "A dog.", "label": "True"}"#;
        let bad = |from: &str, to: &str| good.replace("-0-1\"", "-0-2\"").replace(from, to);
        let lines = [
            good.to_owned(),
            good.to_owned(),
            bad("True", "true"),
            bad("0-2", "0-3").replace("\"True\"", "true"),
            bad("dev-8-0-2", "dev-8"),
            bad("dev-8-0-2", "dev-9-0-2"),
            bad("dev-8-0-2", "..-8-0-2"),
            good[..30].to_owned(),
        ];
        let read = official(&lines.each_ref().map(String::as_str)).unwrap();
        let faults = skipped(&read);
        let expected = [
            "line 2: id `dev-8-0-1` is also that of record 0",
            "line 3: `label` is `true`, expected `True` or `False`",
            "line 4: `label` is true or false, expected a text",
            "line 5: `identifier` is `dev-8`, expected a name of four parts such as `dev-850-0-1`",
        ];
        assert_eq!(faults[..4], expected);
        assert!(faults[4].starts_with("line 6: no image file `"), "{}", faults[4]);
        assert!(faults[5].contains("leads out of the image root"), "{}", faults[5]);
        assert!(faults[6].starts_with("line 8: broken JSON: "), "{}", faults[6]);
    }

    #[test]
    fn albef_names_the_pictures_itself() {
        let list = r#"[{"images": ["1.jpg", "2.jpg"], "sentence": "A dog.", "label": "False"},
                       {"images": ["1.jpg"], "sentence": "A dog.", "label": "False"},
                       {"images": ["1.jpg", "9.jpg"], "sentence": "A dog.", "label": "False"},
                       {"images": ["1.jpg", "2.jpg"], "sentence": "", "label": "False"},
                       {"images": [], "sentence": "A dog.", "label": "False"}]"#;
        let read = albef(list).unwrap();
        assert_eq!(read.records[0].images, ["1.jpg", "2.jpg"]);
        let faults = skipped(&read);
        assert_eq!(faults[0], "record 1: `images` has `1` entries, expected `2`");
        assert!(faults[1].starts_with("record 2: no image file `"));
        assert_eq!(faults[2..], ["record 3: `sentence` is empty", "record 4: `images` is empty"]);
    }

    #[test]
    fn files_without_a_record_are_refused() {
        assert!(official(&["\n"]).unwrap_err().starts_with("no record in it, expected a JSON object"));
        assert!(official(&["[]"]).unwrap_err().contains("line 1: `record` is a list, expected an object"));
        assert!(albef("[]").unwrap_err().starts_with("no record in it, expected a JSON list"));
    }
}
