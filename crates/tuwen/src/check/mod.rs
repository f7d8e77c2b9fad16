//! What a device has to show before it is trusted: the goldens, a step like the CPU's, a run without NaN, a run that goes on.

mod goldens;
mod runs;
mod steps;

use std::path::{Path, PathBuf};
use std::time::Instant;

use tuwen_ops::Precision;

use crate::commands::CommandError;
use crate::device::{DeviceName, Kind, number_formats, quietly};

/// What is checked, and with what.
#[derive(Debug)]
pub(crate) struct Check<'a> {
    /// The device.
    pub(crate) name: DeviceName,
    /// A built test program; absent: cargo builds it.
    pub(crate) tests: Option<&'a Path>,
    /// Steps of the long runs.
    pub(crate) steps: u64,
    /// Where recipes' data sets are looked for.
    pub(crate) root: &'a Path,
}

/// How far a device may stray, relative to the CPU or to itself. Sums in another order cost some units in the last place;
/// Burn's kernels on a card multiply f32 by way of TF32, whose 10 bits of mantissa are right to about 1e-3, and add up
/// gradients of tables in any order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Of a loss.
    pub(crate) loss: f64,
    /// Of a gradient norm.
    pub(crate) norm: f64,
    /// Of the losses of a run that went on and of one that was not interrupted.
    pub(crate) resume: f64,
    /// What the goldens' own bars are multiplied by.
    pub(crate) goldens: f32,
}

impl Bounds {
    /// Of steps whose products are in bf16, 8 bits of mantissa, on any device.
    const IN_BF16: Self = Self { loss: 2e-2, norm: 1e-1, resume: 0.0, goldens: 1.0 };

    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Cpu => Self { loss: 0.0, norm: 0.0, resume: 0.0, goldens: 1.0 },
            Kind::Tch => Self { loss: 1e-4, norm: 1e-3, resume: 1e-6, goldens: 1.0 },
            Kind::TchCuda => Self { loss: 1e-4, norm: 1e-3, resume: 1e-3, goldens: 1.0 },
            Kind::Cuda => Self { loss: 3e-3, norm: 3e-2, resume: 1e-2, goldens: 30.0 },
        }
    }
}

/// What a part found.
pub(crate) enum Found {
    /// As it has to be; what was measured.
    Good(String),
    /// Not as it has to be; what was measured.
    Bad(String),
    /// Could not be looked at here, and why.
    Unknown(String),
}

impl Found {
    /// Good if `good`.
    pub(crate) fn judged(good: bool, text: String) -> Self {
        if good { Self::Good(text) } else { Self::Bad(text) }
    }
}

type Part<'a> = (&'static str, Box<dyn FnOnce() -> Result<Found, CommandError> + 'a>);

/// Runs every part and prints a line for each; a part that fails does not keep the others from running.
///
/// # Errors
/// If the device does not answer, or a part found something bad.
pub(crate) fn run(check: &Check<'_>) -> Result<(), CommandError> {
    let device = check.name.open()?;
    let bounds = Bounds::of(check.name.kind);
    println!("{} computes with {}", check.name, number_formats(&device).join(", "));
    println!();
    let scratch = Scratch::new()?;
    let mut parts: Vec<Part<'_>> =
        vec![("goldens", Box::new(|| goldens::compare(check.name, check.tests, check.root, bounds.goldens)))];
    for (recipe, at) in steps::RECIPES {
        for how in [(Precision::F32, bounds), (Precision::Bf16, Bounds::IN_BF16)] {
            parts.push((recipe, Box::new(move || steps::compare(recipe, at, check.root, &device_of(check)?, how))));
        }
    }
    for recipe in runs::RECIPES {
        let folder = scratch.0.join(recipe);
        let again = folder.clone();
        parts.push((recipe, Box::new(move || runs::long(recipe, check, &folder, &device_of(check)?))));
        parts.push((recipe, Box::new(move || runs::resumed(recipe, check, &again, &device_of(check)?, bounds.resume))));
    }
    parts.push(("memory", Box::new(|| Ok(crate::memory::describe(&device).map_or_else(not_readable, Found::Good)))));
    let bad = parts.into_iter().map(report).filter(|bad| *bad).count();
    println!();
    if bad > 0 { Err(format!("{bad} of the checks above failed on `{}`", check.name).into()) } else { Ok(()) }
}

fn device_of(check: &Check<'_>) -> Result<burn::tensor::Device, CommandError> {
    Ok(check.name.open()?)
}

fn not_readable() -> Found {
    Found::Unknown("the device does not tell".to_string())
}

/// Runs a part and prints its line; true if it found something bad.
fn report((name, part): Part<'_>) -> bool {
    let started = Instant::now();
    let found = match quietly(part) {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => Found::Bad(error.to_string()),
        Err(reason) => Found::Bad(format!("stopped: {reason}")),
    };
    let (verdict, text) = match &found {
        Found::Good(text) => ("good", text),
        Found::Bad(text) => ("BAD", text),
        Found::Unknown(text) => ("not done", text),
    };
    println!("{verdict:<9}{name:<18}{text} [{:.1} s]", started.elapsed().as_secs_f64());
    matches!(found, Found::Bad(_))
}

/// A folder that is gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, CommandError> {
        let folder = std::env::temp_dir().join(format!("tuwen-check-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // nothing depends on it any more
    }
}

/// `|a − b| / |b|`.
pub(crate) fn apart(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { (a - b).abs() / b.abs() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_apart() {
        assert_eq!(apart(2.0, 2.0), 0.0);
        assert_eq!(apart(3.0, 2.0), 0.5);
        assert!(apart(f64::NAN, 2.0).is_nan());
    }

    #[test]
    fn a_part_that_panics_is_bad_and_one_that_cannot_be_done_is_not() {
        assert!(report(("a", Box::new(|| panic!("no")))));
        assert!(report(("b", Box::new(|| Err("no".into())))));
        assert!(!report(("c", Box::new(|| Ok(Found::Unknown("no".to_string()))))));
        assert!(!report(("d", Box::new(|| Ok(Found::judged(true, String::new()))))));
    }
}
