//! Damaged checkpoints: the run goes on from the one before, says why, and ends as if nothing had happened.

use std::fs;
use std::path::Path;

use tuwen::train::{Event, StartFrom};

use crate::fixture::{run, small, watched};
use crate::run_folder::{assert_same_run, copy};

const SHORT: [&str; 4] =
    ["schedule.duration={steps=12}", "checkpoint.every=5", "checkpoint.keep=3", "evaluation.every=6"];

fn truncate(checkpoint: &Path) {
    let path = checkpoint.join("model.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
}

fn flip_a_bit(checkpoint: &Path) {
    let path = checkpoint.join("optimizer.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
}

fn remove_manifest(checkpoint: &Path) {
    fs::remove_file(checkpoint.join("manifest.json")).unwrap();
}

fn cut_manifest(checkpoint: &Path) {
    let path = checkpoint.join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() / 2]).unwrap();
}

fn remove_weights(checkpoint: &Path) {
    fs::remove_file(checkpoint.join("model.safetensors")).unwrap();
}

/// A way to damage a checkpoint, and what is said of it.
type Damage = (fn(&Path), &'static str);

const DAMAGES: [Damage; 5] = [
    (truncate, "model.safetensors has"),
    (flip_a_bit, "optimizer.safetensors was changed after it was written"),
    (remove_manifest, "manifest.json: No such file"),
    (cut_manifest, "manifest.json: EOF while parsing"),
    (remove_weights, "model.safetensors: No such file"),
];

#[test]
fn the_newest_checkpoint_may_be_damaged_in_any_way() {
    let whole = tempfile::tempdir().unwrap();
    let assembly = small(&SHORT).unwrap();
    run(&assembly, whole.path(), StartFrom::Scratch).unwrap();
    for (damage, expected) in DAMAGES {
        let folder = tempfile::tempdir().unwrap();
        copy(whole.path(), folder.path());
        damage(&folder.path().join("checkpoints/step-00000012"));
        let (mut notices, mut first) = (Vec::new(), 0);
        watched(&assembly, folder.path(), StartFrom::NewestCheckpoint, &mut |event| match event {
            Event::Notice(notice) => notices.push(notice.to_string()),
            Event::Started(start) => first = start.steps[0],
            _ => (),
        })
        .unwrap();
        assert_eq!((first, notices.len()), (11, 1), "{notices:?}");
        assert!(notices[0].starts_with("passed over a damaged checkpoint: "), "{notices:?}");
        assert!(notices[0].contains("step-00000012") && notices[0].contains(expected), "{notices:?}");
        assert_same_run(whole.path(), folder.path(), expected);
    }
}

#[test]
fn where_all_checkpoints_are_damaged_nothing_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let assembly = small(&["schedule.duration={steps=2}"]).unwrap();
    run(&assembly, folder.path(), StartFrom::Scratch).unwrap();
    flip_a_bit(&folder.path().join("checkpoints/step-00000002"));
    let error = run(&assembly, folder.path(), StartFrom::NewestCheckpoint).unwrap_err().to_string();
    assert!(error.ends_with("checkpoints: no whole checkpoint to resume"), "{error}");
}

#[test]
fn metrics_that_were_lost_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let assembly = small(&["schedule.duration={steps=2}"]).unwrap();
    run(&assembly, folder.path(), StartFrom::Scratch).unwrap();
    let path = folder.path().join("metrics.jsonl");
    let bytes = fs::metadata(&path).unwrap().len();
    fs::write(&path, "{\"step\":1").unwrap();
    let mut notices = Vec::new();
    watched(&assembly, folder.path(), StartFrom::NewestCheckpoint, &mut |event| {
        if let Event::Notice(notice) = event {
            notices.push(notice.to_string());
        }
    })
    .unwrap();
    assert_eq!(notices, [format!("{}: {bytes} bytes of earlier steps are missing", path.display())]);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("{\"heldout\""), "half a line is cut off: {text}");
}
