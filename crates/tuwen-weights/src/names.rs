//! Tables that translate between our weight names and those of a reference system.

use crate::{HostTensor, Weights};

/// How a tensor differs between the two systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// The same numbers in the same order.
    Same,
    /// Ours is `[in, out]`, theirs `[out, in]`.
    Transposed,
    /// Ours is `[3·p·p, W]`, theirs the convolution kernel `[W, 3, p, p]`.
    Convolution,
    /// Theirs has one more axis of length 1 in front.
    Leading,
    /// Ours is `[1]`, theirs has no axis.
    Scalar,
    /// Theirs is part `index` of `of` equal parts of our last axis; a matrix is transposed too.
    Part {
        /// Which part, from 0.
        index: usize,
        /// How many parts.
        of: usize,
    },
}

/// One row: our name, theirs, and the difference. `{}` stands for a layer number in both.
#[derive(Clone, Copy, Debug)]
pub struct NameRow {
    /// Our name.
    pub ours: &'static str,
    /// The reference's name.
    pub theirs: &'static str,
    /// What happens to the tensor in between.
    pub transform: Transform,
}

/// A table of names, and the reference's names that have no counterpart here and are dropped on import.
#[derive(Clone, Debug)]
pub struct NameTable {
    /// The rows.
    pub rows: &'static [NameRow],
    /// Names that may occur in the reference's files and mean nothing here.
    pub dropped: &'static [&'static str],
}

impl NameTable {
    /// Our tensors under the reference's names. Names without a row are returned beside them.
    pub fn to_reference(&self, weights: &Weights) -> (Weights, Vec<String>) {
        let (mut renamed, mut unknown) = (Weights::new(), Vec::new());
        for (name, tensor) in weights {
            let before = renamed.len();
            for row in self.rows {
                if let Some(number) = number_in(row.ours, name) {
                    renamed.insert(fill(row.theirs, number), export(tensor, row.transform));
                }
            }
            if renamed.len() == before {
                unknown.push(name.clone());
            }
        }
        (renamed, unknown)
    }

    /// The reference's tensors under our names. Names that are neither in a row nor dropped, and parts whose other
    /// parts are missing or of another shape, are returned beside them.
    pub fn from_reference(&self, weights: &Weights) -> (Weights, Vec<String>) {
        let (mut renamed, mut unknown) = (Weights::new(), Vec::new());
        for name in weights.keys().filter(|name| !self.dropped.iter().any(|d| number_in(d, name).is_some())) {
            let Some((row, number)) = self.rows.iter().find_map(|row| Some((row, number_in(row.theirs, name)?))) else {
                unknown.push(name.clone());
                continue;
            };
            let ours = fill(row.ours, number);
            let mut parts: Vec<&NameRow> = self.rows.iter().filter(|other| other.ours == row.ours).collect();
            parts.sort_by_key(|row| part_index(row.transform));
            let tensors = parts.iter().map(|part| weights.get(&fill(part.theirs, number))).collect::<Option<Vec<_>>>();
            match tensors.filter(|tensors| tensors.iter().all(|tensor| tensor.shape == tensors[0].shape)) {
                Some(tensors) => _ = renamed.insert(ours, import(&tensors, row.transform)),
                None => unknown.push(name.clone()),
            }
        }
        (renamed, unknown)
    }
}

impl NameTable {
    /// Those of `names` that mean nothing here.
    pub fn dropped_among<'n>(&self, names: impl Iterator<Item = &'n String>) -> Vec<String> {
        names.filter(|name| self.dropped.iter().any(|dropped| number_in(dropped, name).is_some())).cloned().collect()
    }
}

fn part_index(transform: Transform) -> usize {
    if let Transform::Part { index, .. } = transform { index } else { 0 }
}

/// The layer number in `name` if it fits `pattern` (0 where the pattern has none).
fn number_in(pattern: &str, name: &str) -> Option<usize> {
    match pattern.split_once("{}") {
        Some((before, after)) => name.strip_prefix(before)?.strip_suffix(after)?.parse().ok(),
        None => (pattern == name).then_some(0),
    }
}

fn fill(pattern: &str, number: usize) -> String {
    pattern.replace("{}", &number.to_string())
}

fn transposed(tensor: &HostTensor) -> HostTensor {
    let [rows, columns] = tensor.shape[..] else { return tensor.clone() };
    let values = (0..columns).flat_map(|c| (0..rows).map(move |r| tensor.values[r * columns + c])).collect();
    HostTensor { shape: vec![columns, rows], values }
}

