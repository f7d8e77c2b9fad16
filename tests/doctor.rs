//! `doctor` as a user calls it: its exit code and its sentences.

use image::ImageFormat::Jpeg;

use crate::fixture::{description, strip, write_tar};
use crate::program::{program, said};

/// Exit code and standard output.
fn doctor(arguments: &[&str]) -> (Option<i32>, String) {
    let output = program(&[&["doctor"], arguments].concat()).current_dir(crate::golden::workspace()).output().unwrap();
    (output.status.code(), said(&output))
}

#[test]
fn the_real_sets_are_sound() {
    for recipe in ["albef-tiny", "unibert-tiny"] {
        let (code, said) = doctor(&["--recipe", recipe]);
        assert_eq!(code, Some(0), "{recipe}: {said}");
        assert!(said.contains("held-out records is trained on"), "{recipe}: {said}");
    }
}

#[test]
fn a_broken_record_is_named_and_told_by_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clips.tar");
    let good = strip(4, 9, Jpeg);
    let entries = [
        ("a.jpg", good.clone()),
        ("a.json", description("a", "a red sea", 4)),
        ("cut.jpg", good[..good.len() / 2].to_vec()),
        ("cut.json", description("cut", "half a picture", 4)),
    ];
    write_tar(&path, &entries);
    let (code, said) = doctor(&["--data", path.to_str().unwrap()]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("! 1 of 2 records can't be used"), "{said}");
    assert!(said.contains("clips.tar, record `cut`"), "{said}");
}

#[test]
fn a_set_that_is_tested_on_what_it_trains_on_is_broken() {
    let (code, said) = doctor(&["--recipe", "unibert-tiny", "--heldout", "datasets/fluent-clips/train.tar"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("held out   !"), "{said}");
}

#[test]
fn a_set_that_is_not_there_is_no_broken_set() {
    assert_eq!(doctor(&["--data", "no/such.tar"]).0, Some(1));
    assert_eq!(doctor(&[]).0, Some(2), "neither data nor recipe");
}
