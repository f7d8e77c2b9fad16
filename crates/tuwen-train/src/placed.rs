//! Weights of an earlier model put under the names of another, and taken into it.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use tuwen_encoder::{Imported, Weights, WeightsError, load_part, shapes_of};

/// Tensors under the names of the model that takes them.
pub(crate) struct Placed {
    /// The tensors, and what is not used of those that were there.
    pub(crate) imported: Imported,
    /// Whether a parameter of this name has to be among them.
    pub(crate) needed: Box<dyn Fn(&str) -> bool>,
    /// What they are, in words.
    pub(crate) what: String,
}

/// What a model has taken over.
#[derive(Debug)]
pub(crate) struct Taken {
    what: String,
    /// What was fitted, what is new, what was not used.
    remarks: Vec<String>,
}

impl Placed {
    /// Those of `weights` that bear names of `model`'s parameters, all of them optional. Errors: there are none.
    pub(crate) fn by_name<M: Module>(model: &M, weights: Weights) -> Result<Self, WeightsError> {
        let shapes = shapes_of(model);
        let (there, left): (Weights, Weights) = weights.into_iter().partition(|(name, _)| shapes.contains_key(name));
        let unused = groups(left.keys());
        if there.is_empty() {
            let (missing, misshaped) = (groups(shapes.keys()), Vec::new());
            return Err(WeightsError::Mismatch { missing, unused, misshaped });
        }
        let new = groups(shapes.keys().filter(|name| !there.contains_key(*name)));
        let new = (!new.is_empty()).then(|| format!("new: {}", new.join(", ")));
        Ok(Self {
            what: format!("{} tensors taken", there.len()),
            imported: Imported { weights: there, unused, notes: new.into_iter().collect() },
            needed: Box::new(|_| false),
        })
    }

    /// `model` with the tensors in place of its own, position tables of another length fitted. Errors: a tensor of another
    /// shape, or one that is needed and missing.
    pub(crate) fn load_into<M: Module>(self, model: M) -> Result<(M, Taken), WeightsError> {
        let Imported { weights, unused, notes } = self.imported.fitted(&shapes_of(&model));
        let model = load_part(model, &weights, self.needed)?;
        let unused = (!unused.is_empty()).then(|| format!("not used: {}", unused.join(", ")));
        Ok((model, Taken { what: self.what, remarks: notes.into_iter().chain(unused).collect() }))
    }
}

impl Taken {
    /// What is said of tensors that came from `file`.
    pub(crate) fn story(&self, file: &Path) -> String {
        let taken = format!("{} from {}", self.what, file.display());
        [taken].iter().chain(&self.remarks).map(String::as_str).collect::<Vec<_>>().join("; ")
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
    use burn::module::Param;
    use burn::tensor::{Device, Tensor};
    use tuwen_encoder::{HostTensor, initialise, weights_of};
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
        let (model, taken) = Placed::by_name(&linear(), weights).unwrap().load_into(linear()).unwrap();
        assert_eq!(weights_of(&model)["weight"].values, [7.0; 6]);
        assert_eq!(taken.story(Path::new("w")), "1 tensors taken from w; new: bias (1); not used: mlm (2)");
    }

    #[derive(Module, Debug)]
    struct Looks {
        vision: Table,
    }

    #[derive(Module, Debug)]
    struct Table {
        positions: Param<Tensor<2>>,
    }

    #[test]
    fn positions_of_another_resolution_are_resized() {
        let model = Looks { vision: Table { positions: Param::from_tensor(Tensor::zeros([5, 2], &Device::flex())) } };
        // The class token and a grid of one patch become the class token and 2 × 2 equal patches.
        let weights = Weights::from([("vision.positions".to_string(), tensor(&[2, 2], 3.0))]);
        let (model, taken) = Placed::by_name(&model, weights).unwrap().load_into(model).unwrap();
        assert_eq!(weights_of(&model)["vision.positions"].values, [3.0; 10]);
        let resized = "vision.positions: the grid of 1×1 patches is resized to 2×2";
        assert_eq!(taken.story(Path::new("w")), format!("1 tensors taken from w; {resized}"));
    }

    #[test]
    fn another_shape_or_none_of_the_names_is_an_error() {
        let wide = Weights::from([("weight".to_string(), tensor(&[2, 4], 7.0))]);
        let error = Placed::by_name(&linear(), wide).unwrap().load_into(linear()).unwrap_err().to_string();
        assert!(error.ends_with("of another shape: weight ([2, 4], expected [2, 3])"), "{error}");
        let other = Weights::from([("encoder.x".to_string(), tensor(&[1], 0.0))]);
        let error = Placed::by_name(&linear(), other).err().unwrap().to_string();
        assert!(error.ends_with("missing: bias (1), weight (1); unused: encoder (1)"), "{error}");
    }
}
