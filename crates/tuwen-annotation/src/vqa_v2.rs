//! VQA v2 as it is published: one file of questions, one of annotations.
//!
//! - Questions: `{"data_subtype": "train2014", "questions": [{"question_id", "image_id", "question"}]}`.
//! - Annotations: `{"annotations": [{"question_id", "image_id", "question_type", "answers": [{"answer"}, …]}]}`, ten answers.
//! - The picture of `image_id` 9 in `train2014` lies at `train2014/COCO_train2014_000000000009.jpg`.
//! - Forbidden: a question without annotation, an annotation of another picture, a `question_id` that appears twice.

use std::collections::HashMap;
use std::path::Path;

use crate::fields::{Object, list, object_of, optional_text, parse_object, text, whole};
use crate::file::TextFile;
use crate::ids::Ids;
use crate::{AnnotationError, Annotations, Answer, Fault, Images, KnownAnswers, Question};

/// Reads questions and their annotations; without the latter (the test set has none) questions have no answers. Errors: a file
/// without its list, or none of whose records can be used.
pub fn read_vqa_v2(
    questions: &Path,
    annotations: Option<&Path>,
    images: &Images,
    known: KnownAnswers<'_>,
) -> Result<Annotations<Question>, AnnotationError> {
    let file = TextFile::open(questions, "an object with `data_subtype` and a list `questions`")?;
    let subtype = subtype(&file)?;
    let annotated = annotations.map(Annotated::read).transpose()?;
    let mut ids = Ids::default();
    file.records(file.elements_of("questions")?, |number, object| {
        let (id, image_id) = (text(object, "question_id")?, whole(object, "image_id")?);
        ids.take(&id, number)?;
        let found = annotated.as_ref().map(|annotated| annotated.of(&id, image_id)).transpose()?;
        let (answers, kind) = found.unwrap_or_default();
        known.check(&answers)?;
        let image = images.existing(format!("{subtype}/COCO_{subtype}_{image_id:012}.jpg"))?;
        Ok(Question { id, image, text: text(object, "question")?, answers, kind })
    })
}

/// The folder of the pictures, which is also a part of their names.
fn subtype(file: &TextFile) -> Result<String, AnnotationError> {
    let members = file.members()?;
    let subtype = members.get("data_subtype").and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    subtype.ok_or_else(|| AnnotationError::NoRecords {
        path: file.path().to_owned(),
        expected: "an object with `data_subtype` and a list `questions`",
    })
}

/// The annotations by question.
struct Annotated<'a> {
    path: &'a Path,
    records: HashMap<String, Result<Annotation, Fault>>,
}

struct Annotation {
    image_id: u64,
    answers: Vec<Answer>,
    kind: Option<String>,
}

impl<'a> Annotated<'a> {
    fn read(path: &'a Path) -> Result<Self, AnnotationError> {
        let file = TextFile::open(path, "an object with a list `annotations`")?;
        let mut records = HashMap::new();
        for (number, element) in file.elements_of("annotations")?.into_iter().enumerate() {
            // What has no id belongs to no question; a question without annotation is skipped and says so.
            let Ok(object) = parse_object(element) else { continue };
            let Ok(id) = text(&object, "question_id") else { continue };
            let twice = records.contains_key(&id);
            let annotation =
                if twice { Err(Fault::TwoAnnotations { id: id.clone(), second: number }) } else { annotation(&object) };
            records.insert(id, annotation);
        }
        Ok(Self { path, records })
    }

    fn of(&self, id: &str, image_id: u64) -> Result<(Vec<Answer>, Option<String>), Fault> {
        let unexplained = || Fault::Unexplained { kind: "question", id: id.to_owned(), file: self.path.to_owned() };
        match self.records.get(id) {
            None => Err(unexplained()),
            Some(Err(fault)) => {
                Err(Fault::OfOther { kind: "annotation", file: self.path.to_owned(), reason: fault.to_string() })
            }
            Some(Ok(annotation)) if annotation.image_id != image_id => {
                Err(Fault::OtherImage { annotated: annotation.image_id, asked: image_id })
            }
            Some(Ok(annotation)) => Ok((annotation.answers.clone(), annotation.kind.clone())),
        }
    }
}

