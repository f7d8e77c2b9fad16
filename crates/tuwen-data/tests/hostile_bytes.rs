//! Whatever bytes a file has, reading it gives records or errors, never a panic and never made-up records.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use tar::{Builder, Header};
use tuwen_data::{
    AnnotationFields, DataFormat, QqSchema, Record, TfRecordFile, TfRecordWriter, Title, Visual, WebDatasetFields,
    inspect, open_source, write_tfrecord,
};
use tuwen_random::{Draws, Stream};

const CHANGE: Stream = Stream::named("hostile.change");

fn schema() -> QqSchema {
    QqSchema { width: NonZeroUsize::new(4).unwrap(), ..QqSchema::default() }
}

fn formats() -> [DataFormat; 3] {
    [
        DataFormat::TfRecord(schema()),
        DataFormat::WebDataset(WebDatasetFields::default()),
        DataFormat::Annotation(AnnotationFields::default()),
    ]
}

/// Reads every record of `path` in every way there is.
fn read_all(path: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    if let Ok(found) = inspect(path) {
        assert!(found.unreadable() <= found.records(), "{found}");
    }
    for format in formats() {
        let Ok(source) = open_source(&format, path) else { continue };
        for index in 0..source.len() {
            match source.read(index) {
                Ok(record) => records.push(record),
                Err(error) => assert!(error.to_string().contains(&path.display().to_string()), "{error}"),
            }
        }
        assert!(source.read(source.len()).is_err());
    }
    records
}

/// `bytes` with a few bytes changed, a piece cut off, taken out, doubled, or filled with noise.
fn changed(bytes: &[u8], draws: &Draws) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let below = |position, bound: usize| draws.below(position, bound.max(1) as u64) as usize;
    for round in 0..1 + draws.below(0, 3) {
        let at = 10 * (1 + round);
        let (start, length) = (below(at, bytes.len()), below(at + 1, 40));
        let end = (start + length).min(bytes.len());
        match draws.below(at + 2, 5) {
            0 => bytes.iter_mut().skip(start).take(1).for_each(|byte| *byte ^= 1 << draws.below(at + 3, 8)),
            1 => bytes.truncate(start),
            2 => drop(bytes.drain(start..end)),
            3 => bytes.splice(start..start, bytes[start..end].to_vec()).for_each(drop),
            _ => (start..end).for_each(|i| bytes[i] = draws.bits(1000 + i as u64) as u8),
        }
    }
    bytes
}

/// Writes `count` variants of `bytes` under `name` and reads them; `check` sees the records of each.
fn try_variants(name: &str, bytes: &[u8], count: u64, check: impl Fn(Vec<Record>)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    for variant in 0..count {
        fs::write(&path, changed(bytes, &Draws::new(5, CHANGE, 0, variant))).unwrap();
        check(read_all(&path));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else was written");
}

fn records() -> Vec<Record> {
    let record = |id: u32| Record {
        id: id.to_string(),
        titles: vec![Title { language: "title".to_owned(), text: format!("clip {id}") }],
        tags: Some(vec!["3".to_owned(), "5".to_owned()]),
        visual: Visual::Features { values: vec![id as f32; 12], width: 4 },
    };
    (0..4).map(record).collect()
}

/// The records as a TFRecord file.
fn tfrecord(folder: &Path) -> (PathBuf, Vec<u8>) {
    let path = folder.join("a.tfrecord");
    write_tfrecord(&path, &schema(), records()).unwrap();
    let bytes = fs::read(&path).unwrap();
    (path, bytes)
}

fn header(name: &str, content: &[u8]) -> Header {
    let mut header = Header::new_ustar();
    header.set_path(name).unwrap();
    header.set_size(content.len() as u64);
    header.set_cksum();
    header
}

fn shard() -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for i in 0..4 {
        let json = format!(r#"{{"caption": ["a cat", "cat {i}"], "tags": [1, "x"]}}"#);
        for (name, content) in
            [(format!("{i}.jpg"), &b"\xff\xd8\xff\xe0 no picture"[..]), (format!("{i}.json"), json.as_bytes())]
        {
            builder.append(&header(&name, content), content).unwrap();
        }
    }
    builder.into_inner().unwrap()
}

#[test]
fn random_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for variant in 0..400 {
        let draws = Draws::new(5, CHANGE, 1, variant);
        let bytes: Vec<u8> = (0..draws.below(0, 2000)).map(|i| draws.bits(1 + i) as u8).collect();
        for name in ["a.tar", "a.tfrecord", "a.json"] {
            let path = folder.path().join(name);
            fs::write(&path, &bytes).unwrap();
            assert!(read_all(&path).is_empty());
        }
    }
}

#[test]
fn changed_tfrecord_gives_only_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let (_, bytes) = tfrecord(folder.path());
    let written = records();
    try_variants("b.tfrecord", &bytes, 800, |read| assert!(read.iter().all(|record| written.contains(record))));
}

/// The checksums fit here, so the changes reach the protocol buffers and the schema.
#[test]
fn changed_examples_in_sound_frames() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = tfrecord(folder.path());
    let payload = TfRecordFile::open(&path).unwrap().payload(2).unwrap().to_vec();
    let mut read = 0;
    for variant in 0..800 {
        let mut writer = TfRecordWriter::create(&path).unwrap();
        writer.write(&changed(&payload, &Draws::new(5, CHANGE, 2, variant))).unwrap();
        writer.finish().unwrap();
        read += read_all(&path).len();
    }
    assert!((1..800).contains(&read), "some are sound, some are not: {read}");
}

#[test]
fn changed_shard() {
    try_variants("a.tar", &shard(), 800, |read| assert!(read.len() <= 8));
}

/// The header checksums fit here, so wrong sizes, types and names reach the index.
#[test]
fn changed_headers_with_sound_checksums() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    let mut read = 0;
    for variant in 0..800 {
        let mut bytes = shard();
        let draws = Draws::new(5, CHANGE, 3, variant);
        let start = 512 * 2 * draws.below(0, 8) as usize; // header and content take turns, a block each
        for change in 0..3 {
            // Names end at 100; size, time, checksum, type and the next name follow at 124.
            let place = [draws.below(10 + change, 16), 124 + draws.below(20 + change, 50)]
                [draws.below(30 + change, 2) as usize];
            bytes[start + place as usize] = b"0157./gxLK\0\xff\x80"[draws.below(40 + change, 13) as usize];
        }
        let mut header = Header::from_byte_slice(&bytes[start..start + 512]).clone();
        header.set_cksum();
        bytes[start..start + 512].copy_from_slice(header.as_bytes());
        fs::write(&path, &bytes).unwrap();
        read += read_all(&path).len();
    }
    assert!((1..4 * 800).contains(&read), "some are sound, some are not: {read}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was unpacked");
}

#[test]
fn changed_annotations() {
    let list =
        r#"[{"image": "a.json", "caption": ["a cat", "cat"], "image_id": 7}, {"image": "no.jpg", "caption": ""}]"#;
    try_variants("a.json", list.as_bytes(), 800, |read| assert!(read.len() <= 4));
}
