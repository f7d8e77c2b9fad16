//! What every fused operation is held to: values and gradients of the composition, whichever inputs want gradients and
//! whatever is not finite, and the same bits on any number of threads.

use burn::tensor::{Device, Shape, Tensor, TensorData};
use tuwen_random::{Draws, Stream};

const NUMBERS: Stream = Stream::named("test.numbers");

/// Numbers that an operation is tried on.
#[derive(Clone)]
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

    /// As [`Input::normal`], but nothing below 0.
    pub(crate) fn magnitudes(dims: &[usize], deviation: f64) -> Self {
        let Self { dims, values } = Self::normal(dims, deviation);
        Self { dims, values: values.into_iter().map(f32::abs).collect() }
    }

    /// The tensor, outside of autodiff.
    pub(crate) fn tensor<const D: usize>(&self) -> Tensor<D> {
        let data = TensorData::new(self.values.clone(), Shape::from(self.dims.clone()));
        Tensor::from_data(data, &Device::flex())
    }
}

/// The tensor made of an [`Input`], of a rank that the operation knows.
pub(crate) struct Given {
    flat: Tensor<1>,
    dims: Vec<usize>,
}

impl Given {
    fn new(input: &Input, tracked: bool) -> Self {
        let device = if tracked { Device::flex().autodiff() } else { Device::flex() };
        let flat = Tensor::from_data(TensorData::new(input.values.clone(), [input.values.len()]), &device);
        Self { flat: if tracked { flat.require_grad() } else { flat }, dims: input.dims.clone() }
    }

    /// The tensor.
    pub(crate) fn of<const D: usize>(&self) -> Tensor<D> {
        self.flat.clone().reshape(Shape::from(self.dims.clone()))
    }
}

/// Numbers of each output and each gradient.
type Results = Vec<Vec<f32>>;

/// The output's values, then each asked gradient's; the last input is the output's gradient. What is not finite in a
/// gradient becomes NaN: whether infinities cancel depends on how its formula is arranged.
fn outcome<const D: usize>(inputs: &[Input], asked: &[bool], operation: impl Fn(&[Given]) -> Tensor<D>) -> Results {
    let given: Vec<Given> = inputs.iter().zip(asked).map(|(input, asked)| Given::new(input, *asked)).collect();
    let output = operation(&given);
    let mut results = vec![output.clone().try_into_vec_as().unwrap()];
    if asked.contains(&true) {
        let gradients = (output * inputs[asked.len()].tensor()).sum().backward();
        let asked = given.iter().zip(asked).filter(|(_, asked)| **asked);
        let finite_or_nan = |value: f32| if value.is_finite() { value } else { f32::NAN };
        results.extend(asked.map(|(given, _)| {
            let gradient: Vec<f32> = given.flat.grad(&gradients).unwrap().try_into_vec_as().unwrap();
            gradient.into_iter().map(finite_or_nan).collect()
        }));
    }
    results
}

/// Holds `fused` to `composed` within 10⁻⁵ of the largest number: for all gradients, for each alone and for none.
pub(crate) fn assert_agreement<const D: usize>(
    inputs: &[Input],
    fused: impl Fn(&[Given]) -> Tensor<D> + Sync,
    composed: impl Fn(&[Given]) -> Tensor<D>,
) {
    let count = inputs.len();
    let untracked: Vec<Given> = inputs.iter().map(|input| Given::new(input, false)).collect();
    let mut inputs = inputs.to_vec();
    inputs.push(Input::normal(&composed(&untracked).dims(), 1.0));
    let alone = (0..count).map(|one| (0..count).map(|i| i == one).collect());
    for asked in [vec![false; count]].into_iter().chain(alone) {
        let (fused, composed) = (|x: &[Input]| outcome(x, &asked, &fused), |x: &[Input]| outcome(x, &asked, &composed));
        assert_same(&inputs, &format!("with gradients {asked:?}"), &fused, &composed);
    }
    let all = vec![true; count];
    assert_same_results(&inputs, |x| outcome(x, &all, &fused), |x| outcome(x, &all, &composed));
}

/// As [`assert_agreement`] for what has no gradient.
pub(crate) fn assert_same_results(
    inputs: &[Input],
    fused: impl Fn(&[Input]) -> Results + Sync,
    composed: impl Fn(&[Input]) -> Results,
) {
    assert_same(inputs, "as they are", &fused, &composed);
    for (index, input) in inputs.iter().enumerate() {
        for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let (mut spoiled, place) = (inputs.to_vec(), input.values.len() / 2);
            spoiled[index].values[place] = number;
            assert_same(&spoiled, &format!("with {number} in input {index}"), &fused, &composed);
        }
    }
}

fn assert_same(
    inputs: &[Input],
    what: &str,
    fused: &(impl Fn(&[Input]) -> Results + Sync),
    composed: &impl Fn(&[Input]) -> Results,
) {
    let shapes: Vec<_> = inputs.iter().map(|input| &input.dims).collect();
    let (found, expected) = (fused(inputs), composed(inputs));
    assert_eq!(found.len(), expected.len());
    for (part, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_close(found, expected, &format!("{shapes:?} {what}, part {part}"));
    }
    for threads in 1..=3 {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let again = pool.install(|| fused(inputs));
        assert!(bits(&again) == bits(&found), "{shapes:?} {what}: other bits on {threads} threads");
    }
}

/// Within 10⁻⁵ of the largest expected number; NaN where NaN is expected, and infinity where it is.
pub(crate) fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let finite = expected.iter().filter(|value| value.is_finite());
    let scale = finite.fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        let same = a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-5 * scale;
        assert!(same, "{what}, entry {i}: {a} is not {b} (scale {scale})");
    }
}

fn bits(results: &[Vec<f32>]) -> Vec<Vec<u32>> {
    results.iter().map(|values| values.iter().map(|value| value.to_bits()).collect()).collect()
}
