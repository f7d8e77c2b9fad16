//! One step: losses, gradients, and the weights moved, with all numbers read once.

use tuwen_core::Losses;
use tuwen_encoder::Tape;

use crate::TrainError;
use crate::architecture::Architecture;
use crate::gradients::Parameters;
use crate::optimizer::{Optimizer, StepOutcome};

/// What a step leaves.
pub struct StepTaken<S> {
    /// The state after it.
    pub state: S,
    /// Its losses; their values are what the optimizer has [`read`](Optimizer::read).
    pub losses: Losses,
    /// How the weights moved.
    pub outcome: StepOutcome,
}

/// Step `step` (from 0) of a run over `examples`, at `factor` of the learning rates.
///
/// # Errors
/// Those of [`Architecture::losses`], and a step that has nothing to learn.
pub fn take_step<A: Architecture>(
    assembly: &A,
    mut state: A::State,
    optimizer: &mut Optimizer,
    examples: &[A::Example],
    (step, factor): (u64, f64),
) -> Result<StepTaken<A::State>, TrainError> {
    let parameters = Parameters::of(assembly.model(&state));
    let tape = Tape::new(assembly.settings().compute.recompute);
    let losses = assembly.losses(&mut state, examples, step, &tape)?;
    let total = losses.total().ok_or(TrainError::NothingToLearn { step: step + 1 })?;
    losses.values().into_iter().for_each(|values| optimizer.read_along(values));
    let gradients = parameters.gradients(tape, &total);
    let (state, outcome) = assembly.advance(state, optimizer, &gradients, factor);
    Ok(StepTaken { state, losses, outcome })
}
