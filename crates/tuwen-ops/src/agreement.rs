//! What every fused operation is held to: values and gradients of the composition, whichever inputs want gradients,
//! and the same bits on any number of threads.

use burn::tensor::{Device, Shape, Tensor, TensorData};
use tuwen_random::{Draws, Stream};

const NUMBERS: Stream = Stream::named("test.numbers");

/// Numbers that an operation is tried on.
pub(crate) struct Input {
    /// The shape.
    pub(crate) dims: Vec<usize>,
    /// The numbers.
    pub(crate) values: Vec<f32>,
}

impl Input {
    /// Normal numbers of this standard deviation; other `dims`, other numbers.
    pub(crate) fn normal(dims: &[usize], deviation: f64) -> Self {
        let draws = Draws::new(7, NUMBERS, dims.len() as u64, dims[0] as u64);
        let count: usize = dims.iter().product();
        let values = (0..count as u64).map(|i| (draws.normal(i) * deviation) as f32).collect();
        Self { dims: dims.to_vec(), values }
    }
}

/// The tensor made of an [`Input`], of a rank that the operation knows.
pub(crate) struct Given {
    flat: Tensor<1>,
    dims: Vec<usize>,
}

impl Given {
    /// The tensor.
    pub(crate) fn of<const D: usize>(&self) -> Tensor<D> {
        self.flat.clone().reshape(Shape::from(self.dims.clone()))
    }
}

/// The output's values, then each asked gradient's.
fn outcome<const D: usize>(
    inputs: &[Input],
    asked: &[bool],
    operation: impl Fn(&[Given]) -> Tensor<D>,
) -> Vec<Vec<f32>> {
    let given = inputs.iter().zip(asked).map(|(input, asked)| {
        let device = if *asked { Device::flex().autodiff() } else { Device::flex() };
        let flat = Tensor::from_data(TensorData::new(input.values.clone(), [input.values.len()]), &device);
        Given { flat: if *asked { flat.require_grad() } else { flat }, dims: input.dims.clone() }
    });
    let given: Vec<Given> = given.collect();
    let output = operation(&given);
    let mut results = vec![output.clone().try_into_vec_as().unwrap()];
    if asked.contains(&true) {
        let weights = Input::normal(&output.dims(), 1.0);
        let weights = Tensor::<D>::from_data(TensorData::new(weights.values, output.dims()), &Device::flex());
        let gradients = (output * weights).sum().backward();
        let asked = given.iter().zip(asked).filter(|(_, asked)| **asked);
        results.extend(asked.map(|(given, _)| given.flat.grad(&gradients).unwrap().try_into_vec_as().unwrap()));
    }
    results
}

/// Holds `fused` to `composed` within 10⁻⁵ of the largest number, for all gradients, for each alone and for none.
pub(crate) fn assert_agreement<const D: usize>(
    inputs: &[Input],
    fused: impl Fn(&[Given]) -> Tensor<D> + Sync,
    composed: impl Fn(&[Given]) -> Tensor<D>,
) {
    let count = inputs.len();
    let alone = (0..count).map(|one| (0..count).map(|i| i == one).collect());
    for asked in [vec![true; count], vec![false; count]].into_iter().chain(alone) {
        let (found, expected) = (outcome(inputs, &asked, &fused), outcome(inputs, &asked, &composed));
        for (part, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_close(found, expected, &format!("part {part} with gradients {asked:?}"));
        }
        for threads in 1..=3 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let again = pool.install(|| outcome(inputs, &asked, &fused));
            assert!(bits(&again) == bits(&found), "other bits on {threads} threads");
        }
    }
}

/// Within 10⁻⁵ of the largest expected number.
pub(crate) fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= 1e-5 * scale, "{what}, entry {i}: {a} is not {b} (scale {scale})");
    }
}

fn bits(results: &[Vec<f32>]) -> Vec<Vec<u32>> {
    results.iter().map(|values| values.iter().map(|value| value.to_bits()).collect()).collect()
}
