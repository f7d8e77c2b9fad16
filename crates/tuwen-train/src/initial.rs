//! `[init]`: the weights of an earlier run that a run begins with, taken by name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::module::Module;
use serde::{Deserialize, Serialize};
use tuwen_encoder::{
    Naming, Weights, WeightsError, import_albef, import_unibert, interpolate_positions, load_weights, shapes_of,
    weights_of,
};

use crate::TrainError;
use crate::init::{Pretrained, open_pretrained};

/// Where first weights come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitSection {
    /// A run, a checkpoint or an export of ours, or a file of the official model.
    pub from: PathBuf,
}

/// What was taken of an earlier run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Tensors of the model that came from there.
    pub tensors: usize,
    /// Tensors of the model that are not there, and keep their first values.
    pub fresh: Vec<String>,
    /// Tensors that are there and not in the model.
    pub left: Vec<String>,
}

/// The weights of the run that `section` names, under our names, and its story. Errors: no weights there, or none of ours
/// or of an official model.
pub(crate) fn earlier(section: &InitSection) -> Result<(Weights, Pretrained), TrainError> {
    let found = open_pretrained(&section.from)?;
    let import = |source| TrainError::import(&found.file, source);
    let weights = match Naming::of(&found.weights) {
        Some(Naming::Albef) => import_albef(&found.weights).map_err(import)?.0.weights,
        Some(Naming::UniBert) => import_unibert(&found.weights).map_err(import)?.weights,
        _ => found.model(),
    };
    Ok((weights, found))
}

/// `model` with those of `weights` that bear the names of its parameters. A position table of another resolution is resized.
/// Errors: a tensor of another shape, or none of these names.
pub fn begun_with<M: Module>(model: M, weights: &Weights) -> Result<(M, Taken), WeightsError> {
    let shapes = shapes_of(&model);
    let mut taken = Taken::default();
    let mut values = weights_of(&model);
    let mut misshaped = Vec::new();
    for (name, tensor) in weights {
        let Some(shape) = shapes.get(name) else {
            taken.left.push(name.clone());
            continue;
        };
        let resized = (tensor.shape != *shape && name.ends_with("vision.positions"))
            .then(|| interpolate_positions(tensor, (shape[0] - 1).isqrt()))
            .flatten();
        let tensor = resized.unwrap_or_else(|| tensor.clone());
        if tensor.shape == *shape {
            values.insert(name.clone(), tensor);
            taken.tensors += 1;
        } else {
            misshaped.push(format!("{name} ({:?}, expected {shape:?})", tensor.shape));
        }
    }
    if !misshaped.is_empty() {
        return Err(WeightsError::Mismatch { missing: Vec::new(), unused: Vec::new(), misshaped });
    }
    if taken.tensors == 0 {
        let (missing, unused) = (groups(shapes.keys()), groups(weights.keys()));
        return Err(WeightsError::Mismatch { missing, unused, misshaped });
    }
    taken.fresh = shapes.into_keys().filter(|name| !weights.contains_key(name)).collect();
    Ok((load_weights(model, &values)?, taken))
}

impl Taken {
    /// In one line, names in groups: `152 tensors taken; new: head (4); not used: mlm (6)`.
    pub fn describe(&self) -> String {
        let part = |what: &str, names: &[String]| match names.is_empty() {
            true => String::new(),
            false => format!("; {what}: {}", groups(names.iter()).join(", ")),
        };
        format!("{} tensors taken{}{}", self.tensors, part("new", &self.fresh), part("not used", &self.left))
    }
}

/// Names by their first part, with how many bear it.
fn groups<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        *groups.entry(name.split('.').next().unwrap_or(name)).or_default() += 1;
    }
    groups.into_iter().map(|(group, count)| format!("{group} ({count})")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use tuwen_encoder::{HostTensor, initialise};
    use tuwen_ops::Linear;

    fn tensor(shape: &[usize], value: f32) -> HostTensor {
        HostTensor { shape: shape.to_vec(), values: vec![value; shape.iter().product()] }
    }

    fn linear() -> Linear {
        initialise(Linear::init(2, 3, &Device::flex()), 0.5, 1)
    }

    #[test]
    fn what_bears_the_same_name_is_taken_and_the_rest_is_told() {
        let weights = Weights::from([
            ("weight".to_string(), tensor(&[2, 3], 7.0)),
            ("mlm.bias".to_string(), tensor(&[1], 0.0)),
            ("mlm.weight".to_string(), tensor(&[1], 0.0)),
        ]);
        let (model, taken) = begun_with(linear(), &weights).unwrap();
        assert_eq!(weights_of(&model)["weight"].values, [7.0; 6]);
        assert_eq!(taken.describe(), "1 tensors taken; new: bias (1); not used: mlm (2)");
    }

    #[test]
    fn another_shape_or_none_of_the_names_is_an_error() {
        let wide = Weights::from([("weight".to_string(), tensor(&[2, 4], 7.0))]);
        let error = begun_with(linear(), &wide).unwrap_err().to_string();
        assert!(error.ends_with("of another shape: weight ([2, 4], expected [2, 3])"), "{error}");
        let other = Weights::from([("encoder.x".to_string(), tensor(&[1], 0.0))]);
        let error = begun_with(linear(), &other).unwrap_err().to_string();
        assert!(error.ends_with("missing: bias (1), weight (1); unused: encoder (1)"), "{error}");
    }
}
