//! Scaled dot-product attention: the one place of the project where it is computed.

use burn::tensor::{Bool, Tensor, activation::softmax};

use crate::Dropout;
use crate::cpu::attention::Shape;
use crate::cpu::{self, Operands, operand};

/// What the score of a padded key becomes, as in BERT's released code: large enough that its weight is 0 in f32.
const PADDED_SCORE: f32 = -10_000.0;

/// `softmax(Q · Kᵀ / √d) · V` over `heads` heads of `d = H / heads` values (arXiv:1706.03762, §3.2); keys whose mask is
/// false get no weight. A row whose keys are all padding attends to all of them alike. `dropout` acts on the weights.
pub fn attention(
    query: Tensor<3>,                 // [B, Q, H]
    key: Tensor<3>,                   // [B, S, H]
    value: Tensor<3>,                 // [B, S, H]
    attention_mask: &Tensor<2, Bool>, // [B, S], true = real
    heads: usize,
    (dropout, rate): (&Dropout, f64),
) -> Tensor<3> {
    let [batch, queries, hidden] = query.dims();
    let [_, keys, _] = key.dims();
    let split = |states: Tensor<3>, length: usize| {
        states.reshape([batch, length, heads, hidden / heads]).swap_dims(1, 2) // [B, heads, length, d]
    };
    let (query, key, value) = (split(query, queries), split(key, keys), split(value, keys));
    let scale = 1.0 / ((hidden / heads) as f64).sqrt();
    let scores = query.mul_scalar(scale).matmul(key.swap_dims(2, 3)); // [B, heads, Q, S]
    let padded = attention_mask.clone().bool_not().reshape([batch, 1, 1, keys]).expand(scores.dims());
    let weights = softmax(scores.mask_fill(padded, PADDED_SCORE), 3);
    let mixed = dropout.apply(weights, rate).matmul(value); // [B, heads, Q, d]
    mixed.swap_dims(1, 2).reshape([batch, queries, hidden])
}

/// [`attention`] of a sequence to itself, query, key and value side by side in one tensor.
pub fn self_attention(
    query_key_value: Tensor<3>,       // [B, S, 3·H]
    attention_mask: &Tensor<2, Bool>, // [B, S]
    heads: usize,
    (dropout, rate): (&Dropout, f64),
) -> Tensor<3> {
    let fused = (!dropout.drops(rate)).then(|| Operands::of([operand(&query_key_value)])).flatten();
    let Some(operands) = fused else {
        return self_attention_naive(query_key_value, attention_mask, heads, (dropout, rate));
    };
    let [batch, length, width] = query_key_value.dims();
    let shape = Shape { batch, length, heads, size: width / 3 / heads };
    let real: Vec<bool> = attention_mask.to_data().iter::<bool>().collect();
    let output = cpu::attention::forward(shape, operands.slice(0), &real, PADDED_SCORE);
    let saved = operands.saved(0);
    operands.finish(output, [batch, length, width / 3], move |gradient, _| {
        [Some(cpu::attention::backward(shape, saved.slice(), &real, PADDED_SCORE, gradient))]
    })
}

/// The composition of Burn's operations: what other devices compute, and what the kernel is held to.
pub fn self_attention_naive(
    query_key_value: Tensor<3>,       // [B, S, 3·H]
    attention_mask: &Tensor<2, Bool>, // [B, S]
    heads: usize,
    dropout: (&Dropout, f64),
) -> Tensor<3> {
    let [_, _, width] = query_key_value.dims();
    let part = |index: usize| query_key_value.clone().narrow(2, index * width / 3, width / 3);
    attention(part(0), part(1), part(2), attention_mask, heads, dropout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Tolerance};

    const NONE: (&Dropout, f64) = (&Dropout::off(), 0.0);

    #[test]
    fn equal_scores_average_the_real_values() {
        let device = Device::flex();
        let zero = Tensor::<3>::zeros([1, 3, 2], &device);
        let value = Tensor::<3>::from_floats([[[1.0, 10.0], [3.0, 30.0], [100.0, 100.0]]], &device);
        let mask = Tensor::from_data([[true, true, false]], &device);
        let mixed = attention(zero.clone(), zero, value, &mask, 1, NONE);
        let expected = Tensor::<3>::from_floats([[[2.0, 20.0], [2.0, 20.0], [2.0, 20.0]]], &device);
        mixed.into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::absolute(1e-6));
    }

    #[test]
    fn a_head_sees_only_its_own_part() {
        let device = Device::flex();
        // Head 0 has scores 4·1 and 0 scaled by 1, head 1 has equal scores.
        let query = Tensor::<3>::from_floats([[[4.0, 0.0]]], &device);
        let key = Tensor::<3>::from_floats([[[1.0, 5.0], [0.0, 5.0]]], &device);
        let value = Tensor::<3>::from_floats([[[1.0, 1.0], [0.0, 0.0]]], &device);
        let mask = Tensor::from_data([[true, true]], &device);
        let mixed: Vec<f32> = attention(query, key, value, &mask, 2, NONE).try_into_vec_as().unwrap();
        let expected = [4.0_f32.exp() / (4.0_f32.exp() + 1.0), 0.5];
        assert!(mixed.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{mixed:?}");
    }

    #[test]
    fn one_tensor_or_three_are_the_same() {
        let device = Device::flex();
        let normal = burn::tensor::Distribution::Normal(0.0, 1.0);
        let packed = Tensor::<3>::random([2, 5, 12], normal, &device);
        let mask = Tensor::from_data([[true, true, true, false, false], [true; 5]], &device);
        let [query, key, value] = [0, 4, 8].map(|start| packed.clone().narrow(2, start, 4));
        let apart = attention(query, key, value, &mask, 2, NONE);
        let apart = apart.into_data();
        self_attention_naive(packed.clone(), &mask, 2, NONE).into_data().assert_eq(&apart, true);
        self_attention(packed, &mask, 2, NONE).into_data().assert_approx_eq::<f32>(&apart, Tolerance::absolute(1e-6));
    }
}
