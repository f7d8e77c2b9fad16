//! WebDataset shards: what comes back, and every way to be wrong.

use std::fs;

use super::*;
use crate::tar_index::tests::tar_of;

/// A folder with one shard of these files.
fn shard(files: &[(&str, &[u8])]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    fs::write(&path, tar_of(files)).unwrap();
    (folder, path)
}

/// The first record of a shard of these files, or its error without the path.
fn first(fields: WebDatasetFields, files: &[(&str, &[u8])]) -> Result<Record, String> {
    let (_folder, path) = shard(files);
    let prefix = format!("{}, record ", path.display());
    let record = WebDatasetSource::open(path, fields).unwrap().read(0);
    record.map_err(|error| error.to_string().strip_prefix(&prefix).unwrap().to_owned())
}

fn fields() -> WebDatasetFields {
    WebDatasetFields::default()
}

fn title(language: &str, text: &str) -> Title {
    Title { language: language.to_owned(), text: text.to_owned() }
}

#[test]
fn picture_with_its_caption() {
    let record = first(fields(), &[("x/1.jpg", b"JPG"), ("x/1.json", br#"{"caption": "a cat", "other": 1}"#)]);
    let expected = Record {
        id: "x/1".to_owned(),
        titles: vec![title("caption", "a cat")],
        tags: None,
        visual: Visual::Image(b"JPG".to_vec()),
    };
    assert_eq!(record, Ok(expected));
}

#[test]
fn strip_with_two_languages_and_joined_tags() {
    let fields = WebDatasetFields {
        titles: vec![TitleField::new("en", "title_en"), TitleField::new("zh", "title_zh")],
        tags: vec!["tags_en".to_owned(), "tags_zh".to_owned()],
        id: Some("clip".to_owned()),
        frames: Some("n".to_owned()),
        ..fields()
    };
    let json =
        r#"{"clip": 7, "n": 2, "title_en": ["cat", "a cat"], "title_zh": "猫", "tags_en": ["pet"], "tags_zh": []}"#;
    let expected = Record {
        id: "7".to_owned(),
        titles: vec![title("en", "cat"), title("en", "a cat"), title("zh", "猫")],
        tags: Some(vec!["pet".to_owned()]),
        visual: Visual::Strip { bytes: b"PNG".to_vec(), frames: 2 },
    };
    assert_eq!(first(fields, &[("1.json", json.as_bytes()), ("1.png", b"PNG")]), Ok(expected));
}

#[test]
fn caption_as_an_entry_of_its_own() {
    let fields = WebDatasetFields { titles: vec![TitleField::new("en", "txt")], ..fields() };
    let record = first(fields, &[("1.jpg", b"JPG"), ("1.txt", b"a cat\n")]).unwrap();
    assert_eq!(record.titles, [title("en", "a cat")]);
}

#[test]
fn broken_json_and_bytes_that_are_no_text() {
    let error = |json: &[u8]| first(fields(), &[("1.jpg", b"JPG"), ("1.json", json)]).unwrap_err();
    assert_eq!(error(b"{\"caption\" 1}"), "`1`: broken JSON: expected `:` at line 1 column 12");
    assert_eq!(error(b"{\"caption\": \"\xff\"}"), "`1`: `json` is not UTF-8");
    assert_eq!(error(b""), "`1`: `.json` is empty");
    assert_eq!(error(b"{\"caption\": []}"), "`1`: `caption` is empty");
    let txt = WebDatasetFields { titles: TitleField::only("txt"), ..fields() };
    assert_eq!(first(txt, &[("1.jpg", b"JPG"), ("1.txt", b"\xff")]), Err("`1`: `txt` is not UTF-8".to_owned()));
}

#[test]
fn key_that_is_no_text() {
    let (_folder, path) = shard(&[("1.jpg", b"JPG"), ("1.txt", b"a cat")]);
    let mut archive = fs::read(&path).unwrap();
    for start in [0, 1024] {
        archive[start] = 0xff; // the `1` of both names
        let mut header = tar::Header::from_byte_slice(&archive[start..start + 512]).clone();
        header.set_cksum();
        archive[start..start + 512].copy_from_slice(header.as_bytes());
    }
    fs::write(&path, archive).unwrap();
    let fields = WebDatasetFields { titles: TitleField::only("txt"), ..fields() };
    let error = WebDatasetSource::open(&path, fields).unwrap().read(0).unwrap_err().to_string();
    assert!(error.ends_with("record `\u{fffd}`: `entry name` is not UTF-8"), "{error}");
}

#[test]
fn missing_picture_json_and_field() {
    let json: (&str, &[u8]) = ("1.json", br#"{"caption": "a cat"}"#);
    let id = WebDatasetFields { id: Some("id".to_owned()), ..fields() };
    let frames = WebDatasetFields { frames: Some("n".to_owned()), ..fields() };
    let title = WebDatasetFields { titles: TitleField::only("title"), ..fields() };
    for (fields, files, expected) in [
        (fields(), vec![json], "`1`: no `.jpg`, `.jpeg`, `.png`, `.webp` entry"),
        (fields(), vec![("1.jpg", &b"JPG"[..])], "`1`: no `.json` entry"),
        (title, vec![("1.jpg", b"JPG"), json], "`1`: no field `title`"),
        (id, vec![("1.jpg", b"JPG"), json], "`1`: no field `id`"),
        (frames, vec![("1.jpg", b"JPG"), json], "`1`: no field `n`"),
        (fields(), vec![("1.jpg", b"JPG"), ("1.jpg", b"JPG"), json], "`1`: two `.jpg` entries, expected one"),
        (fields(), vec![("1.jpg", b""), json], "`1`: `.jpg` is empty"),
    ] {
        assert_eq!(first(fields, &files).unwrap_err(), expected);
    }
}

#[test]
fn bad_record_costs_itself_only() {
    let good: &[u8] = br#"{"caption": "a cat"}"#;
    let (_folder, path) = shard(&[("1.jpg", b"1"), ("1.json", b"{"), ("2.jpg", b"2"), ("2.json", good)]);
    let source = WebDatasetSource::open(path, fields()).unwrap();
    assert_eq!(source.len(), 2);
    assert!(source.read(0).is_err());
    assert_eq!(source.read(1).unwrap().visual, Visual::Image(b"2".to_vec()));
    assert!(matches!(source.read(2), Err(DataError::NoSuchRecord { index: 2, length: 2 })));
}

#[test]
fn truncated_archive_is_read_up_to_the_cut() {
    let json: &[u8] = br#"{"caption": "a cat"}"#;
    let (_folder, path) = shard(&[("1.jpg", b"1"), ("1.json", json), ("2.jpg", b"2"), ("2.json", json)]);
    let archive = fs::read(&path).unwrap();
    // Each entry is a header and one block of content, 512 bytes each.
    for (cut, records, expected) in [
        (7 * 512 + 9, 2, "record `2`: cut off by the end of the file after 9 bytes, expected 20"),
        (6 * 512 + 9, 3, "record `2`: no `.json` entry"),
        (6 * 512, 3, "record `2`: no `.json` entry"),
    ] {
        fs::write(&path, &archive[..cut]).unwrap();
        let source = WebDatasetSource::open(&path, fields()).unwrap();
        assert_eq!(source.len(), records);
        assert!(source.read(0).is_ok());
        let error = source.read(1).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
        if records == 3 {
            let rest = source.read(2).unwrap_err().to_string();
            assert!(
                rest.contains("record 2: tar header at byte 3072") || rest.ends_with("entries may be missing"),
                "{rest}"
            );
        }
    }
}

#[test]
fn nothing_readable_is_refused() {
    let (_folder, path) = shard(&[]);
    let open = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        WebDatasetSource::open(&path, fields()).err().unwrap()
    };
    assert!(matches!(open(b""), DataError::EmptyFile { .. }));
    assert!(matches!(open(&[0; 1024]), DataError::NoRecords { .. }));
    assert!(matches!(open(&[7; 1024]), DataError::NothingReadable { .. }));
    let no_titles = WebDatasetFields { titles: Vec::new(), ..fields() };
    assert!(matches!(WebDatasetSource::from_files(&[], no_titles), Err(DataError::NoTitleFields)));
}

#[test]
fn key_that_climbs_is_a_name_only() {
    let (folder, path) = shard(&[("../x.jpg", b"JPG"), ("../x.json", br#"{"caption": "a cat"}"#)]);
    let source = WebDatasetSource::open(&path, fields()).unwrap();
    assert_eq!(source.read(0).unwrap().id, "../x");
    assert!(!folder.path().join("../x.jpg").exists());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1); // the shard itself
}

#[test]
fn shards_follow_the_order_of_their_names() {
    let json: &[u8] = br#"{"caption": "a cat"}"#;
    let (folder, _) = shard(&[("1.jpg", b"1"), ("1.json", json)]);
    fs::write(folder.path().join("b.tar"), tar_of(&[("1.jpg", b"2"), ("1.json", json)])).unwrap();
    let source = WebDatasetSource::open(folder.path(), fields()).unwrap();
    assert_eq!(source.read(1).unwrap().visual, Visual::Image(b"2".to_vec()));
    assert_eq!(source.files().count(), 2);
}
