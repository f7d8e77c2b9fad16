//! The losses of a step by name, and their weighted sum.

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
pub struct Losses(Vec<NamedLoss>);

impl Losses {
    /// Adds a task's loss.
    pub fn push(&mut self, name: &'static str, value: Tensor<1>, weight: f64) {
        self.0.push(NamedLoss { name, value, weight });
    }

    /// The losses in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &NamedLoss> {
        self.0.iter()
    }

    /// Every loss, `[losses]` in the order they were added, outside of autodiff; nothing when there is none.
    pub fn values(&self) -> Option<Tensor<1>> {
        let values: Vec<_> = self.0.iter().map(|loss| loss.value.clone().inner()).collect();
        (!values.is_empty()).then(|| Tensor::cat(values, 0))
    }

    /// `Σ weight · value`, or nothing when there is no loss at all.
    pub fn total(&self) -> Option<Tensor<1>> {
        self.0.iter().map(|loss| loss.value.clone().mul_scalar(loss.weight)).reduce(|sum, term| sum + term)
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
}
