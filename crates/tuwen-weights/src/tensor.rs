//! Named tensors in host memory.

use std::collections::BTreeMap;

/// One tensor in host memory, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// As many values as the shape says.
    pub values: Vec<f32>,
}

/// Tensors by name, such as `layers.0.output.weight`.
pub type Weights = BTreeMap<String, HostTensor>;

/// A tensor of whole numbers, row-major: a counter or a pointer, never a weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostIntegers {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// As many values as the shape says.
    pub values: Vec<i64>,
}

/// Whole numbers by name.
pub type Integers = BTreeMap<String, HostIntegers>;
