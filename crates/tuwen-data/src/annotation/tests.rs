//! Annotation files: what comes back, and every way to be wrong.

use super::*;
use crate::Title;

/// A folder with `list.json` and the image `pictures/1.jpg`.
fn folder(list: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("pictures")).unwrap();
    fs::write(folder.path().join("pictures/1.jpg"), b"JPG").unwrap();
    fs::write(folder.path().join("pictures/empty.jpg"), b"").unwrap();
    let path = folder.path().join("list.json");
    fs::write(&path, list).unwrap();
    (folder, path)
}

/// The first record of a list, or its error without the path.
fn first(list: &str) -> Result<Record, String> {
    let (_folder, path) = folder(list);
    let prefix = format!("{}, record 0: ", path.display());
    let record = AnnotationSource::open(path, AnnotationFields::default()).unwrap().read(0);
    record.map_err(|error| error.to_string().strip_prefix(&prefix).unwrap().to_owned())
}

fn titles(texts: &[&str]) -> Vec<Title> {
    texts.iter().map(|&text| Title { language: "caption".to_owned(), text: text.to_owned() }).collect()
}

#[test]
fn captions_are_one_or_several() {
    let one = first(r#"[{"image": "pictures/1.jpg", "caption": "a cat"}]"#).unwrap();
    let expected = Record {
        id: "pictures/1.jpg".to_owned(),
        titles: titles(&["a cat"]),
        tags: None,
        visual: Visual::Image(b"JPG".to_vec()),
    };
    assert_eq!(one, expected);
    let two = first(r#"[{"image": "./pictures/1.jpg", "caption": ["a cat", "猫"], "image_id": 7}]"#).unwrap();
    assert_eq!(two, Record { id: "7".to_owned(), titles: titles(&["a cat", "猫"]), ..expected });
}

#[test]
fn image_root_and_field_names_are_settings() {
    let (folder, path) = folder(r#"[{"file": "1.jpg", "text": "a cat", "labels": ["pet", 3]}]"#);
    let fields = AnnotationFields {
        image_root: Some(folder.path().join("pictures")),
        image: "file".to_owned(),
        titles: vec![TitleField::new("en", "text")],
        tags: vec!["labels".to_owned()],
        ..AnnotationFields::default()
    };
    let record = AnnotationSource::open(path, fields).unwrap().read(0).unwrap();
    assert_eq!(record.tags.unwrap(), ["pet", "3"]);
    assert_eq!(record.titles, [Title { language: "en".to_owned(), text: "a cat".to_owned() }]);
}

#[test]
fn path_that_escapes_is_refused() {
    for image in ["../secret.jpg", "pictures/../../secret.jpg", "/etc/hostname", ".."] {
        let error = first(&format!(r#"[{{"image": "{image}", "caption": "a cat"}}]"#)).unwrap_err();
        let expected = format!("image `{image}` leads out of the image root, expected a relative path without `..`");
        assert_eq!(error, expected);
    }
}

#[test]
fn image_that_is_missing_or_unreadable() {
    let error = |image: &str| first(&format!(r#"[{{"image": "{image}", "caption": "a cat"}}]"#)).unwrap_err();
    assert!(error("pictures/2.jpg").starts_with("no image file `"));
    assert!(error("pictures").starts_with("image `")); // a folder
    assert!(error("pictures/empty.jpg").ends_with("empty.jpg` is empty"));
}

#[test]
fn record_that_lacks_something() {
    assert_eq!(first(r#"[{"caption": "a cat"}]"#).unwrap_err(), "no field `image`");
    assert_eq!(first(r#"[{"image": "pictures/1.jpg"}]"#).unwrap_err(), "no field `caption`");
    assert_eq!(first("[5]").unwrap_err(), "`record` is a whole number, expected an object");
    let captions = r#"[{"image": "pictures/1.jpg", "caption": {}}]"#;
    assert_eq!(first(captions).unwrap_err(), "`caption` is an object, expected a text or a list of texts");
}

#[test]
fn bad_record_costs_itself_only() {
    let (_folder, path) = folder(r#"[{"image": "no.jpg", "caption": ""}, {"image": "pictures/1.jpg", "caption": ""}]"#);
    let source = AnnotationSource::open(path, AnnotationFields::default()).unwrap();
    assert_eq!((source.len(), source.files().count()), (2, 1));
    assert!(source.read(0).is_err());
    assert_eq!(source.read(1).unwrap().titles, titles(&[""]));
    assert!(matches!(source.read(2), Err(DataError::NoSuchRecord { index: 2, length: 2 })));
}

#[test]
fn file_that_is_no_list_is_refused() {
    let open = |list: &str| {
        let (_folder, path) = folder(list);
        AnnotationSource::open(path, AnnotationFields::default()).err().unwrap()
    };
    let error = open("[{\"image\": \"1.jpg\"},\n{\"image\" 2}]");
    assert!(matches!(error, DataError::BrokenList { .. }), "{error}");
    assert!(error.to_string().contains("at line 2 column"), "{error}");
    assert!(matches!(open("{}"), DataError::BrokenList { .. }));
    assert!(matches!(open("[]"), DataError::NoRecords { .. }));
    assert!(matches!(open(""), DataError::EmptyFile { .. }));
    let no_titles = AnnotationFields { titles: Vec::new(), ..AnnotationFields::default() };
    assert!(matches!(AnnotationSource::from_files(&[], no_titles), Err(DataError::NoTitleFields)));
}
