//! Scaled dot-product attention: the one place of the project where it is computed.

use burn::tensor::{Bool, Tensor};

use crate::Dropout;
use crate::flex::{Operand, flags, record};
use crate::kernels::attention::{Attention, Reach, States, backward_apart, backward_packed};
use crate::kernels::dropout::Mask;
use crate::naive::{self, PADDED_SCORE};

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
    let (Some(q), Some(k), Some(v)) =
        (Operand::of_product(&query), Operand::of_product(&key), Operand::of_product(&value))
    else {
        return naive::attention(query, key, value, attention_mask, heads, (dropout, rate));
    };
    let (dims, [batch, keys, hidden]) = (query.dims(), key.dims());
    assert!(dims[0] == batch && dims[2] == hidden && value.dims() == key.dims(), "one batch, one width");
    let shape = Shape { lengths: [dims[1], keys], hidden, heads, reach: Reach::Everything };
    let (real, mask) = (real_keys(attention_mask, [batch, keys]), dropout.mask(rate));
    let values = [&q, &k, &v].map(|operand| operand.values.clone());
    let slices = values.each_ref().map(|values| &**values);
    let (output, peaks) = shape.attention(shape.apart(slices), &real, mask).forward();
    record([&q, &k, &v], output, dims, move |gradient, _| {
        let attention = shape.attention(shape.apart(values.each_ref().map(|values| &**values)), &real, mask);
        backward_apart(&attention, gradient, &peaks).map(|values| Some(values.into()))
    })
}

/// [`attention`] of a sequence to itself, query, key and value side by side in one tensor.
pub fn self_attention(
    query_key_value: Tensor<3>,       // [B, S, 3·H]
    attention_mask: &Tensor<2, Bool>, // [B, S]
    heads: usize,
    dropout: (&Dropout, f64),
) -> Tensor<3> {
    match Operand::of_product(&query_key_value) {
        Some(packed) => fused((query_key_value.dims(), &packed), attention_mask, (heads, Reach::Everything), dropout),
        None => naive::self_attention(query_key_value, attention_mask, heads, dropout),
    }
}

/// [`self_attention`] in which a position sees itself and those before it alone, as a decoder's does (arXiv:1706.03762,
/// §3.2.3).
pub fn causal_self_attention(
    query_key_value: Tensor<3>,       // [B, S, 3·H]
    attention_mask: &Tensor<2, Bool>, // [B, S]
    heads: usize,
    dropout: (&Dropout, f64),
) -> Tensor<3> {
    match Operand::of_product(&query_key_value) {
        Some(packed) => fused((query_key_value.dims(), &packed), attention_mask, (heads, Reach::Past), dropout),
        None => naive::causal_self_attention(query_key_value, attention_mask, heads, dropout),
    }
}

fn fused(
    ([batch, length, width], packed): ([usize; 3], &Operand),
    attention_mask: &Tensor<2, Bool>,
    (heads, reach): (usize, Reach),
    (dropout, rate): (&Dropout, f64),
) -> Tensor<3> {
    assert!(width.is_multiple_of(3), "query, key and value of one width");
    let shape = Shape { lengths: [length; 2], hidden: width / 3, heads, reach };
    let (real, mask) = (real_keys(attention_mask, [batch, length]), dropout.mask(rate));
    let values = packed.values.clone();
    let (output, peaks) = shape.attention(shape.packed(&values), &real, mask).forward();
    record([packed], output, [batch, length, width / 3], move |gradient, _| {
        let attention = shape.attention(shape.packed(&values), &real, mask);
        [Some(backward_packed(&attention, gradient, &peaks).into())]
    })
}

#[derive(Clone, Copy)]
struct Shape {
    lengths: [usize; 2],
    hidden: usize,
    heads: usize,
    reach: Reach,
}

impl Shape {
    fn packed<'a>(&self, values: &'a [f32]) -> [States<'a>; 3] {
        let Self { lengths: [length, ..], hidden, .. } = *self;
        [0, 1, 2].map(|part| States { values, length, stride: 3 * hidden, offset: part * hidden })
    }

    fn apart<'a>(&self, [query, key, value]: [&'a [f32]; 3]) -> [States<'a>; 3] {
        let Self { lengths: [queries, keys], hidden: stride, .. } = *self;
        let place = |values, length| States { values, length, stride, offset: 0 };
        [place(query, queries), place(key, keys), place(value, keys)]
    }

    fn attention<'a>(&self, states: [States<'a>; 3], real: &'a [bool], mask: Option<Mask>) -> Attention<'a> {
        assert!(self.hidden.is_multiple_of(self.heads), "{} values in {} heads", self.hidden, self.heads);
        let (heads, reach) = ([self.heads, self.hidden / self.heads], self.reach);
        Attention { states, real, reach, padded_score: PADDED_SCORE, heads, mask }
    }
}

