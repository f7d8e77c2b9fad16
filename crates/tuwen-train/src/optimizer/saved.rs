//! The optimizer's state as named tensors, and back.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};
use tuwen_encoder::{HostTensor, Weights};

use super::{Memory, Optimizer};

/// What each kind of tensor is called in front of its weight's name.
const FIRST: &str = "first.";
const SECOND: &str = "second.";
const AVERAGE: &str = "average.";

impl Optimizer {
    /// The state by name: `first.<weight>`, `second.<weight>`, `average.<weight>`, and the number of steps done.
    pub fn state(&self) -> (Weights, u64) {
        let mut state = Weights::new();
        for (name, Memory { shape, first, second, average }) in &self.moments {
            let kinds = [(FIRST, Some(first)), (SECOND, second.as_ref()), (AVERAGE, average.as_ref())];
            for (kind, tensor) in kinds.into_iter().filter_map(|(kind, tensor)| Some((kind, tensor?))) {
                let values = tensor.to_data().iter::<f32>().collect();
                state.insert(format!("{kind}{name}"), HostTensor { shape: shape.clone(), values });
            }
        }
        (state, self.step)
    }

    /// Takes over a saved state for parameters of these names and shapes, onto `device`; what has another name or shape is
    /// returned by name and nothing is taken over.
    pub fn restore(
        &mut self,
        shapes: &BTreeMap<String, Vec<usize>>,
        state: &Weights,
        step: u64,
        device: &Device,
    ) -> Result<(), Vec<String>> {
        let (mut moments, mut bad) = (BTreeMap::new(), Vec::new());
        let load = |tensor: &HostTensor| Tensor::from_floats(tensor.values.as_slice(), device);
        for (name, shape) in shapes {
            let [first, second, average] = [FIRST, SECOND, AVERAGE].map(|kind| state.get(&format!("{kind}{name}")));
            let Some(found) = first else { continue };
            if [first, second, average].into_iter().flatten().any(|tensor| tensor.shape != *shape) {
                bad.push(name.clone());
                continue;
            }
            let (second, average) = (second.map(load), average.map(load));
            moments.insert(name.clone(), Memory { shape: shape.clone(), first: load(found), second, average });
        }
        let known = |name: &str| {
            let weight = [FIRST, SECOND, AVERAGE].iter().find_map(|kind| name.strip_prefix(kind));
            weight.is_some_and(|weight| moments.contains_key(weight))
        };
        bad.extend(state.keys().filter(|name| !known(name)).cloned());
        if !bad.is_empty() {
            return Err(bad);
        }
        (self.moments, self.step) = (moments, step);
        Ok(())
    }
}

/// Whether a tensor of the state is the running average of a weight.
pub(crate) fn is_average(name: &str) -> bool {
    name.starts_with(AVERAGE)
}

/// `weights` with the running averages that `state` has of them instead.
pub fn averaged_weights(weights: &Weights, state: &Weights) -> Weights {
    let average = |name: &String| state.get(&format!("{AVERAGE}{name}"));
    weights.iter().map(|(name, own)| (name.clone(), average(name).unwrap_or(own).clone())).collect()
}
