//! Clips as frame features, files that are broken or empty, and bytes that nobody meant.

use std::path::Path;

use tuwen_data::{DataFormat, QqSchema, Record, Title, TitleField, Visual, write_tfrecord};
use tuwen_doctor::{Diagnosis, DoctorError, Examination, Expectations, Weight, examine};

fn schema() -> QqSchema {
    let titles = vec![TitleField::new("title", "title")];
    QqSchema { titles, width: 2.try_into().expect("not 0"), ..QqSchema::default() }
}

/// A clip of frames `[value, 0]`.
fn clip(id: usize, frames: &[f32]) -> Record {
    Record {
        id: id.to_string(),
        titles: vec![Title { language: "title".to_owned(), text: format!("clip {id}") }],
        tags: None,
        visual: Visual::Features { values: frames.iter().flat_map(|&value| [value, 0.0]).collect(), width: 2 },
    }
}

fn look(path: &Path, frames: Option<usize>) -> Result<Diagnosis, DoctorError> {
    let expectations = Expectations { frames, ..Expectations::none(DataFormat::TfRecord(schema())) };
    examine(&Examination { train: path, heldout: None, expectations: &expectations, limit: None }, &mut |_| {})
}

#[track_caller]
fn assert_said(found: &Diagnosis, lines: &[&str]) {
    let shown = found.to_string();
    lines.iter().for_each(|line| assert!(shown.contains(line), "no `{line}` in\n{shown}"));
}

#[test]
fn frames_are_compared_with_the_recipe_and_with_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.tfrecord");
    let clips = [clip(0, &[1.0, 1.0]), clip(1, &[1.0, 2.0, 3.0, 1.0]), clip(2, &[5.0, 6.0, 7.0]), clip(3, &[4.0])];
    write_tfrecord(&path, &schema(), &clips).expect("written");
    let found = look(&path, Some(3)).expect("four clips");
    assert_said(
        &found,
        &[
            "4 clips, 1 / 2 / 4 frames each; at `vision.frames` = 3, 25.0 % are sampled down and 50.0 % padded",
            "→ vision.frames = 4: 99 % of the clips keep every frame",
            "20.0 % of the frames equal an earlier one of their clip, in 2 of 4 clips; 1 stand still", // 2 of 10
            "→ tasks.mfm.negatives = \"distinct\"",
        ],
    );
    assert_said(&look(&path, Some(6)).expect("four clips"), &["→ vision.frames = 4: no frame is lost"]);
    assert_said(
        &look(&path, None).expect("four clips"),
        &["4 clips, 1 / 2 / 4 frames each\n", "→ vision.frames = 4: 99 %"],
    );
}

#[test]
fn every_flipped_byte_costs_records_and_never_the_look() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.tfrecord");
    write_tfrecord(&path, &schema(), (0..3).map(|id| clip(id, &[1.0]))).expect("written");
    let bytes = std::fs::read(&path).expect("written above");
    for place in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[place] ^= 0x40;
        std::fs::write(&path, &broken).expect("a file of its own");
        // What is broken before the first record ends is no set at all.
        if let Ok(found) = look(&path, None) {
            assert_eq!((found.weight(), found.unreadable.records), (Weight::Fault, 1), "byte {place}: {found}");
        }
    }
}

#[test]
fn cut_file_is_told_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.tfrecord");
    write_tfrecord(&path, &schema(), (0..3).map(|id| clip(id, &[1.0]))).expect("written");
    let bytes = std::fs::read(&path).expect("written above");
    std::fs::write(&path, &bytes[..bytes.len() - 3]).expect("a file of its own");
    let found = look(&path, None).expect("two whole records");
    assert_eq!((found.records, found.unreadable.records), (3, 1));
    assert_said(&found, &["record 2: cut off by the end of the file"]);
}

#[test]
fn empty_set_is_an_error_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.tfrecord");
    std::fs::write(&path, b"").expect("a file of its own");
    let error = look(&path, None).expect_err("nothing in it").to_string();
    assert!(error.ends_with("a.tfrecord: nothing readable, the file is empty"), "{error}");
    let error = look(&folder.path().join("b.tfrecord"), None).expect_err("not there").to_string();
    assert!(error.contains("b.tfrecord"), "{error}");
}
