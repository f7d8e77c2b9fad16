//! Every kernel against the composition it stands for: values, gradients, odd sizes, and any number of threads.

use burn::module::Param;
use burn::tensor::{Bool, Device, Tensor, TensorData};

use crate::{
    AdamW, AdamWForm, Dropout, LayerNorm, Moments, adamw_step, adamw_step_naive, gelu, gelu_naive, self_attention,
    self_attention_naive,
};

const OFF: (&Dropout, f64) = (&Dropout::off(), 0.0);

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Reproducible numbers of about unit size, some of them far out.
fn numbers<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    let draws = tuwen_random::Draws::new(seed, tuwen_random::Stream::named("test"), 0, 0);
    let count = shape.iter().product::<usize>() as u64;
    let number = |i| draws.normal(i) * if i % 7 == 3 { 6.0 } else { 1.0 };
    let values: Vec<f32> = (0..count).map(|i| number(i) as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff()).require_grad()
}

/// Equal within 1e-5 of the largest expected number.
fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let most = expected.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 1e-5 * most.max(1e-6), "{what}: {a}, expected {b} (largest {most})");
    }
}

/// Output and input gradient of `of` under a fixed output gradient.
fn with_gradient<const D: usize>(input: &Tensor<D>, of: impl Fn(Tensor<D>) -> Tensor<D>) -> [Vec<f32>; 2] {
    let output = of(input.clone());
    let gradient = numbers(output.dims(), 99).inner();
    let gradients = (output.clone() * gradient).sum().backward();
    [values(output), values(input.grad(&gradients).unwrap())]
}

#[test]
fn gelu_equals_its_composition() {
    for count in [1, 15, 16, 33, 40_000] {
        let input = numbers([count], 1);
        let [found, expected] = [with_gradient(&input, gelu), with_gradient(&input, gelu_naive)];
        assert_close("gelu", &found[0], &expected[0]);
        assert_close("gelu gradient", &found[1], &expected[1]);
        assert_close("gelu without autodiff", &values(gelu(input.inner())), &expected[0]);
    }
    let odd = Tensor::<1>::from_floats([f32::NAN, f32::INFINITY, -50.0], &Device::flex());
    let found = values(gelu(odd));
    assert!(found[0].is_nan() && found[1] == f32::INFINITY && found[2].abs() < 1e-6, "{found:?}");
}

fn norm(width: usize) -> LayerNorm {
    let mut norm = LayerNorm::init(width, 1e-6, &Device::flex().autodiff());
    norm.weight = Param::from_tensor(numbers([width], 2));
    norm.bias = Param::from_tensor(numbers([width], 3));
    norm
}

#[test]
fn layer_norm_equals_its_composition() {
    // At width 2 the gradient is zero by algebra, and what is left is rounding.
    for (rows, width) in [(1, 3), (3, 17), (65, 64), (200, 100)] {
        let (norm, input) = (norm(width), numbers([rows, width], 4));
        let parameters = |of: fn(&LayerNorm, Tensor<2>) -> Tensor<2>| {
            let gradient = numbers([rows, width], 99).inner();
            let gradients = (of(&norm, input.clone()) * gradient).sum().backward();
            [&norm.weight, &norm.bias].map(|parameter| values(parameter.val().grad(&gradients).unwrap()))
        };
        let [found, expected] = [parameters(LayerNorm::forward), parameters(LayerNorm::forward_naive)];
        assert_close("weight gradient", &found[0], &expected[0]);
        assert_close("bias gradient", &found[1], &expected[1]);
        let found = with_gradient(&input, |x| norm.forward(x));
        let expected = with_gradient(&input, |x| norm.forward_naive(x));
        assert_close("norm", &found[0], &expected[0]);
        assert_close("norm gradient", &found[1], &expected[1]);
    }
}

#[test]
fn the_norm_of_a_sum_gives_both_terms_the_same_gradient() {
    let norm = norm(24);
    let (residual, branch) = (numbers([2, 5, 24], 5), numbers([2, 5, 24], 6));
    let both = |of: &dyn Fn(Tensor<3>, Tensor<3>) -> Tensor<3>| {
        let output = of(residual.clone(), branch.clone());
        let gradients = (output.clone() * numbers([2, 5, 24], 99).inner()).sum().backward();
        [values(output), values(residual.grad(&gradients).unwrap()), values(branch.grad(&gradients).unwrap())]
    };
    let found = both(&|x, y| norm.forward_sum(x, y));
    let expected = both(&|x, y| norm.forward_naive(x + y));
    for (found, expected) in found.iter().zip(&expected) {
        assert_close("norm of a sum", found, expected);
    }
}

