//! The goldens on the device, by way of the test program.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Found;
use crate::commands::CommandError;
use crate::device::{DeviceName, Kind};

/// Names, or parts of them, of the tests that compare a model's numbers with stored ones.
const GOLDEN_TESTS: [&str; 3] = ["parity::", "unibert_variants::", "albef_retrieval::"];

/// Runs the parity tests of `tests`, or of the test program that cargo builds, with `TUWEN_TEST_DEVICE` and
/// `TUWEN_TEST_SLACK`.
pub(super) fn compare(name: DeviceName, tests: Option<&Path>, root: &Path, slack: f32) -> Result<Found, CommandError> {
    let mut command = match tests {
        Some(path) => {
            let mut command = Command::new(std::path::absolute(path)?);
            command.args(GOLDEN_TESTS);
            command
        }
        None if cargo_is_there(root) => {
            let mut command = Command::new("cargo");
            command.args(["test", "--release", "--locked", "--package", "tuwen-tests"]);
            if name.kind != Kind::Cpu {
                command.args(["--features", name.kind.feature()]);
            }
            command.arg("--").args(GOLDEN_TESTS);
            command
        }
        None => {
            return Ok(Found::Unknown("no cargo to build the test program with; give one with --tests".to_string()));
        }
    };
    let goldens: PathBuf = if root.join("tests/golden").exists() { root.into() } else { std::env::current_dir()? };
    command.env("TUWEN_TEST_DEVICE", name.to_string()).env("TUWEN_TEST_SLACK", slack.to_string());
    if std::env::var_os("TUWEN_GOLDEN_DIR").is_none() {
        command.env("TUWEN_GOLDEN_DIR", goldens.join("tests/golden"));
    }
    let output = command.current_dir(&goldens).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let result = text.lines().find_map(|line| line.strip_prefix("test result: ")).unwrap_or("no test ran");
    let result = result.split("; 0 measured").next().unwrap_or(result);
    let failed: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED")).collect();
    let bars =
        if slack == 1.0 { "with the CPU's bars".to_string() } else { format!("with {slack} times the CPU's bars") };
    let good = output.status.success() && !result.contains(" 0 passed");
    let why = if failed.is_empty() && !good { last_line(&output.stderr) } else { failed.join(", ") };
    Ok(Found::judged(good, format!("{result}, {bars} {why}").trim_end().to_string()))
}

fn cargo_is_there(root: &Path) -> bool {
    root.join("Cargo.lock").exists() && Command::new("cargo").arg("--version").output().is_ok()
}

fn last_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().last().unwrap_or_default().to_string()
}
