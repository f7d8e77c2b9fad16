//! PyTorch's side of `bench gpu`: a script of its own, given the sizes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::commands::CommandError;
use crate::commands::bench::timing::Times;

const SCRIPT: &str = include_str!("peer.py");

/// Runs the script with `python` on `case`; what it says of itself, and the seconds of its steps.
pub(super) fn run(python: &Path, case: &Value) -> Result<(Value, Times), CommandError> {
    let folder = std::env::temp_dir().join(format!("tuwen-peer-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let script = folder.join("peer.py"); // a file: PyTorch's compiler reads it
    std::fs::write(&script, SCRIPT)?;
    let started = Command::new(python).arg(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| format!("{}: {error}", python.display()))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(case.to_string().as_bytes())?;
    }
    let output = child.wait_with_output()?;
    std::fs::remove_dir_all(&folder)?;
    if !output.status.success() {
        return Err(format!("{} failed on PyTorch's step; its own words are above", python.display()).into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    let mut measured: Value = serde_json::from_str(last)?;
    let seconds: Vec<f64> = serde_json::from_value(measured["seconds"].take())?;
    if seconds.is_empty() {
        return Err("PyTorch's side measured no step".into());
    }
    measured.as_object_mut().map(|fields| fields.remove("seconds"));
    Ok((measured, seconds.into_iter().collect()))
}
