//! Each fused operation composed of Burn's own: what every other device runs, and what the fused ones are tested
//! against.

use burn::tensor::{Bool, Device, IndexingUpdateOp, Int, Tensor, TensorData, activation, module};
use tuwen_random::Draws;

use crate::dropout::DROPOUT;
use crate::mask_on_device;
use crate::precision::{Precision, factor, whole};
use crate::{AdamW, AdamWForm, Dropout, Lion, Moments};

/// As [`crate::gelu()`].
pub fn gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    activation::gelu(input)
}

/// As [`crate::Linear::forward`].
pub fn linear<const D: usize>(input: Tensor<D>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<D> {
    if !Precision::is_reduced() {
        return module::linear(input, weight, Some(bias));
    }
    whole(module::linear(factor(input), factor(weight), None)) + bias.unsqueeze()
}

/// As [`crate::scatter_rows`].
pub fn scatter_rows(input: Tensor<2>, rows: Tensor<1, Int>, entries: usize) -> Tensor<2> {
    let [_, width] = input.dims();
    let empty = Tensor::zeros([entries, width], &input.device());
    empty.select_assign(0, rows, input, IndexingUpdateOp::Add)
}

/// As [`crate::tied_linear`].
pub fn tied_linear(input: Tensor<2>, table: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    whole(factor(input).matmul(factor(table).transpose())) + bias.unsqueeze()
}

/// As [`crate::linear_onto`].
pub fn linear_onto<const D: usize>(
    residual: Tensor<D>,
    input: Tensor<D>,
    weight: Tensor<2>,
    bias: Tensor<1>,
) -> Tensor<D> {
    residual + linear(input, weight, bias)
}

/// As [`crate::linear_gelu`].
pub fn linear_gelu<const D: usize>(input: Tensor<D>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<D> {
    gelu(linear(input, weight, bias))
}

/// As [`crate::LayerNorm::forward`].
pub fn layer_norm<const D: usize>(input: Tensor<D>, weight: Tensor<1>, bias: Tensor<1>, epsilon: f64) -> Tensor<D> {
    module::layer_norm(input, weight, Some(bias), epsilon)
}

/// As [`crate::residual_norm`], the norm's weight, bias and ε apart.
pub fn residual_norm<const D: usize>(
    residual: Tensor<D>,
    branch: Tensor<D>,
    (weight, bias, epsilon): (Tensor<1>, Tensor<1>, f64),
    (drop, rate): (&Dropout, f64),
) -> Tensor<D> {
    layer_norm(residual + dropout(branch, drop, rate), weight, bias, epsilon)
}

/// As [`Dropout::apply`].
pub fn dropout<const D: usize>(input: Tensor<D>, dropout: &Dropout, rate: f64) -> Tensor<D> {
    let Some([seed, step, site]) = dropout.place() else { return input };
    if rate <= 0.0 {
        return input;
    }
    let draws = Draws::new(seed, DROPOUT, step, site);
    let (dims, device) = (input.dims(), input.device().inner());
    if device != Device::flex() {
        return input * mask_on_device::mask(&draws, rate, dims, &device);
    }
    let mask = TensorData::new(mask(&draws, rate, dims.iter().product()), dims);
    input * Tensor::from_data(mask, &device)
}

pub(crate) fn mask(draws: &Draws, rate: f64, length: usize) -> Vec<f32> {
    let threshold = (rate * f64::from(u32::MAX)) as u32;
    let kept = (1.0 / (1.0 - rate)) as f32;
    let mut values = Vec::with_capacity(length.next_multiple_of(4));
    for position in 0..length.div_ceil(4) {
        values.extend(draws.block(position as u64).map(|bits| if bits >= threshold { kept } else { 0.0 }));
    }
    values.truncate(length);
    values
}

/// What the score of a padded key becomes, as in BERT's released code: large enough that its weight is 0 in f32.
pub(crate) const PADDED_SCORE: f32 = -10_000.0;

/// As [`crate::attention()`].
pub fn attention(
    query: Tensor<3>,                 // [B, Q, H]
    key: Tensor<3>,                   // [B, S, H]
    value: Tensor<3>,                 // [B, S, H]
    attention_mask: &Tensor<2, Bool>, // [B, S]
    heads: usize,
    dropout: (&Dropout, f64),
) -> Tensor<3> {
    let [batch, keys] = attention_mask.dims();
    attend([query, key, value], attention_mask.clone().bool_not().reshape([batch, 1, 1, keys]), heads, dropout)
}

/// Where `hidden_keys`, `[B, 1, Q or 1, S]`, is true a query doesn't see the key.
fn attend(
    [query, key, value]: [Tensor<3>; 3], // [B, Q or S, H]
    hidden_keys: Tensor<4, Bool>,
    heads: usize,
    (drop, rate): (&Dropout, f64),
) -> Tensor<3> {
    let [batch, queries, hidden] = query.dims();
    let [_, keys, _] = key.dims();
    let split = |states: Tensor<3>, length: usize| {
        states.reshape([batch, length, heads, hidden / heads]).swap_dims(1, 2) // [B, heads, length, d]
    };
    let (query, key, value) = (split(query, queries), split(key, keys), split(value, keys));
    let scale = 1.0 / ((hidden / heads) as f64).sqrt();
    let scores = whole(factor(query.mul_scalar(scale)).matmul(factor(key).swap_dims(2, 3))); // [B, heads, Q, S]
    let weights =
        activation::softmax(scores.mask_fill(hidden_keys.expand([batch, heads, queries, keys]), PADDED_SCORE), 3);
    let mixed = whole(factor(dropout(weights, drop, rate)).matmul(factor(value))); // [B, heads, Q, d]
    mixed.swap_dims(1, 2).reshape([batch, queries, hidden])
}

/// As [`crate::self_attention`].
pub fn self_attention(
    query_key_value: Tensor<3>,       // [B, S, 3·H]
    attention_mask: &Tensor<2, Bool>, // [B, S]
    heads: usize,
    dropout: (&Dropout, f64),
) -> Tensor<3> {
    let [_, _, width] = query_key_value.dims();
    let part = |index: usize| query_key_value.clone().narrow(2, index * width / 3, width / 3);
    attention(part(0), part(1), part(2), attention_mask, heads, dropout)
}

/// As [`crate::causal_self_attention`].
pub fn causal_self_attention(
    query_key_value: Tensor<3>,       // [B, S, 3·H]
    attention_mask: &Tensor<2, Bool>, // [B, S]
    heads: usize,
    dropout: (&Dropout, f64),
) -> Tensor<3> {
    let [batch, length, width] = query_key_value.dims();
    let parts = [0, 1, 2].map(|index| query_key_value.clone().narrow(2, index * width / 3, width / 3));
    let later = Tensor::<2, Bool>::tril_mask([length; 2], 0, &attention_mask.device()); // true above the diagonal
    let later = later.reshape([1, 1, length, length]).expand([batch, 1, length, length]);
    let padded = attention_mask.clone().bool_not().reshape([batch, 1, 1, length]).expand([batch, 1, length, length]);
    attend(parts, padded.bool_or(later), heads, dropout)
}

/// As [`crate::embed`].
pub fn embed(table: Tensor<2>, ids: Tensor<2, Int>, frozen_id: Option<u32>) -> Tensor<3> {
    let rows = module::embedding(table, ids.clone());
    let Some(id) = frozen_id else { return rows };
    let [batch, length, size] = rows.dims();
    let frozen = ids.equal_scalar(i64::from(id)).unsqueeze_dim::<3>(2).expand([batch, length, size]);
    rows.clone().mask_where(frozen, rows.detach())
}

/// As [`crate::cross_entropy`].
pub fn cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    activation::log_softmax(logits, 1).gather(1, labels.unsqueeze_dim(1)).mean().neg()
}

/// As [`crate::cross_entropy_excluding`].
pub fn cross_entropy_excluding(
    logits: Tensor<2>,          // [M, V]
    labels: Tensor<1, Int>,     // [M]
    excluded: &Tensor<2, Bool>, // [M, V]
) -> Tensor<1> {
    // Half the lowest number of the type: e to it is 0, and subtracting a row's maximum can't reach infinity.
    let lowest = logits.dtype().finfo().map_or(-1e4, |float| float.min / 2.0);
    cross_entropy(logits.mask_fill(excluded.clone(), lowest), labels)
}

/// As [`crate::soft_cross_entropy`].
pub fn soft_cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let [rows, _] = logits.dims();
    (activation::log_softmax(logits, 1) * targets.inner()).sum().div_scalar(rows as f64).neg()
}

