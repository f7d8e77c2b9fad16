//! The same steps on the device, in f32 and in bf16, and on the CPU: losses and gradient norms have to agree.

use std::path::Path;

use burn::tensor::Device;
use tuwen_encoder::Tape;
use tuwen_ops::Precision;
use tuwen_train::{Architecture, Optimizer, Recipe, StepOutcome, TrainError, albef, find_recipe, unibert};

use super::{Bounds, Found, apart};
use crate::commands::CommandError;

/// Recipes, and the step whose stage is computed: `albef-tiny` with every task, `albef-official-k` with the momentum
/// encoder and the queue.
pub(super) const RECIPES: [(&str, u64); 3] = [("albef-tiny", 550), ("albef-official-k", 0), ("unibert-tiny", 0)];

/// Steps one after the other, on one batch: the second has a queue to compare with and moments that are not zero.
const STEPS: u64 = 3;

/// Computes them on both and compares the largest differences with `bounds`.
pub(super) fn compare(
    name: &str,
    at: u64,
    root: &Path,
    device: &Device,
    (precision, bounds): (Precision, Bounds),
) -> Result<Found, CommandError> {
    let device = (device, precision);
    let [ours, cpu] = match find_recipe(name, &[], &[])? {
        Recipe::Albef(recipe) => both(&albef::Assembly::of(*recipe, root)?, at, device)?,
        Recipe::UniBert(recipe) => both(&unibert::Assembly::of(*recipe, root)?, at, device)?,
    };
    let most = |part: usize| {
        let differences = ours.iter().zip(&cpu).map(|(a, b)| apart(a[part], b[part]));
        differences.fold(0.0, |most: f64, x| if x.is_nan() || x > most { x } else { most })
    };
    let (loss, norm) = (most(0), most(1));
    let text = format!(
        "{STEPS} steps in {precision}: loss {:.6}, CPU in f32 {:.6}; at most {loss:.1e} apart (bound {:.0e}), gradient norms {norm:.1e} ({:.0e})",
        ours[0][0], cpu[0][0], bounds.loss, bounds.norm
    );
    Ok(Found::judged(loss <= bounds.loss && norm <= bounds.norm, text))
}

type Numbers = Vec<[f64; 2]>;

fn both<A: Architecture>(
    assembly: &A,
    at: u64,
    (device, precision): (&Device, Precision),
) -> Result<[Numbers; 2], TrainError> {
    let examples = assembly.loader()?.next_batch()?.items;
    let ours = precision.within(|| numbers(assembly, &examples, at, device))?;
    Ok([ours, numbers(assembly, &examples, at, &Device::flex())?])
}

/// Loss and gradient norm of each step.
fn numbers<A: Architecture>(
    assembly: &A,
    examples: &[A::Example],
    at: u64,
    device: &Device,
) -> Result<Numbers, TrainError> {
    let mut state = assembly.start(&device.clone().autodiff());
    let mut optimizer = Optimizer::new(assembly.settings().optimizer.clone());
    let mut numbers = Vec::new();
    for step in at..at + STEPS {
        let losses = assembly.losses(&mut state, examples, step, &Tape::off())?;
        let total = losses.total().ok_or(TrainError::NothingToLearn { step: step + 1 })?;
        optimizer.read_along(total.clone());
        let gradients = total.backward().into();
        let outcome;
        (state, outcome) = assembly.advance(state, &mut optimizer, &gradients, 1.0);
        let norm = if let StepOutcome::Moved(norm) = outcome { norm } else { f64::NAN };
        numbers.push([optimizer.read()[0], norm]);
    }
    Ok(numbers)
}