fn annotation(object: &Object) -> Result<Annotation, Fault> {
    let answers = list(object, "answers")?.iter();
    let given = answers.map(|answer| text(object_of("answers", answer)?, "answer")).collect::<Result<Vec<_>, _>>()?;
    Ok(Annotation {
        image_id: whole(object, "image_id")?,
        answers: Answer::counted(&given),
        kind: optional_text(object, "question_type")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Folder, skipped};

    const PICTURE: &str = "train2014/COCO_train2014_000000000009.jpg";

    fn folder() -> Folder {
        let folder = Folder::new();
        folder.file(PICTURE, "picture");
        folder
    }

    fn questions(list: &str) -> String {
        format!(r#"{{"info": {{}}, "data_type": "mscoco", "data_subtype": "train2014", "questions": [{list}]}}"#)
    }

    fn annotations(list: &str) -> String {
        format!(r#"{{"annotations": [{list}]}}"#)
    }

    fn read(folder: &Folder, asked: &str, answered: &str) -> Result<Annotations<Question>, String> {
        let asked = folder.file("questions.json", &questions(asked));
        let answered = folder.file("annotations.json", &annotations(answered));
        let read = read_vqa_v2(&asked, Some(&answered), &folder.images(), KnownAnswers::Any);
        read.map_err(|error| error.to_string())
    }

    fn asked(id: &str) -> String {
        format!(r#"{{"question_id": {id}, "image_id": 9, "question": "Is it?"}}"#)
    }

    fn answered(id: u32, image: u32) -> String {
        let answers = r#"[{"answer": "yes", "answer_confidence": "maybe", "answer_id": 1}, {"answer": "no"}]"#;
        format!(r#"{{"question_id": {id}, "image_id": {image}, "question_type": "is it", "answers": {answers}}}"#)
    }

    #[test]
    fn questions_meet_their_answers() {
        let questions = read(&folder(), &asked("90"), &answered(90, 9)).unwrap().strict().unwrap();
        let answer = |text: &str| Answer { text: text.to_owned(), votes: 1, weight: 0.5 };
        let expected = Question {
            id: "90".to_owned(),
            image: PICTURE.to_owned(),
            text: "Is it?".to_owned(),
            answers: vec![answer("yes"), answer("no")],
            kind: Some("is it".to_owned()),
        };
        assert_eq!(questions, [expected]);
    }

    #[test]
    fn test_questions_have_no_answers() {
        let folder = folder();
        let path = folder.file("questions.json", &questions(&asked("90")));
        let read = read_vqa_v2(&path, None, &folder.images(), KnownAnswers::Any).unwrap();
        assert!(read.records[0].answers.is_empty() && read.skipped.is_empty());
    }

    #[test]
    fn what_does_not_fit_together_is_skipped_with_its_reason() {
        let questions = ["1", "1", "2", "3", "4", "5", "\"x\""].map(asked).join(",");
        let empty = r#"{"question_id": 5, "image_id": 9, "answers": []}"#.to_owned();
        let annotations =
            [answered(1, 9), answered(3, 8), answered(4, 9), answered(4, 9), empty, "7".to_owned()].join(",");
        let read = read(&folder(), &questions, &annotations).unwrap();
        let faults = skipped(&read);
        assert_eq!(faults[0], "record 1: id `1` is also that of record 0");
        assert!(faults[1].starts_with("record 2: question `2` is not in ") && faults[1].ends_with("annotations.json"));
        assert_eq!(faults[2], "record 3: the question is about image `9`, its annotation about `8`");
        assert!(
            faults[3].contains("annotations.json: two annotations of `4`, the second is record 3"),
            "{}",
            faults[3]
        );
        assert!(faults[4].ends_with("annotations.json: `answers` is empty"), "{}", faults[4]);
        assert_eq!((read.records.len(), faults.len()), (1, 6));
    }

    #[test]
    fn missing_picture_and_other_shapes_are_named() {
        let missing = read(&Folder::new(), &asked("1"), &answered(1, 9)).unwrap_err();
        assert!(missing.contains("none of 1 records can be used; record 0: no image file `"), "{missing}");
        let folder = folder();
        for text in ["{\"questions\": []}", "{\"data_subtype\": 5, \"questions\": []}", "{\"data_subtype\": \"a\"}"] {
            let error =
                read_vqa_v2(&folder.file("q.json", text), None, &folder.images(), KnownAnswers::Any).unwrap_err();
            assert!(matches!(error, AnnotationError::NoRecords { .. }), "{error}");
        }
        let cut = folder.file("q.json", "{\"data_subtype\": \"train2014\", \"questions\": [{\"q");
        let error = read_vqa_v2(&cut, None, &folder.images(), KnownAnswers::Any).unwrap_err();
        assert!(error.to_string().contains("EOF while parsing a string"), "{error}");
    }
}
