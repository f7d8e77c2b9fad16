//! Our side of a comparison: one case in a process of its own, which answers commands line by line as the Python side
//! does, so that memory is measured alike.

use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use serde_json::{Value, json};

use super::case::Case;
use crate::commands::CommandError;
use crate::commands::bench::measured::Measured;
use crate::device::DeviceName;
use crate::memory;

/// Builds the case called `name`, writes it into `folder`, then answers commands until stdin ends.
pub(in crate::commands::bench) fn serve(
    name: &str,
    device: &str,
    folder: &Path,
    root: &Path,
) -> Result<(), CommandError> {
    let case = Case::named(name).ok_or_else(|| format!("no case `{name}`"))?;
    let mut measured = case.build(root, &device.parse::<DeviceName>()?.open()?)?;
    measured.exchange()?.write(folder)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let answer = answer(measured.as_mut(), question.as_str().unwrap_or_default())?;
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(measured: &mut dyn Measured, command: &str) -> Result<Value, CommandError> {
    Ok(match command {
        "check" => json!(measured.check()?),
        "step" => {
            let started = Instant::now();
            let total = measured.step()?;
            json!({ "seconds": started.elapsed().as_secs_f64(), "total": total })
        }
        "memory" => {
            json!({ "peak_mib": memory::taken(&Device::flex()).map(|(bytes, _)| bytes as f64 / f64::from(1 << 20)) })
        }
        _ => json!({ "error": format!("unknown command `{command}`") }),
    })
}