fn mask(rows: &[Vec<bool>]) -> Tensor<2, Bool> {
    let flat: Vec<bool> = rows.concat();
    Tensor::from_data(TensorData::new(flat, [rows.len(), rows[0].len()]), &Device::flex())
}

#[test]
fn self_attention_equals_its_composition() {
    for (length, heads, size) in [(1, 1, 1), (2, 3, 5), (20, 4, 16), (37, 2, 33)] {
        let packed = numbers([3, length, 3 * heads * size], 7);
        let real = mask(&[
            vec![true; length],
            (0..length).map(|i| i == length / 2).collect(), // all padding but one
            (0..length).map(|i| i % 3 != 1).collect(),
        ]);
        let found = with_gradient_of(&packed, |x| self_attention(x, &real, heads, OFF));
        let expected = with_gradient_of(&packed, |x| self_attention_naive(x, &real, heads, OFF));
        assert_close("attention", &found[0], &expected[0]);
        assert_close("attention gradient", &found[1], &expected[1]);
    }
}

fn with_gradient_of(input: &Tensor<3>, of: impl Fn(Tensor<3>) -> Tensor<3>) -> [Vec<f32>; 2] {
    let output = of(input.clone());
    let gradients = (output.clone() * numbers(output.dims(), 99).inner()).sum().backward();
    [values(output), values(input.grad(&gradients).unwrap())]
}

#[test]
fn a_sequence_of_padding_attends_to_all_alike() {
    let packed = numbers([1, 4, 12], 8);
    let real = mask(&[vec![false; 4]]);
    let found = values(self_attention(packed.clone().inner(), &real, 2, OFF));
    assert_close("all padding", &found, &values(self_attention_naive(packed.inner(), &real, 2, OFF)));
}

#[test]
fn adamw_equals_its_composition() {
    for form in [AdamWForm::Torch, AdamWForm::Transformers] {
        let options = AdamW { form, learning_rate: 0.01, betas: [0.9, 0.999], epsilon: 1e-6, weight_decay: 0.1 };
        let weight = numbers([20_011], 10).inner();
        let mut ours = (weight.clone(), Moments::zeros(&weight));
        let mut naive = ours.clone();
        for step in 1..=3 {
            let gradient = numbers([20_011], 20 + step).inner();
            ours = adamw_step(ours.0, gradient.clone(), ours.1, step, &options);
            naive = adamw_step_naive(naive.0, gradient, naive.1, step, &options);
        }
        assert_close("weight", &values(ours.0), &values(naive.0));
        assert_close("first moment", &values(ours.1.first), &values(naive.1.first));
        assert_close("second moment", &values(ours.1.second), &values(naive.1.second));
    }
}

#[test]
fn a_step_in_place_never_writes_to_a_shared_buffer() {
    let options =
        AdamW { form: AdamWForm::Torch, learning_rate: 0.5, betas: [0.9, 0.999], epsilon: 1e-6, weight_decay: 0.0 };
    let weight = Tensor::<1>::ones([4], &Device::flex());
    let (moved, _) = adamw_step(weight.clone(), weight.clone(), Moments::zeros(&weight), 1, &options);
    assert_eq!(values(weight), [1.0; 4]);
    assert!(values(moved).iter().all(|&w| (w - 0.5).abs() < 1e-3));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let everything = || {
        let (norm, packed) = (norm(48), numbers([5, 21, 48], 30));
        let real = Tensor::<2, Bool>::from_data(TensorData::new(vec![true; 105], [5, 21]), &Device::flex());
        let output = self_attention(norm.forward(gelu(packed.clone())), &real, 4, OFF);
        let gradients = (output.clone() * numbers(output.dims(), 99).inner()).sum().backward();
        let weight = values(norm.weight.val().grad(&gradients).unwrap());
        [values(output), values(packed.grad(&gradients).unwrap()), weight].concat()
    };
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(everything).iter().map(|value| value.to_bits()).collect::<Vec<u32>>()
    };
    let one = on(1);
    for threads in [2, 3] {
        assert!(on(threads) == one, "{threads} threads");
    }
}
