//! Disks that are full, folders that can't be written, files that vanish: what is said, and what stays whole.

use std::path::Path;
use std::process::Command;

use tuwen::train::{Checkpoint, Event, StartFrom};

use crate::albef_fixture::{picture, small_albef};
use crate::fixture::{SHRINK, description, run, small, strip, watched, write_tar};
use crate::program;

/// `command` with no file larger than 400 blocks of 512 or, in some shells, 1024 bytes, which writing meets like a full disk.
#[cfg(unix)]
fn with_small_files(command: &Command) -> Command {
    let mut limited = Command::new("sh");
    // Without the trap the system would end the process at the first byte too many.
    limited.args(["-c", "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\""]);
    limited.arg(command.get_program()).args(command.get_args());
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited
}

#[cfg(unix)]
#[test]
fn no_room_for_a_checkpoint_leaves_the_one_before_and_says_how_much_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let started =
        program::train("unibert-tiny", folder.path(), &[&SHRINK[..], &["schedule.duration={steps=2}"]].concat())
            .output()
            .unwrap();
    assert!(started.status.success(), "{started:?}");
    let longer = program::train("unibert-tiny", folder.path(), &["schedule.duration={steps=4}"]);
    let output = with_small_files(&longer).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let checkpoints = folder.path().join("checkpoints");
    // The model is 499 kB, the optimizer twice that.
    let expected = format!("error: {}: no room for a checkpoint of about 1.5 MB: ", checkpoints.display());
    assert!(said.contains(&expected), "{said}");
    assert!(said.contains("model.safetensors: File too large"), "{said}");
    assert!(said.contains("make room and go on with `--resume`"), "{said}");
    assert_eq!(Checkpoint::load(&checkpoints.join("step-00000002")).unwrap().position.step, 2);
    assert_eq!(std::fs::read_dir(&checkpoints).unwrap().count(), 1, "what was begun is removed");
    let again = program::train("unibert-tiny", folder.path(), &[]).output().unwrap();
    assert!(again.status.success(), "there is room again: {again:?}");
    assert_eq!(Checkpoint::load(&checkpoints.join("step-00000004")).unwrap().position.step, 4);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cant_be_written_is_named() {
    let folder = Path::new("/sys/a-run"); // nobody makes a folder there, not even root
    let error = run(&small(&["schedule.duration={steps=1}"]).unwrap(), folder, StartFrom::Scratch).unwrap_err();
    assert!(error.to_string().starts_with("/sys/a-run: "), "{error}");
}

#[test]
fn checkpoints_that_cant_be_written_are_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("checkpoints"), "a file").unwrap();
    let assembly = small(&["schedule.duration={steps=1}"]).unwrap();
    let error = run(&assembly, folder.path(), StartFrom::Scratch).unwrap_err().to_string();
    assert!(error.starts_with(&folder.path().join("checkpoints").display().to_string()), "{error}");
}

/// Six pictures as files of their own, and their list.
fn list_of_pictures(folder: &Path) -> std::path::PathBuf {
    let records: Vec<_> = (0..6)
        .map(|number| {
            std::fs::write(folder.join(format!("{number}.png")), picture(40 * number)).unwrap();
            let caption = format!("number {number}");
            serde_json::json!({ "image": format!("{number}.png"), "caption_en": caption, "caption_zh": caption })
        })
        .collect();
    let list = folder.join("pairs.json");
    std::fs::write(&list, serde_json::Value::from(records).to_string()).unwrap();
    list
}

#[test]
fn a_picture_deleted_in_the_middle_of_a_run_costs_that_record() {
    let folder = tempfile::tempdir().unwrap();
    let list = list_of_pictures(folder.path()).display().to_string();
    let set = [
        format!("data.train={list:?}"),
        format!("data.heldout={list:?}"),
        r#"data.records={kind="annotation", titles=[{language="en", field="caption_en"}, {language="zh", field="caption_zh"}]}"#
            .to_string(),
        "data.loader.batch_size=2".to_string(),
        "schedule.duration={steps=20}".to_string(),
    ];
    let assembly = small_albef(&set.each_ref().map(String::as_str)).unwrap();
    let mut skipped = Vec::new();
    let summary = watched(&assembly, &folder.path().join("run"), StartFrom::Scratch, &mut |event| match event {
        Event::Stepped(report) if report.step == 3 => std::fs::remove_file(folder.path().join("4.png")).unwrap(),
        Event::SkippedRecord(message) => skipped.push(message.to_string()),
        _ => (),
    })
    .unwrap();
    assert_eq!(summary.steps, 20);
    assert!(!skipped.is_empty() && summary.skipped_records == skipped.len() as u64, "{skipped:?}");
    assert!(skipped.iter().all(|message| message.contains("4.png")), "{skipped:?}");
}

#[test]
fn a_shard_deleted_in_the_middle_of_a_run_is_read_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let shard = folder.path().join("clips.tar");
    let of = |key: &str| (strip(4, key.as_bytes()[0], image::ImageFormat::Jpeg), description(key, "a red sea", 4));
    let entries: Vec<(String, Vec<u8>)> = ["a", "b", "c", "d"]
        .iter()
        .flat_map(|key| [(format!("{key}.jpg"), of(key).0), (format!("{key}.json"), of(key).1)])
        .collect();
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    write_tar(&shard, &entries);
    let train = format!("data.train={:?}", shard.display().to_string());
    let assembly = small(&[&train, "data.loader.batch_size=2", "schedule.duration={steps=9}"]).unwrap();
    let summary = watched(&assembly, &folder.path().join("run"), StartFrom::Scratch, &mut |event| match event {
        Event::Stepped(report) if report.step == 3 => std::fs::remove_file(&shard).unwrap(),
        _ => (),
    })
    .unwrap();
    assert_eq!((summary.steps, summary.skipped_records), (9, 0));
    // Going on without it is another matter.
    let error = small(&[&train]).err().unwrap().to_string();
    assert!(error.contains("clips.tar"), "{error}");
}