fn real_keys(attention_mask: &Tensor<2, Bool>, dims: [usize; 2]) -> Vec<bool> {
    assert_eq!(attention_mask.dims(), dims, "one flag for each key");
    flags(attention_mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_agreement};
    use burn::tensor::{Device, TensorData, Tolerance};

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
        self_attention(packed, &mask, 2, NONE).into_data().assert_eq(&apart.into_data(), true);
    }

    /// Every key real, every other, one, none, and the first few.
    fn flags_of(kind: usize, keys: usize) -> Vec<bool> {
        (0..keys).map(|key| [true, key % 2 == 0, key == keys / 2, false, key < 3][kind]).collect()
    }

    fn mask(items: &[usize], keys: usize) -> Tensor<2, Bool> {
        let flags: Vec<bool> = items.iter().flat_map(|kind| flags_of(*kind, keys)).collect();
        Tensor::from_data(TensorData::new(flags, [items.len(), keys]), &Device::flex())
    }

    #[test]
    fn packed_it_agrees_with_the_composition() {
        let drop = Dropout::training(1, 2).at(3);
        for (kinds, length, heads, size) in
            [(vec![0], 1, 1, 1), (vec![2], 1, 2, 3), (vec![0, 1, 2, 3, 4], 17, 2, 5), (vec![1, 4], 131, 3, 16)]
        {
            let (mask, inputs) = (mask(&kinds, length), [Input::normal(&[kinds.len(), length, 3 * heads * size], 1.0)]);
            for dropout in [(&drop, 0.3), NONE] {
                assert_agreement(
                    &inputs,
                    |x| self_attention(x[0].of(), &mask, heads, dropout),
                    |x| naive::self_attention(x[0].of(), &mask, heads, dropout),
                );
            }
        }
    }

    #[test]
    fn looking_back_alone_it_agrees_with_the_composition() {
        let drop = Dropout::training(1, 2).at(3);
        for (kinds, length, heads, size) in
            [(vec![0], 1, 1, 1), (vec![2], 2, 2, 3), (vec![0, 1, 2, 3, 4], 17, 2, 5), (vec![1, 4], 131, 3, 16)]
        {
            let (mask, inputs) = (mask(&kinds, length), [Input::normal(&[kinds.len(), length, 3 * heads * size], 1.0)]);
            for dropout in [(&drop, 0.3), NONE] {
                assert_agreement(
                    &inputs,
                    |x| causal_self_attention(x[0].of(), &mask, heads, dropout),
                    |x| naive::causal_self_attention(x[0].of(), &mask, heads, dropout),
                );
            }
        }
    }

    #[test]
    fn what_comes_later_changes_nothing() {
        let device = Device::flex();
        // Equal scores: each position is the mean of the values up to it.
        let rows = [[0.0, 0.0, 6.0], [0.0, 0.0, 2.0], [0.0, 0.0, 1.0]];
        let mask = Tensor::from_data([[true; 3]], &device);
        let mixed = causal_self_attention(Tensor::from_floats([rows], &device), &mask, 1, NONE);
        let mixed: Vec<f32> = mixed.try_into_vec_as().unwrap();
        assert!(mixed.iter().zip([6.0, 4.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-5), "{mixed:?}");
    }

    #[test]
    fn across_sequences_it_agrees_with_the_composition() {
        let drop = Dropout::training(1, 2).at(3);
        for (kinds, [queries, keys], width) in
            [(vec![0], [1, 1], 2), (vec![0, 2, 3], [5, 33], 8), (vec![4, 1], [140, 9], 24)]
        {
            let mask = mask(&kinds, keys);
            let inputs = [queries, keys, keys].map(|length| Input::normal(&[kinds.len(), length, width], 1.0));
            for dropout in [(&drop, 0.3), NONE] {
                assert_agreement(
                    &inputs,
                    |x| attention(x[0].of(), x[1].of(), x[2].of(), &mask, 2, dropout),
                    |x| naive::attention(x[0].of(), x[1].of(), x[2].of(), &mask, 2, dropout),
                );
            }
        }
    }

    #[test]
    fn what_is_not_finite_spreads_as_in_the_composition() {
        let device = Device::flex();
        for (place, number) in [(0, f32::NAN), (5, f32::INFINITY), (8, f32::NAN), (20, f32::NEG_INFINITY)] {
            let mut values: Vec<f32> = (0..24).map(|i| i as f32 / 10.0 - 1.0).collect();
            values[place] = number;
            let packed = Tensor::from_data(TensorData::new(values, [1, 4, 6]), &device);
            let mask = Tensor::from_data([[true, true, false, true]], &device);
            let fused: Vec<f32> = self_attention(packed.clone(), &mask, 1, NONE).try_into_vec_as().unwrap();
            let composed: Vec<f32> = naive::self_attention(packed, &mask, 1, NONE).try_into_vec_as().unwrap();
            let finite = |values: Vec<f32>| values.into_iter().map(f32::is_finite).collect::<Vec<_>>();
            assert_eq!(finite(fused), finite(composed), "{number} at {place}");
        }
    }
}