/// As [`crate::moving_average`].
pub fn moving_average<const D: usize>(average: Tensor<D>, value: Tensor<D>, momentum: f64) -> Tensor<D> {
    average.mul_scalar(momentum) + value.inner().mul_scalar(1.0 - momentum)
}

/// As [`crate::adamw_step`].
pub fn adamw_step<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    moments: Moments<D>,
    step: u64,
    options: &AdamW,
) -> (Tensor<D>, Moments<D>) {
    let [beta1, beta2] = options.betas;
    let gradient = gradient.mul_scalar(options.gradient_scale);
    let (correction1, correction2) = (1.0 - beta1.powf(step as f64), 1.0 - beta2.powf(step as f64));
    let first = moments.first.mul_scalar(beta1) + gradient.clone().mul_scalar(1.0 - beta1);
    let second = moments.second.mul_scalar(beta2) + gradient.clone().mul(gradient).mul_scalar(1.0 - beta2);
    let (rate, kept) = (options.learning_rate, 1.0 - options.learning_rate * options.weight_decay);
    let root = second.clone().sqrt();
    let weight = match options.form {
        AdamWForm::Torch => {
            let divisor = root.div_scalar(correction2.sqrt()).add_scalar(options.epsilon);
            weight.mul_scalar(kept) - first.clone().div(divisor).mul_scalar(rate / correction1)
        }
        AdamWForm::Transformers => {
            let divisor = root.add_scalar(options.epsilon);
            let rate = rate * correction2.sqrt() / correction1;
            (weight - first.clone().div(divisor).mul_scalar(rate)).mul_scalar(kept)
        }
    };
    (weight, Moments { first, second })
}

/// As [`crate::lion_step`].
pub fn lion_step<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    momentum: Tensor<D>,
    options: &Lion,
) -> (Tensor<D>, Tensor<D>) {
    let [beta1, beta2] = options.betas;
    let gradient = gradient.mul_scalar(options.gradient_scale);
    let direction = momentum.clone().mul_scalar(beta1) + gradient.clone().mul_scalar(1.0 - beta1);
    let sign = direction.clone().greater_elem(0.0).float() - direction.lower_elem(0.0).float();
    let kept = 1.0 - options.learning_rate * options.weight_decay;
    let weight = weight.mul_scalar(kept) - sign.mul_scalar(options.learning_rate);
    (weight, momentum.mul_scalar(beta2) + gradient.mul_scalar(1.0 - beta2))
}

/// As [`crate::sum_of_squares`].
pub fn sum_of_squares<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    tensor.clone().mul(tensor).sum()
}
