//! `recipe diff` and `recipe check` as a user calls them.

use crate::golden::workspace;
use crate::program::{program, said};

/// Exit code, standard output and standard error.
fn recipe(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = program(&[&["recipe"], arguments].concat()).current_dir(workspace()).output().unwrap();
    (output.status.code(), said(&output), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_change_is_shown_beside_what_it_changes() {
    let (code, said, _) = recipe(&["diff", "albef-tiny", "--set", "optimizer.learning_rate=2e-3"]);
    assert_eq!(code, Some(0));
    let expected = "[optimizer]\n  learning_rate  0.001       0.002\n1 key differs\n";
    assert!(said.ends_with(expected), "{said}");
}

#[test]
fn a_run_is_compared_by_the_recipe_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (_, resolved, _) = recipe(&["show", "unibert-tiny", "--set", "seed=7"]);
    std::fs::write(folder.path().join("recipe.toml"), resolved).unwrap();
    let path = folder.path().to_str().unwrap();
    let (code, said, _) = recipe(&["diff", "unibert-tiny", path]);
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[1].starts_with("  seed  42") && lines[1].ends_with(" 7"), "{said}");
    assert_eq!(lines[2], "1 key differs");
    let (code, said, _) = recipe(&["diff", path, "unibert-tiny", "--set", "seed=7"]);
    assert_eq!((code, said.as_str()), (Some(0), "the recipes are the same\n"));
}

#[test]
fn recipes_that_can_be_run_say_what_they_name() {
    let (code, said, errors) = recipe(&["check", "albef-tiny", "unibert-tiny"]);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    for expected in ["albef-tiny: can be run", "unibert-tiny: can be run", "962 records", "2725 entries"] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
}

#[test]
fn every_recipe_is_checked_though_the_first_fails() {
    let (code, said, errors) = recipe(&["check", "no-such-recipe", "albef-base", "unibert-tiny"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("unibert-tiny: can be run"), "{said}");
    for expected in [
        "error: no recipe `no-such-recipe`; there are",
        "error: albef-base.toml:9: `data.train` can't be used: ",
        "error: albef-base.toml:10: `data.heldout` can't be used: ",
        "error: 2 of 3 recipes can't be run",
    ] {
        assert!(errors.contains(expected), "{expected} in {errors}");
    }
}

#[test]
fn a_mistyped_key_and_numbers_that_contradict_each_other_have_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let (_, text, _) = recipe(&["show", "unibert-tiny"]);
    let line = 1 + text.lines().position(|line| line.starts_with("learning_rate")).unwrap();
    std::fs::write(&path, text.replace("learning_rate", "learning_rat")).unwrap();
    let (code, _, errors) = recipe(&["check", path.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    let expected = format!("mine.toml:{line}: unknown key `optimizer.learning_rat`; did you mean");
    assert!(errors.contains(&expected), "{errors}");
    std::fs::write(&path, text.replace("num_attention_heads = 4", "num_attention_heads = 5")).unwrap();
    let (_, _, errors) = recipe(&["check", path.to_str().unwrap()]);
    assert!(errors.contains("`model.encoder.num_attention_heads` is 5, expected a divisor"), "{errors}");
}
