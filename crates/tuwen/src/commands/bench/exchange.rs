//! What both sides of a comparison are given: weights, a batch and the numbers, in a folder.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::kind::Basic;
use burn::tensor::{Bool, Int, Tensor};
use safetensors::Dtype;
use safetensors::tensor::{TensorView, serialize_to_file};
use serde_json::Value;
use tuwen_encoder::weights_of;

use crate::commands::CommandError;

/// A case as it is written to disk.
#[derive(Debug, Default)]
pub(in crate::commands) struct Exchange {
    config: Value,
    tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
}

impl Exchange {
    /// Of the numbers that the other side needs to build the model and its step.
    pub(super) fn new(config: Value) -> Self {
        Self { config, tensors: BTreeMap::new() }
    }

    /// Adds the parameters of `module` by name.
    pub(super) fn weights<M: Module>(mut self, module: &M) -> Self {
        for (name, tensor) in weights_of(module) {
            let bytes = tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            self.tensors.insert(format!("weights/{name}"), (Dtype::F32, tensor.shape, bytes));
        }
        self
    }

    /// Adds an input of floats.
    pub(super) fn floats<const D: usize>(self, name: &str, tensor: &Tensor<D>) -> Self {
        let bytes = tensor.to_data().iter::<f32>().flat_map(f32::to_le_bytes).collect();
        self.input(name, Dtype::F32, tensor, bytes)
    }

    /// Adds an input of indices.
    pub(super) fn indices<const D: usize>(self, name: &str, tensor: &Tensor<D, Int>) -> Self {
        let bytes = tensor.to_data().iter::<i64>().flat_map(i64::to_le_bytes).collect();
        self.input(name, Dtype::I64, tensor, bytes)
    }

    /// Adds an input of flags.
    pub(super) fn flags<const D: usize>(self, name: &str, tensor: &Tensor<D, Bool>) -> Self {
        let bytes = tensor.to_data().iter::<bool>().map(u8::from).collect();
        self.input(name, Dtype::U8, tensor, bytes)
    }

    fn input<const D: usize, K: Basic>(
        mut self,
        name: &str,
        dtype: Dtype,
        tensor: &Tensor<D, K>,
        bytes: Vec<u8>,
    ) -> Self {
        self.tensors.insert(format!("inputs/{name}"), (dtype, tensor.dims().to_vec(), bytes));
        self
    }

    /// Writes `case.json` and `case.safetensors` into `folder`.
    pub(super) fn write(&self, folder: &Path) -> Result<(), CommandError> {
        std::fs::write(folder.join("case.json"), serde_json::to_vec(&self.config)?)?;
        let mut views = Vec::with_capacity(self.tensors.len());
        for (name, (dtype, shape, bytes)) in &self.tensors {
            views.push((name, TensorView::new(*dtype, shape.clone(), bytes)?));
        }
        Ok(serialize_to_file(views, None, &folder.join("case.safetensors"))?)
    }
}
