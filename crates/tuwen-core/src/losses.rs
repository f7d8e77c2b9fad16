//! The losses of a step by name, their weighted sum, and what was observed beside them.

use burn::tensor::Tensor;

/// One task's loss.
#[derive(Clone, Debug)]
pub struct NamedLoss {
    /// The task, such as `"mlm"`.
    pub name: &'static str,
    /// `[1]`, before weighting.
    pub value: Tensor<1>,
    /// What it is multiplied by in the total.
    pub weight: f64,
}

/// The losses of one step. A task with nothing to predict in the batch is simply not there.
#[derive(Clone, Debug, Default)]
pub struct Losses {
    losses: Vec<NamedLoss>,
    observed: Vec<(&'static str, Tensor<1>)>,
}

impl Losses {
    /// Adds a task's loss.
    pub fn push(&mut self, name: &'static str, value: Tensor<1>, weight: f64) {
        self.losses.push(NamedLoss { name, value, weight });
    }

    /// Adds a number `[1]` that is no loss and worth seeing, such as `"temperature"`. It is read back together with the
    /// losses, is no part of the total, and gives no gradient.
    pub fn observe(&mut self, name: &'static str, value: Tensor<1>) {
        self.observed.push((name, value.inner()));
    }

    /// Names of what was observed, in the order it was added.
    pub fn observed(&self) -> impl Iterator<Item = &'static str> {
        self.observed.iter().map(|(name, _)| *name)
    }

    /// The losses in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &NamedLoss> {
        self.losses.iter()
    }

    /// Every loss and behind them all that was observed, `[losses + observed]` in the order they were added, outside of
    /// autodiff; nothing when there is neither.
    pub fn values(&self) -> Option<Tensor<1>> {
        let losses = self.losses.iter().map(|loss| loss.value.clone().inner());
        let values: Vec<_> = losses.chain(self.observed.iter().map(|(_, value)| value.clone())).collect();
        (!values.is_empty()).then(|| Tensor::cat(values, 0))
    }

    /// `Σ weight · value`, or nothing when there is no loss at all.
    pub fn total(&self) -> Option<Tensor<1>> {
        self.losses.iter().map(|loss| loss.value.clone().mul_scalar(loss.weight)).reduce(|sum, term| sum + term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn total_is_the_weighted_sum() {
        let mut losses = Losses::default();
        assert!(losses.total().is_none() && losses.values().is_none());
        let device = Device::flex();
        losses.push("mlm", Tensor::from_floats([3.0], &device), 2.0);
        losses.push("mfm", Tensor::from_floats([5.0], &device), 0.5);
        assert_eq!(losses.total().unwrap().into_scalar::<f32>(), 8.5);
        assert_eq!(losses.values().unwrap().try_into_vec_as::<f32>().unwrap(), [3.0, 5.0]);
    }

    #[test]
    fn what_is_observed_is_read_with_the_losses_and_adds_nothing() {
        let (mut losses, device) = (Losses::default(), Device::flex());
        losses.observe("temperature", Tensor::from_floats([0.07], &device.clone().autodiff()).require_grad());
        assert!(losses.total().is_none());
        losses.push("ita", Tensor::from_floats([4.0], &device), 0.5);
        assert_eq!(losses.total().unwrap().into_scalar::<f32>(), 2.0);
        assert_eq!(losses.values().unwrap().try_into_vec_as::<f32>().unwrap(), [4.0, 0.07]);
        assert_eq!(losses.observed().collect::<Vec<_>>(), ["temperature"]);
    }
}
