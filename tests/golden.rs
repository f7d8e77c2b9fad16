//! Golden files: where they are, what is in them, and how near is near enough.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tuwen::encoder::{HostTensor, Weights};

/// The repository.
pub(crate) fn workspace() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand in the repository");
    // A test program that was taken to another machine is run in the repository there.
    if built.exists() { built.to_path_buf() } else { std::env::current_dir().expect("there is a current folder") }
}

/// The file `name` of the folder that `TUWEN_GOLDEN_DIR` names, by default `tests/golden`.
pub(crate) fn read(name: &str) -> Vec<u8> {
    let folder = std::env::var_os("TUWEN_GOLDEN_DIR").unwrap_or_else(|| "tests/golden".into());
    let mut path = workspace().join(folder).join(name); // an absolute folder stands for itself
    // Those of `make_weights.py` are this repository's own; a folder of other goldens need not have them.
    if name.starts_with("weights_") && !path.exists() {
        path = workspace().join("tests/golden").join(name);
    }
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The tensors and settings of a golden file.
pub(crate) struct Golden {
    floats: Weights,
    integers: HashMap<String, HostIntegers>,
    /// The JSON in its metadata.
    pub(crate) meta: Value,
}

/// A whole-number tensor.
pub(crate) struct HostIntegers {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<i64>,
}

impl Golden {
    pub(crate) fn open(name: &str) -> Self {
        let bytes = read(name);
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let meta = &header.metadata().as_ref().expect("a golden file has metadata")["meta"];
        let mut golden =
            Self { floats: Weights::new(), integers: HashMap::new(), meta: serde_json::from_str(meta).unwrap() };
        for (name, view) in SafeTensors::deserialize(&bytes).unwrap().iter() {
            let shape = view.shape().to_vec();
            match view.dtype() {
                Dtype::F32 => {
                    let values = view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
                    golden.floats.insert(name.to_string(), HostTensor { shape, values: values.collect() });
                }
                Dtype::I64 => {
                    let values = view.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()));
                    golden.integers.insert(name.to_string(), HostIntegers { shape, values: values.collect() });
                }
                other => panic!("{name} is {other:?}"),
            }
        }
        golden
    }

    pub(crate) fn floats(&self, name: &str) -> &HostTensor {
        self.floats.get(name).unwrap_or_else(|| panic!("no float tensor `{name}`"))
    }

    pub(crate) fn integers(&self, name: &str) -> &HostIntegers {
        self.integers.get(name).unwrap_or_else(|| panic!("no whole-number tensor `{name}`"))
    }

    /// The values of a whole-number tensor, if the file has it.
    pub(crate) fn find_integers(&self, name: &str) -> Option<&[i64]> {
        self.integers.get(name).map(|tensor| tensor.values.as_slice())
    }

    /// The float tensors under `prefix`, without it.
    pub(crate) fn under(&self, prefix: &str) -> Weights {
        let found = self.floats.iter().filter_map(|(n, t)| Some((n.strip_prefix(prefix)?.to_string(), t.clone())));
        let found: Weights = found.collect();
        assert!(!found.is_empty(), "no tensor under `{prefix}`");
        found
    }

    /// A whole number of the configuration.
    pub(crate) fn size(&self, key: &str) -> usize {
        self.meta["config"][key].as_u64().unwrap_or_else(|| panic!("no `{key}` in the configuration")) as usize
    }
}

/// What every bar is multiplied by: `TUWEN_TEST_SLACK`, by default 1. A device that rounds products needs more.
fn slack() -> f32 {
    let given = std::env::var("TUWEN_TEST_SLACK").ok();
    given.map_or(1.0, |text| text.parse().unwrap_or_else(|_| panic!("TUWEN_TEST_SLACK is `{text}`, expected a number")))
}

/// 1e-4 relative, or 1e-5 absolute near zero: the bar for outputs and losses.
pub(crate) fn assert_near(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}: another size");
    let slack = slack();
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        let bar = slack * (1e-4 * b.abs()).max(1e-5);
        assert!((a - b).abs() <= bar, "{what}[{i}] is {a}, expected {b} within {bar:e}");
    }
}

/// 1e-3 of the expected value: the bar for trajectories.
pub(crate) fn assert_trajectory(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}: another length");
    let slack = slack();
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= slack * 1e-3 * b.abs(), "{what}: step {i} is {a}, expected {b}");
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |most, value| value.abs().max(most))
}

/// Gradients within 1e-3 of each tensor's largest entry; those that are zero by algebra within 1e-5 of the largest
/// gradient of the model.
pub(crate) fn assert_gradients(what: &str, found: &Weights, expected: &Weights) {
    let most = expected.values().map(|tensor| largest(&tensor.values)).fold(0.0, f32::max);
    let slack = slack();
    for (name, expected) in expected {
        let found = found.get(name).unwrap_or_else(|| panic!("{what}: no gradient for {name}"));
        assert_eq!(found.shape, expected.shape, "{what}: {name}");
        let zero = name.ends_with("attention.self.key.bias") || name == "newemb_att.2.bias";
        // The middle third of the ViT's packed bias is its keys'.
        let packed = name.ends_with("attn.qkv.bias");
        let bar = slack * if zero { 1e-5 * most } else { (1e-3 * largest(&expected.values)).max(1e-9) };
        let third = expected.values.len() / 3;
        for (i, (a, b)) in found.values.iter().zip(&expected.values).enumerate() {
            let zero = zero || packed && i / third.max(1) == 1;
            let bar = if zero { slack * 1e-5 * most } else { bar };
            let off = if zero { a.abs() } else { (a - b).abs() };
            assert!(off <= bar, "{what}: {name} has {a}, expected {b} within {bar:e}");
        }
    }
}

/// 99 % of the entries within 1e-3 of the tensor's largest: the bar for weights after some steps.
pub(crate) fn assert_weights(what: &str, found: &Weights, expected: &Weights) {
    for (name, expected) in expected {
        let found = found.get(name).unwrap_or_else(|| panic!("{what}: no weight {name}"));
        assert_eq!(found.shape, expected.shape, "{what}: {name}");
        let bar = slack() * 1e-3 * largest(&expected.values);
        let near = found.values.iter().zip(&expected.values).filter(|(a, b)| (*a - *b).abs() <= bar).count();
        let count = expected.values.len();
        assert!(near * 100 >= count * 99, "{what}: {near} of {count} entries of {name} are near");
    }
}
