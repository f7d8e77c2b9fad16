//! Bad records and bad recipes: one bad record costs one record, and a bad recipe costs nothing.

use std::path::Path;

use image::ImageFormat::{Jpeg, Png};
use tuwen::data::{QqSchema, Record, Title, Visual, write_tfrecord};
use tuwen::train::unibert::Assembly;
use tuwen::train::{StartFrom, TrainError};

use crate::fixture::{description, run, small, strip, write_tar};

/// Recipe settings that train on `path`.
fn on(path: &Path, set: &[&str]) -> Result<Assembly, TrainError> {
    let train = format!("data.train={:?}", path.display().to_string());
    small(&[&[train.as_str(), "data.loader.batch_size=2", "schedule.duration={steps=2}"], set].concat())
}

/// All examples of one pass, by id, and the messages of what was skipped.
fn one_pass(assembly: &Assembly, batches: usize) -> (Vec<String>, Vec<String>) {
    let (mut ids, mut skipped) = (Vec::new(), Vec::new());
    let mut loader = assembly.training_loader().unwrap();
    for _ in 0..batches {
        let batch = loader.next_batch().unwrap();
        ids.extend(batch.items.iter().map(|example| example.id.clone()));
        skipped.extend(batch.skipped.into_iter().map(|skipped| skipped.message));
    }
    ids.sort();
    skipped.sort();
    (ids, skipped)
}

#[test]
fn broken_pictures_are_named_counted_and_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let shard = folder.path().join("clips.tar");
    let good = strip(4, 9, Jpeg);
    let mut entries = Vec::new();
    for key in ["a", "b", "c", "d"] {
        entries.push((format!("{key}.jpg"), strip(4, key.as_bytes()[0], Jpeg)));
        entries.push((format!("{key}.json"), description(key, "a red sea", 4)));
    }
    entries.push(("cut.jpg".into(), good[..good.len() / 2].to_vec()));
    entries.push(("cut.json".into(), description("cut", "half a picture", 4)));
    entries.push(("odd.jpg".into(), strip(3, 1, Png)[..60].to_vec()));
    entries.push(("odd.json".into(), description("odd", "a broken png", 3)));
    entries.push(("none.json".into(), description("none", "no picture", 4)));
    entries.push(("json.jpg".into(), good));
    entries.push(("json.json".into(), b"{\"clip_id\": ".to_vec()));
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    write_tar(&shard, &entries);

    // Five passes over four good records, so every bad one has had its turn.
    let (ids, skipped) = one_pass(&on(&shard, &[]).unwrap(), 10);
    assert_eq!(ids.len(), 20);
    assert!(["a", "b", "c", "d"].iter().all(|key| ids.contains(&key.to_string())));
    for bad in ["cut", "odd", "none", "json"] {
        let message = skipped.iter().find(|message| message.contains(&format!("record `{bad}`:")));
        assert!(message.is_some_and(|message| message.contains("clips.tar")), "{bad} in {skipped:#?}");
    }

    // The run survives them and counts them.
    let (summary, told) =
        run(&on(&shard, &["schedule.duration={steps=8}"]).unwrap(), folder.path(), StartFrom::Scratch).unwrap();
    assert_eq!(summary.steps, 8);
    assert!(summary.skipped_records >= 4);
    assert_eq!(told.len() as u64, summary.skipped_records);
}

#[test]
fn long_and_empty_titles_are_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let shard = folder.path().join("clips.tar");
    let long = "很长的标题 ".repeat(1667); // 10,002 characters
    let titles = [("long", long.as_str()), ("empty", ""), ("blank", " \t\u{3000}"), ("plain", "red")];
    let entries: Vec<(String, Vec<u8>)> = titles
        .iter()
        .flat_map(|(key, title)| {
            [(format!("{key}.jpg"), strip(2, 3, Jpeg)), (format!("{key}.json"), description(key, title, 2))]
        })
        .collect();
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    write_tar(&shard, &entries);
    let assembly = on(&shard, &[]).unwrap();
    let mut loader = assembly.training_loader().unwrap();
    let examples = [loader.next_batch().unwrap().items, loader.next_batch().unwrap().items].concat();
    let text = |id: &str| &examples.iter().find(|example| example.id == id).unwrap().text;
    assert_eq!(text("long").len(), 24, "cut to `text.layout.max_length`");
    assert_eq!(text("long").input_ids.last(), text("plain").input_ids.last(), "the final [SEP] is kept");
    for id in ["empty", "blank"] {
        assert_eq!(
            text(id).input_ids,
            [text("plain").input_ids[..2].to_vec(), text("long").input_ids[23..].to_vec()].concat()
        );
    }
    let (summary, skipped) = run(&assembly, folder.path(), StartFrom::Scratch).unwrap();
    assert_eq!((summary.steps, skipped.len()), (2, 0));
}

