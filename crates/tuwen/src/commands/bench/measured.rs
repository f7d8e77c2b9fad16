//! A case that both sides of a comparison can build, check and step.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use tuwen_core::{Losses, NamedLoss};

use super::exchange::Exchange;
use crate::commands::CommandError;

/// Numbers by name.
pub(in crate::commands) type Named = BTreeMap<&'static str, f64>;

/// A case that can be stepped.
pub(in crate::commands) trait Measured {
    /// What the other side needs for the same case. Errors: something that PyTorch's side doesn't have.
    fn exchange(&self) -> Result<Exchange, CommandError>;
    /// Losses (or sums of results) without dropout; nothing moves.
    fn check(&mut self) -> Result<Named, CommandError>;
    /// One step as a run takes it, its one reading of losses and norm included; its total loss.
    fn step(&mut self) -> Result<f64, CommandError>;
}

/// The values of losses of one number each.
pub(super) fn numbers<const N: usize>(losses: [(&'static str, Tensor<1>); N]) -> Named {
    losses.into_iter().map(|(name, loss)| (name, f64::from(loss.into_scalar::<f32>()))).collect()
}

/// Losses times their weights.
pub(super) fn weighted(losses: &Losses) -> Named {
    let value = |loss: &NamedLoss| f64::from(loss.value.clone().into_scalar::<f32>()) * loss.weight;
    losses.iter().map(|loss| (loss.name, value(loss))).collect()
}
