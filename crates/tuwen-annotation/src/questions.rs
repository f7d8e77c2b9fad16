//! Questions about pictures with weighted answers, as ALBEF merges them: `vqa_train.json`, `vg_qa.json`, `vqa_test.json`.
//!
//! - The file is a JSON list of `{"question_id", "question", "image", "answer": texts or text, "dataset": "vqa" or "vg"}`.
//! - Answers weigh as many people as gave them; one from `vg` weighs ½.
//! - A test list has no answers. `question_type` is kept where it is there.
//! - Forbidden: a `question_id` that appears twice within one `dataset`, an empty list of answers.

use std::path::Path;

use crate::fields::{Object, optional_text, present, text, texts};
use crate::file::TextFile;
use crate::ids::Ids;
use crate::{AnnotationError, Annotations, Answer, Fault, Images, KnownAnswers, VISUAL_GENOME_WEIGHT};

/// A question about a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The question's id.
    pub id: String,
    /// Path below the image root.
    pub image: String,
    /// The question.
    pub text: String,
    /// The different answers; none in a test list, whose answers are not public.
    pub answers: Vec<Answer>,
    /// What sort of question it is, where the file says so.
    pub kind: Option<String>,
}

/// Reads a list of questions. Errors: a file that is no JSON list, or none of whose records can be used.
pub fn read_questions(
    path: &Path,
    images: &Images,
    known: KnownAnswers<'_>,
) -> Result<Annotations<Question>, AnnotationError> {
    let file = TextFile::open(path, "a JSON list of objects with `question_id`, `question` and `image`")?;
    let mut ids = [Ids::default(), Ids::default()];
    file.records(file.elements()?, |number, object| question(object, images, known, (number, &mut ids)))
}

/// Where answers come from.
#[derive(Clone, Copy)]
enum Origin {
    Vqa,
    VisualGenome,
}

fn question(
    object: &Object,
    images: &Images,
    known: KnownAnswers<'_>,
    (number, ids): (usize, &mut [Ids; 2]),
) -> Result<Question, Fault> {
    let origin = origin(object)?;
    let id = text(object, "question_id")?;
    ids[origin as usize].take(&id, number)?;
    let answers = answers(object, origin)?;
    known.check(&answers)?;
    Ok(Question {
        id,
        image: images.existing(text(object, "image")?)?,
        text: text(object, "question")?,
        answers,
        kind: optional_text(object, "question_type")?,
    })
}

fn origin(object: &Object) -> Result<Origin, Fault> {
    match optional_text(object, "dataset")?.as_deref() {
        None | Some("vqa") => Ok(Origin::Vqa),
        Some("vg") => Ok(Origin::VisualGenome),
        Some(other) => Err(Fault::UnknownWord { field: "dataset", found: other.to_owned(), expected: "`vqa` or `vg`" }),
    }
}

fn answers(object: &Object, origin: Origin) -> Result<Vec<Answer>, Fault> {
    if present(object, "answer").is_none() {
        return Ok(Vec::new());
    }
    let mut answers = Answer::counted(&texts(object, "answer")?);
    if let Origin::VisualGenome = origin {
        answers.iter_mut().for_each(|answer| answer.weight *= VISUAL_GENOME_WEIGHT);
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AnswerList;
    use crate::fixture::{Folder, error_of, skipped};

    fn read(list: &str) -> Result<Annotations<Question>, String> {
        let folder = Folder::new();
        let path = folder.file("vqa_train.json", list);
        read_questions(&path, &folder.images(), KnownAnswers::Any).map_err(|error| error_of(&error, &path))
    }

    #[test]
    fn answers_weigh_as_in_albef() {
        let list = r#"[
            {"question_id": 1, "question": "what?", "image": "1.jpg", "dataset": "vqa", "answer": ["net", "net", "netting"]},
            {"question_id": 1, "question": "where?", "image": "2.jpg", "dataset": "vg", "answer": "outside"},
            {"question_id": 2, "question": "who?", "image": "2.jpg", "question_type": "who"}]"#;
        let questions = read(list).unwrap().strict().unwrap();
        let answer = |text: &str, votes, weight| Answer { text: text.to_owned(), votes, weight };
        assert_eq!(questions[0].answers, [answer("net", 2, 2.0 / 3.0), answer("netting", 1, 1.0 / 3.0)]);
        assert_eq!(questions[1].answers, [answer("outside", 1, 0.5)]);
        assert_eq!((questions[2].answers.len(), questions[2].kind.as_deref()), (0, Some("who")));
    }

    #[test]
    fn malformed_records_are_skipped_with_their_reasons() {
        let good = r#"{"question_id": 1, "question": "what?", "image": "1.jpg", "answer": ["net"]}"#;
        let bad = |id: &str, from: &str, to: &str| good.replace("\": 1,", &format!("\": {id},")).replace(from, to);
        let list = [
            good.to_owned(),
            good.to_owned(),
            bad("2", "1.jpg", "9.jpg"),
            bad("3", "[\"net\"]", "[]"),
            bad("4", "[\"net\"]", "[[\"net\"]]"),
            bad("5", "\"what?\"", "\"\""),
            bad("null", "", ""),
            bad("6", "\"image\"", "\"picture\""),
            bad("7", "\"answer\"", "\"dataset\": \"gqa\", \"answer\""),
            bad("[8]", "", ""),
        ];
        let read = read(&format!("[{}]", list.join(","))).unwrap();
        let faults = skipped(&read);
        assert_eq!(faults[0], "record 1: id `1` is also that of record 0");
        assert!(faults[1].starts_with("record 2: no image file `"), "{}", faults[1]);
        let expected = [
            "record 3: `answer` is empty",
            "record 4: `answer` is a list, expected a text",
            "record 5: `question` is empty",
            "record 6: no field `question_id`",
            "record 7: no field `image`",
            "record 8: `dataset` is `gqa`, expected `vqa` or `vg`",
            "record 9: `question_id` is a list, expected a text",
        ];
        assert_eq!(faults[2..], expected);
    }

    #[test]
    fn unknown_answers_are_skipped_where_the_list_is_closed() {
        let folder = Folder::new();
        let answers = AnswerList::read(&folder.file("answer_list.json", r#"["yes", "no"]"#)).unwrap();
        let record = |id, answer| {
            format!(r#"{{"question_id": {id}, "question": "is it?", "image": "1.jpg", "answer": ["{answer}"]}}"#)
        };
        let path = folder.file("vqa_val.json", &format!("[{}, {}]", record(1, "yes"), record(2, "yess")));
        let read = read_questions(&path, &folder.images(), KnownAnswers::Of(&answers)).unwrap();
        let expected = "record 1: answer `yess` is not among the `2` of the answer list, did you mean `yes`";
        assert_eq!((read.records.len(), skipped(&read)), (1, vec![expected.to_owned()]));
    }

    #[test]
    fn file_of_another_shape_is_refused() {
        assert!(read("{\"questions\": []}").unwrap_err().contains("invalid type: map"));
        assert!(read("[]").unwrap_err().starts_with("no record in it, expected a JSON list"));
        assert!(read("[{\"question_id\": 1").unwrap_err().starts_with("EOF while parsing"));
    }
}
