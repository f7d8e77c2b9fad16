//! The program as a process of its own: this test binary calls itself, so nothing more has to be built.

use std::path::Path;
use std::process::{Command, Output};

use tuwen::commands::Program;

use crate::golden::workspace;

/// The child's arguments, as a JSON list.
const ARGUMENTS: &str = "TUWEN_TEST_ARGUMENTS";

/// What of this binary the child runs.
const ENTRY: [&str; 4] = ["program::the_program_answers_in_a_child", "--exact", "--nocapture", "--test-threads=1"];

/// `tuwen ARGUMENTS…`, to be started; it computes where the tests do.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(ENTRY).env(ARGUMENTS, serde_json::to_string(arguments).unwrap());
    command
}

/// What the program itself wrote to its standard output: the test harness, which it runs in, writes a line before it.
pub(crate) fn said(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.split_once(" ... ").map(|(_, said)| said.to_string()).unwrap_or(text)
}

/// `tuwen ARGUMENTS…`, run to its end.
pub(crate) fn called(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

/// What the program wrote to its standard output; it has to succeed.
pub(crate) fn done(arguments: &[&str]) -> String {
    let output = called(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    said(&output)
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `tuwen train` of `recipe` into `folder`, or on from where it stands there once it has a recipe.
pub(crate) fn train(recipe: &str, folder: &Path, set: &[&str]) -> Command {
    let path = folder.to_str().unwrap();
    let device = std::env::var("TUWEN_TEST_DEVICE").unwrap_or_else(|_| "cpu".to_string());
    let mut arguments = vec!["train", "--device", &device];
    if folder.join("recipe.toml").exists() {
        arguments.extend(["--resume", path]);
    } else {
        arguments.extend([recipe, "--run", path]);
    }
    set.iter().for_each(|set| arguments.extend(["--set", set]));
    program(&arguments)
}

#[test]
fn the_program_answers_in_a_child() {
    if let Ok(arguments) = std::env::var(ARGUMENTS) {
        let arguments: Vec<String> = serde_json::from_str(&arguments).unwrap();
        let arguments = std::iter::once("tuwen".into()).chain(arguments.into_iter().map(Into::into));
        std::process::exit(tuwen::commands::run(arguments, Program { root: &workspace(), commit: None }).into());
    }
    let listed = program(&["recipe", "list"]).output().unwrap();
    assert!(String::from_utf8_lossy(&listed.stdout).contains("albef-tiny"), "{listed:?}");
    assert_eq!(listed.status.code(), Some(0));
    assert_eq!(program(&["recipe", "lisst"]).output().unwrap().status.code(), Some(2));
    assert_eq!(program(&["recipe", "show", "nothing-of-this-name"]).output().unwrap().status.code(), Some(1));
}