fn tfrecord(path: &Path, clips: usize) -> Vec<u8> {
    let records = (0..clips).map(|clip| Record {
        id: clip.to_string(),
        titles: vec![Title { language: "title".into(), text: format!("clip {clip}") }],
        tags: Some(vec!["3".into(), "7".into()]),
        visual: Visual::Features { values: (0..4 * 6).map(|v| (v * clip) as f32 / 8.0).collect(), width: 6 },
    });
    let schema = QqSchema { width: 6.try_into().unwrap(), ..QqSchema::default() };
    write_tfrecord(path, &schema, records).unwrap();
    std::fs::read(path).unwrap()
}

/// Settings for TFRecords of six values a frame.
const TFRECORD: [&str; 4] = [
    r#"data.records={kind="tfrecord", titles=[{language="title", field="title"}], width=6}"#,
    r#"vision={frames=4}"#,
    "model.encoder.frame_dim=6",
    r#"tasks.tag.vocabulary={most_frequent=5}"#,
];

fn on_tfrecord(path: &Path) -> Result<Assembly, TrainError> {
    let heldout = format!("data.heldout={:?}", path.display().to_string());
    on(path, &[&TFRECORD[..], &[heldout.as_str()]].concat())
}

#[test]
fn a_flipped_bit_costs_one_tfrecord_and_a_cut_costs_the_tail() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clips.tfrecord");
    let whole = tfrecord(&path, 6);
    let (ids, skipped) = one_pass(&on_tfrecord(&path).unwrap(), 3);
    assert_eq!((ids.len(), skipped.len()), (6, 0));

    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    std::fs::write(&path, &flipped).unwrap();
    let (ids, skipped) = one_pass(&on_tfrecord(&path).unwrap(), 4);
    assert_eq!(ids.len(), 8);
    assert!(skipped.iter().all(|message| message.contains("clips.tfrecord, record") && message.contains("checksum")));
    assert!(!skipped.is_empty());

    std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    let (ids, skipped) = one_pass(&on_tfrecord(&path).unwrap(), 4);
    assert_eq!(ids.iter().filter(|id| *id == "5").count(), 0, "the last record is the one that is cut");
    assert!(skipped.iter().all(|message| message.contains("cut off by the end of the file")), "{skipped:?}");

    std::fs::write(&path, b"").unwrap();
    let error = on_tfrecord(&path).err().unwrap().to_string();
    assert!(error.ends_with("clips.tfrecord: nothing readable, the file is empty"), "{error}");
}

#[test]
fn nothing_readable_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let shard = folder.path().join("clips.tar");
    let entries: Vec<(String, Vec<u8>)> = ["a", "b"]
        .iter()
        .flat_map(|k| [(format!("{k}.jpg"), vec![7; 50]), (format!("{k}.json"), description(k, "x", 2))])
        .collect();
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    write_tar(&shard, &entries);
    let error = run(&on(&shard, &[]).unwrap(), folder.path(), StartFrom::Scratch).unwrap_err().to_string();
    assert!(error.contains("none of 2 records is readable"), "{error}");
}

#[test]
fn a_bad_recipe_is_refused_before_anything_is_read() {
    for (set, expected) in [
        ("data.loader.batch_size=1", "is 1, expected at least 2: with `tasks.itm`, a title needs a second clip"),
        ("data.batch_size=4", "no key `data.batch_size`; known there: `train`, `heldout`"),
        ("data.loader.batch_sise=4", "did you mean `data.loader.batch_size`?"),
        ("data.loader.batch_size=big", "is the string \"big\", expected"),
        ("model.encoder.num_attention_heads=3", "is 3, expected a divisor of hidden_size = 16"),
        ("model.encoder.vocab_size=99", "is 99, expected 2725"),
        ("tasks.mlm.masking.probability=1.5", "is 1.5, expected 0 to less than 1"),
        ("vision.frames=65", "expected 1 to `model.encoder.max_position_embeddings` = 64"),
        ("model.encoder.frame_dim=5", "is 5, expected 768 as `vision.descriptor` makes them"),
        ("text.layout.layout=cls_title_sep", "expected `cls_sep_title_sep` for this `model.encoder.layout`"),
        ("data.train=no/such/file.tar", "no/such/file.tar"),
        ("data.records.tags=[]", "`tasks.tag.vocabulary` gives no tag"),
        ("compat=sead", "did you mean `seed`?"),
    ] {
        let error = small(&[set]).err().unwrap_or_else(|| panic!("{set} was accepted")).to_string();
        assert!(error.contains(expected), "--set {set}: {error}");
    }
    let error = tuwen::train::find_recipe("unibert-tinny", &[], &[]).unwrap_err().to_string();
    assert!(error.starts_with("no recipe `unibert-tinny`; there are `albef-tiny`"), "{error}");
}
