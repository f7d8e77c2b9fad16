//! Inspections of small sets in every format.

use std::fs;
use std::num::NonZeroUsize;

use super::show::settings_lines;
use super::*;
use crate::tar_index::tests::tar_of;
use crate::{AnnotationFields, QqSchema, Title, TitleField, Visual, WebDatasetFields, write_tfrecord};

/// A picture of 3 × 2 pixels, as far as its header goes.
const GIF: &[u8] = b"GIF89a\x03\x00\x02\x00\x00\x00\x00";

#[track_caller]
fn assert_lines(shown: &str, expected: &[&str]) {
    for line in expected {
        assert!(shown.lines().any(|shown| shown == *line), "no line `{line}` in\n{shown}");
    }
}

#[test]
fn webdataset_with_a_broken_record_and_a_broken_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    let json = |caption: &str| format!(r#"{{"caption_en": "{caption}", "keywords": ["x", "y"], "tone": null}}"#);
    let (cat, dogs) = (json("cat"), json("dogs"));
    fs::write(
        &path,
        tar_of(&[
            ("1.gif", GIF),
            ("1.json", cat.as_bytes()),
            ("2.gif", GIF),
            ("2.json", dogs.as_bytes()),
            ("3.gif", b"?"),
            ("3.json", cat.as_bytes()),
            ("4.gif", GIF),
            ("4.json", b"{"),
        ]),
    )
    .unwrap();
    let found = inspect(&path).unwrap();
    assert_eq!((found.records(), found.unreadable()), (4, 2));
    let shown = found.to_string();
    assert_lines(
        &shown,
        &[
            &format!("{}: webdataset, 1 file, 4 records, 2 unreadable", path.display()),
            "caption_en  text           100 %  3 / 3 / 4 characters   \"cat\"",
            "tone        null           100 %",
            "  titles = [{ field = \"caption_en\", language = \"en\" }]",
            "  # not read: tone",
            "  title en       3 / 3 / 4 characters, 2 titles",
            "  tags           2 per record, 2 distinct; records without: 0",
            "  pictures       3 × 2 pixels",
            "unreadable: 2",
            "record `1`",
        ],
    );
    assert!(shown.contains("record `3`: picture header is broken"), "{shown}");
    assert!(shown.contains("record `4`: broken JSON: "), "{shown}");
}

#[test]
fn tfrecord_with_frames() {
    let folder = tempfile::tempdir().unwrap();
    let record = |id: &str, frames: usize, tags| Record {
        id: id.to_owned(),
        titles: vec![Title { language: "title".to_owned(), text: "猫".repeat(frames) }],
        tags,
        visual: Visual::Features { values: vec![0.5; 2 * frames], width: 2 },
    };
    let records = [record("7", 1, None), record("8", 3, Some(vec!["5".to_owned()])), record("9", 4, Some(Vec::new()))];
    let schema = QqSchema { width: NonZeroUsize::new(2).unwrap(), ..QqSchema::default() };
    write_tfrecord(folder.path().join("a.tfrecord"), &schema, &records[..1]).unwrap();
    write_tfrecord(folder.path().join("b.tfrecord"), &schema, &records[1..]).unwrap();
    let found = inspect(folder.path()).unwrap();
    assert_eq!(found.format(), &DataFormat::TfRecord(schema));
    assert_lines(
        &found.to_string(),
        &[
            &format!("{}: tfrecord, 2 files, 3 records, 0 unreadable", folder.path().display()),
            "tag_id         list of whole numbers   66 %  0 / 0 / 1 entries, 1 distinct  [5]",
            "  title          1 / 3 / 4 characters, 3 titles",
            "  tags           0 / 0 / 1 per record, 1 distinct; records without: 1",
            "  frames         1 / 3 / 4 per clip",
            "  features       2 values per frame",
            "  width = 2",
            "record `7`",
            "record `8`",
            "record `9`",
        ],
    );
}

#[test]
fn annotation_with_missing_images_shows_the_first_ten() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("0.gif"), GIF).unwrap();
    let list: Vec<String> = (0..13).map(|i| format!(r#"{{"image": "{i}.gif", "caption": ["a", "b"]}}"#)).collect();
    let path = folder.path().join("list.json");
    fs::write(&path, format!("[{}]", list.join(","))).unwrap();
    let found = inspect(&path).unwrap();
    assert_eq!((found.records(), found.unreadable(), found.errors.len()), (13, 12, 10));
    assert_lines(&found.to_string(), &["unreadable: 12, the first 10", "  title caption  1 characters, 2 titles"]);
}

#[test]
fn given_settings_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    fs::write(&path, tar_of(&[("1.gif", GIF), ("1.json", br#"{"caption": "a", "note": "b"}"#)])).unwrap();
    let fields = WebDatasetFields {
        image: vec!["gif".to_owned()],
        titles: TitleField::only("note"),
        ..WebDatasetFields::default()
    };
    let found = inspect_as(&DataFormat::WebDataset(fields), &path).unwrap();
    assert_lines(&found.to_string(), &["read with these settings", "  title note     b"]);
}

#[test]
fn shown_settings_can_be_put_into_a_recipe() {
    let titles = vec![TitleField::new("zh", "标题 \"x\""), TitleField::new("en", "title_en")];
    for format in [
        DataFormat::TfRecord(QqSchema { titles: titles.clone(), ..QqSchema::default() }),
        DataFormat::WebDataset(WebDatasetFields {
            titles,
            frames: Some("n".to_owned()),
            ..WebDatasetFields::default()
        }),
        DataFormat::Annotation(AnnotationFields { image_root: Some("images".into()), ..AnnotationFields::default() }),
    ] {
        assert_eq!(toml::from_str::<DataFormat>(&settings_lines(&format).join("\n")), Ok(format));
    }
}

#[test]
fn nothing_to_inspect_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(inspect(folder.path()), Err(DataError::NoFiles { .. })));
    let path = folder.path().join("a.txt");
    fs::write(&path, b"hello").unwrap();
    assert!(matches!(inspect(&path), Err(DataError::UnknownFormat { .. })));
}

#[test]
fn guessed_format_is_the_one_an_inspection_reads_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    let entries: Vec<(String, &[u8])> = (0..2500)
        .flat_map(|i| [(format!("{i}.gif"), GIF), (format!("{i}.json"), br#"{"caption_en": "cat", "tags": ["x"]}"#)])
        .collect();
    let entries: Vec<(&str, &[u8])> = entries.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    fs::write(&path, tar_of(&entries)).unwrap();
    assert_eq!(guess_format(&path).unwrap(), *inspect(&path).unwrap().format());
    assert!(guess_format(folder.path().join("b.tar")).is_err());
}
