//! Our side of a comparison: one case in a process of its own, which answers commands line by line as the Python side
//! does, so that memory is measured alike.

use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::time::Instant;

use burn::tensor::{Device, Tensor};
use serde_json::{Value, json};

use super::case::Case;
use super::exchange::Exchange;
use crate::commands::CommandError;
use crate::device::DeviceName;
use crate::memory;

/// Numbers by name.
pub(super) type Named = BTreeMap<&'static str, f64>;

/// A case that can be stepped.
pub(super) trait Measured {
    /// What the other side needs for the same case.
    fn exchange(&self) -> Result<Exchange, CommandError>;
    /// Losses (or sums of results) without dropout; nothing moves.
    fn check(&mut self) -> Result<Named, CommandError>;
    /// One step; its total loss.
    fn step(&mut self) -> Result<f64, CommandError>;
}

/// The values of losses of one number each.
pub(super) fn numbers<const N: usize>(losses: [(&'static str, Tensor<1>); N]) -> Named {
    losses.into_iter().map(|(name, loss)| (name, f64::from(loss.into_scalar::<f32>()))).collect()
}

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
