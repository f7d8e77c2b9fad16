//! PyTorch's side of `bench gpu`: the same weights and batch, by its fastest ways.

use serde_json::{Value, json};
use tuwen_ops::Precision;

use super::Stepper;
use crate::commands::CommandError;
use crate::commands::bench::asking::{SAME, agreed, ask, steps};
use crate::commands::bench::python::Peer;
use crate::commands::bench::scripts::Scripts;
use crate::commands::bench::timing::Times;
use crate::device::{DeviceName, Kind};

/// [`SAME`] where products are computed by way of TF32, whose 10 bits of mantissa are right to 1e-3.
const SAME_IN_TF32: f64 = 1e-2;

/// How PyTorch is to compute.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) device: DeviceName,
    pub(super) precision: Precision,
    pub(super) compiled: bool,
}

/// A case in a folder, with the losses that our side has for it.
#[derive(Debug)]
pub(super) struct Given {
    scripts: Scripts,
    script: &'static str,
    losses: Value,
}

impl Given {
    /// The case of `ours` before its first step.
    pub(super) fn of(ours: &mut dyn Stepper) -> Result<Self, CommandError> {
        let scripts = Scripts::write()?;
        ours.exchange()?.write(scripts.folder())?;
        Ok(Self { script: ours.script(), losses: json!(ours.check()?), scripts })
    }

    /// Steps of `python` on the case; what it says of itself, and their seconds. Errors: other losses than ours.
    pub(super) fn run(
        &self,
        python: &Peer,
        how: How,
        [warmup, timed]: [usize; 2],
    ) -> Result<(Value, Times), CommandError> {
        let threads = std::thread::available_parallelism()?.get();
        let device = how.device.kind.torch(how.device.index);
        let told = json!({ "device": device, "precision": how.precision, "compiled": how.compiled });
        let mut side = self.scripts.start(self.script, (python, threads), &told)?;
        let versions = ask(&mut side, "versions")?;
        let bound = if matches!(how.device.kind, Kind::Cpu | Kind::Tch) { SAME } else { SAME_IN_TF32 };
        let first = agreed(&self.losses, &ask(&mut side, "check")?, bound)?;
        if warmup > 0 {
            steps(&mut side, warmup)?;
        }
        let (seconds, _) = steps(&mut side, timed)?;
        let memory = ask(&mut side, "memory")?;
        let bytes = memory["peak_mib"].as_f64().map(|mib| (mib * f64::from(1 << 20)) as u64);
        let line = json!({
            "side": "pytorch", "version": versions["torch"], "attention": versions["attention"], "card": versions["card"],
            "device": device, "compiled": how.compiled, "losses_apart": first,
            "memory_bytes": bytes, "memory_is": memory["what"],
        });
        Ok((line, seconds))
    }
}
