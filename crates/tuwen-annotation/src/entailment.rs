//! SNLI-VE: whether a sentence follows from a picture.
//!
//! - Official: a JSON object a line, `{"Flickr30K_ID", "sentence2", "gold_label"}`; `sentence1` is the caption it was made from.
//! - ALBEF: a JSON list of `{"image", "sentence", "label"}`.
//! - The picture is `IMAGE.jpg`.
//! - The label is `entailment`, `neutral` or `contradiction`; `-` (no agreement, as in SNLI) is skipped.
//! - Forbidden: a `pairID` that appears twice.

use std::path::Path;

use crate::fields::{Object, optional_text, text};
use crate::file::TextFile;
use crate::ids::Ids;
use crate::{AnnotationError, Annotations, Fault, Images};

/// Whether a sentence follows from a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Judgement {
    /// The picture shows that it is false.
    Contradicted,
    /// The picture does not say.
    Neutral,
    /// It follows.
    Entailed,
}

impl Judgement {
    /// All three, in the order of their classes.
    pub const ALL: [Self; 3] = [Self::Contradicted, Self::Neutral, Self::Entailed];

    /// The class that ALBEF gives it: contradiction 0, neutral 1, entailment 2.
    pub fn class(self) -> usize {
        self as usize
    }

    /// The word that the files have for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Contradicted => "contradiction",
            Self::Neutral => "neutral",
            Self::Entailed => "entailment",
        }
    }

    fn read(object: &Object, field: &'static str) -> Result<Self, Fault> {
        let found = text(object, field)?;
        let named = Self::ALL.into_iter().find(|judgement| judgement.word() == found);
        named.ok_or(Fault::UnknownWord { field, found, expected: "`entailment`, `neutral` or `contradiction`" })
    }
}

/// A sentence about a picture, and whether it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entailment {
    /// Path below the image root.
    pub image: String,
    /// The sentence.
    pub text: String,
    /// Whether it follows.
    pub label: Judgement,
}

/// Reads the official lines. Errors: a file none of whose lines can be used.
pub fn read_snli_ve(path: &Path, images: &Images) -> Result<Annotations<Entailment>, AnnotationError> {
    let file = TextFile::open(path, "a JSON object with `Flickr30K_ID`, `sentence2` and `gold_label` a line")?;
    let mut ids = Ids::default();
    file.json_lines(|number, object| {
        if let Some(id) = optional_text(object, "pairID")? {
            ids.take(&id, number)?;
        }
        entailment(object, images, ["Flickr30K_ID", "sentence2", "gold_label"])
    })
}

/// Reads ALBEF's list. Errors: a file that is no JSON list, or none of whose records can be used.
pub fn read_entailment(path: &Path, images: &Images) -> Result<Annotations<Entailment>, AnnotationError> {
    let file = TextFile::open(path, "a JSON list of objects with `image`, `sentence` and `label`")?;
    file.records(file.elements()?, |_, object| entailment(object, images, ["image", "sentence", "label"]))
}

fn entailment(object: &Object, images: &Images, fields: [&'static str; 3]) -> Result<Entailment, Fault> {
    let [image, sentence, label] = fields;
    Ok(Entailment {
        image: images.existing(format!("{}.jpg", text(object, image)?))?,
        text: text(object, sentence)?,
        label: Judgement::read(object, label)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Folder, error_of, skipped};

    #[test]
    fn classes_are_those_of_albef() {
        assert_eq!(Judgement::ALL.map(Judgement::class), [0, 1, 2]);
        assert_eq!(Judgement::Entailed.class(), 2);
    }

    #[test]
    fn official_lines_are_read() {
        let folder = Folder::new();
        let good = r#"{"Flickr30K_ID": 1, "pairID": "1.jpg#2r1n", "sentence1": "A", "sentence2": "B", "gold_label": "neutral"}"#;
        let bad = |id: &str, from: &str, to: &str| good.replace("#2r1n", id).replace(from, to);
        let lines = [
            good.to_owned(),
            bad("#2r1n", "", ""),
            bad("#2", "neutral", "-"),
            bad("#3", "\"Flickr30K_ID\": 1", "\"Flickr30K_ID\": 3"),
            bad("#4", "sentence2", "sentence3"),
        ];
        let path = folder.file("snli_ve_dev.jsonl", &lines.join("\n"));
        let read = read_snli_ve(&path, &folder.images()).unwrap();
        let expected = Entailment { image: "1.jpg".to_owned(), text: "B".to_owned(), label: Judgement::Neutral };
        assert_eq!(read.records, [expected]);
        let faults = skipped(&read);
        assert_eq!(faults[0], "line 2: id `1.jpg#2r1n` is also that of record 0");
        assert_eq!(faults[1], "line 3: `gold_label` is `-`, expected `entailment`, `neutral` or `contradiction`");
        assert!(faults[2].starts_with("line 4: no image file `"));
        assert_eq!(faults[3], "line 5: no field `sentence2`, did you mean `sentence3`");
    }

    #[test]
    fn albef_list_is_read() {
        let folder = Folder::new();
        let list = r#"[{"image": "2", "sentence": "B", "label": "entailment"},
                       {"image": "../2", "sentence": "B", "label": "entailment"},
                       {"image": "2", "sentence": "B", "label": 2},
                       {"image": "2", "sentence": ["B"], "label": "neutral"}]"#;
        let read = read_entailment(&folder.file("ve_train.json", list), &folder.images()).unwrap();
        assert_eq!((read.records[0].image.as_str(), read.records[0].label), ("2.jpg", Judgement::Entailed));
        let faults = skipped(&read);
        assert!(faults[0].contains("leads out of the image root"));
        assert_eq!(faults[1], "record 2: `label` is `2`, expected `entailment`, `neutral` or `contradiction`");
        assert_eq!(faults[2], "record 3: `sentence` is a list, expected a text");
    }

    #[test]
    fn files_of_another_shape_are_refused() {
        let folder = Folder::new();
        let path = folder.file("ve.json", "{\"image\": 2}");
        let error = |error: AnnotationError| error_of(&error, &path);
        assert!(error(read_entailment(&path, &folder.images()).unwrap_err()).contains("invalid type: map"));
        let none = error(read_snli_ve(&path, &folder.images()).unwrap_err());
        assert!(none.starts_with("none of 1 records can be used; line 1: no field `Flickr30K_ID`"), "{none}");
    }
}