fn export(tensor: &HostTensor, transform: Transform) -> HostTensor {
    match transform {
        Transform::Same => tensor.clone(),
        Transform::Transposed => transposed(tensor),
        Transform::Convolution => {
            let kernel = transposed(tensor);
            let side = (kernel.shape[1] / 3).isqrt();
            HostTensor { shape: vec![kernel.shape[0], 3, side, side], values: kernel.values }
        }
        Transform::Leading => HostTensor { shape: [&[1], &tensor.shape[..]].concat(), values: tensor.values.clone() },
        Transform::Scalar => HostTensor { shape: vec![], values: tensor.values.clone() },
        Transform::Part { index, of } => {
            // Parts of our last axis are parts of their first.
            let whole = transposed(tensor);
            let (rows, count) = (whole.shape[0] / of, whole.values.len() / of);
            let values = whole.values[index * count..(index + 1) * count].to_vec();
            HostTensor { shape: [&[rows], &whole.shape[1..]].concat(), values }
        }
    }
}

fn import(tensors: &[&HostTensor], transform: Transform) -> HostTensor {
    let first = tensors[0];
    match transform {
        Transform::Same => first.clone(),
        Transform::Transposed => transposed(first),
        Transform::Convolution => {
            let (outputs, inputs) = first.shape.split_first().map_or((1, &[][..]), |(first, rest)| (*first, rest));
            transposed(&HostTensor { shape: vec![outputs, inputs.iter().product()], values: first.values.clone() })
        }
        // Of another shape it stays as it is, and the model says so.
        Transform::Leading if first.shape.first() == Some(&1) => {
            HostTensor { shape: first.shape[1..].to_vec(), values: first.values.clone() }
        }
        Transform::Scalar if first.shape.is_empty() => HostTensor { shape: vec![1], values: first.values.clone() },
        Transform::Leading | Transform::Scalar => first.clone(),
        Transform::Part { of, .. } => {
            let values = tensors.iter().flat_map(|tensor| tensor.values.iter().copied()).collect();
            let rows = first.shape.first().copied().unwrap_or(1) * of;
            transposed(&HostTensor { shape: [&[rows], first.shape.get(1..).unwrap_or(&[])].concat(), values })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: NameTable = NameTable {
        rows: &[
            NameRow { ours: "norm.weight", theirs: "LayerNorm.weight", transform: Transform::Same },
            NameRow { ours: "layers.{}.w", theirs: "h.{}.w", transform: Transform::Transposed },
            NameRow { ours: "layers.{}.kv", theirs: "h.{}.k", transform: Transform::Part { index: 0, of: 2 } },
            NameRow { ours: "layers.{}.kv", theirs: "h.{}.v", transform: Transform::Part { index: 1, of: 2 } },
        ],
        dropped: &["position_ids"],
    };

    fn tensor(shape: &[usize], values: &[f32]) -> HostTensor {
        HostTensor { shape: shape.to_vec(), values: values.to_vec() }
    }

    #[test]
    fn transposes_splits_and_joins_back() {
        let ours = Weights::from([
            ("norm.weight".to_string(), tensor(&[2], &[1.0, 2.0])),
            ("layers.7.w".to_string(), tensor(&[1, 2], &[3.0, 4.0])),
            ("layers.7.kv".to_string(), tensor(&[2, 4], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])),
        ]);
        let (theirs, unknown) = TABLE.to_reference(&ours);
        assert!(unknown.is_empty());
        assert_eq!(theirs["h.7.w"], tensor(&[2, 1], &[3.0, 4.0]));
        assert_eq!(theirs["h.7.k"], tensor(&[2, 2], &[1.0, 5.0, 2.0, 6.0]));
        assert_eq!(theirs["h.7.v"], tensor(&[2, 2], &[3.0, 7.0, 4.0, 8.0]));
        assert_eq!(TABLE.from_reference(&theirs), (ours, vec![]));
    }

    #[test]
    fn what_has_no_row_is_named() {
        let theirs = Weights::from([
            ("position_ids".to_string(), tensor(&[1], &[0.0])),
            ("stranger".to_string(), tensor(&[1], &[0.0])),
            ("h.0.k".to_string(), tensor(&[1, 1], &[0.0])), // its other half is missing
        ]);
        let (ours, unknown) = TABLE.from_reference(&theirs);
        assert!(ours.is_empty());
        assert_eq!(unknown, ["h.0.k", "stranger"]);
    }
}
