//! Hard negatives: for each row another one of the batch that looks like its match, drawn on the device.
//!
//! `P(j | b) ∝ exp(hardness · s_bj)` over the allowed j   ALBEF, arXiv:2107.07651 §3.2, with hardness 1

use burn::tensor::{Bool, Device, Int, Tensor, TensorData, activation::softmax};
use tuwen_random::{Draws, Stream};

/// The stream of [`negative_uniforms`]' draws; its samples are steps.
pub const NEGATIVES: Stream = Stream::named("itm.negatives");

/// A negative for each row of a batch, outside of autodiff.
#[derive(Clone, Debug)]
pub struct HardNegatives {
    /// `[B]`: the row it comes from.
    pub indices: Tensor<1, Int>,
    /// `[B]`: 1, or 0 where a row allows none; its index is a row of the batch, but no negative.
    pub usable: Tensor<1>,
}

/// What [`draw_hard_negatives`] draws from at hardness 1: the softmax over each row's allowed columns, 0 elsewhere. A
/// row that allows none is all 0. Nothing is its own negative, whatever `forbidden` says; a NaN counts as forbidden.
pub fn negative_weights(
    similarities: Tensor<2>,    // [B, B], divided by τ
    forbidden: Tensor<2, Bool>, // [B, B]
) -> Tensor<2> {
    let (scores, refused) = candidates(similarities.inner(), forbidden);
    softmax(scores, 1).mask_fill(refused, 0.0)
}

/// As the reference computes them: the softmax over all columns, then 0 at the forbidden ones. A row sums to less than
/// 1, which its `multinomial` doesn't mind, and to 0 where the others are too far away, which it refuses.
pub fn seed_negative_weights(
    similarities: Tensor<2>,    // [B, B], divided by τ
    forbidden: Tensor<2, Bool>, // [B, B]
) -> Tensor<2> {
    let itself = own_columns(similarities.dims()[0], &similarities.device().inner());
    softmax(similarities.inner(), 1).mask_fill(forbidden.inner().bool_or(itself), 0.0)
}

/// Draws a negative for each row: the allowed column with the largest `hardness · s − ln(−ln u)`, which is a draw from
/// the softmax of `hardness · s` (Gumbel-max). Hardness 1 is ALBEF's distribution, 0 makes all allowed ones as likely.
/// Nothing is read back from the device. Nothing is its own negative, whatever `forbidden` says.
pub fn draw_hard_negatives(
    similarities: Tensor<2>,    // [B, B], divided by τ
    forbidden: Tensor<2, Bool>, // [B, B]
    uniforms: Tensor<2>,        // [B, B], above 0 and below 1
    hardness: f64,
) -> HardNegatives {
    let gumbel = uniforms.inner().log().neg().log().neg(); // [B, B]
    let (scores, refused) = candidates(similarities.inner().mul_scalar(hardness) + gumbel, forbidden);
    let usable = refused.bool_not().float().max_dim(1); // [B, 1]
    HardNegatives { indices: scores.argmax(1).squeeze_dim(1), usable: usable.squeeze_dim(1) }
}

/// Uniform numbers `[B, B]` for [`draw_hard_negatives`]: the middles of 2²³ equal parts, so that neither 0 nor 1 can
/// come out by rounding.
pub fn negative_uniforms(batch: usize, draws: &Draws, device: &Device) -> Tensor<2> {
    let count = batch * batch;
    let middle = |bits: u32| ((bits >> 9) as f32 + 0.5) / (1_u32 << 23) as f32;
    let blocks = (0..count.div_ceil(4) as u64).flat_map(|position| draws.block(position));
    let values: Vec<f32> = blocks.take(count).map(middle).collect();
    Tensor::from_data(TensorData::new(values, [batch, batch]), device)
}

/// The scores with the refused ones out of reach, and which these are.
fn candidates(scores: Tensor<2>, forbidden: Tensor<2, Bool>) -> (Tensor<2>, Tensor<2, Bool>) {
    let itself = own_columns(scores.dims()[0], &scores.device());
    let refused = forbidden.inner().bool_or(itself).bool_or(scores.clone().is_nan());
    let lowest = scores.dtype().finfo().map_or(-1e4, |float| float.min);
    // Half the lowest number of the type: an allowed −∞ stays above a refused one, and e to either is 0.
    (scores.clamp_min(lowest / 2.0).mask_fill(refused.clone(), lowest), refused)
}

fn own_columns(batch: usize, device: &Device) -> Tensor<2, Bool> {
    Tensor::<2, Bool>::diag_mask([batch, batch], 0, device).bool_not()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Stream = Stream::named("test.similarities");

    fn nothing_forbidden(batch: usize) -> Tensor<2, Bool> {
        Tensor::full([batch, batch], false, &Device::flex())
    }

    fn matrix<const B: usize>(values: [[f32; B]; B]) -> Tensor<2> {
        Tensor::from_floats(values, &Device::flex())
    }

    /// Indices and whether they are usable.
    fn drawn(similarities: Tensor<2>, forbidden: Tensor<2, Bool>, step: u64, hardness: f64) -> Vec<(usize, bool)> {
        let uniforms = negative_uniforms(similarities.dims()[0], &Draws::new(42, NEGATIVES, 0, step), &Device::flex());
        let negatives = draw_hard_negatives(similarities, forbidden, uniforms, hardness);
        let usable = negatives.usable.try_into_vec_as::<f32>().unwrap();
        let indices = negatives.indices.into_data();
        indices.iter::<i64>().zip(usable).map(|(index, usable)| (index as usize, usable == 1.0)).collect()
    }

    fn values(tensor: Tensor<2>) -> Vec<f32> {
        tensor.try_into_vec_as().unwrap()
    }

    fn assert_all_close(values: &[f32], expected: &[f32]) {
        let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
        assert!(
            values.len() == expected.len() && values.iter().zip(expected).all(close),
            "{values:?}, not {expected:?}"
        );
    }

    #[test]
    fn weights_by_hand() {
        let (ln2, ln3) = (2.0_f32.ln(), 3.0_f32.ln());
        let similarities = || matrix([[ln2, ln3, 0.0], [5.0, 5.0, 5.0], [0.0, ln3, ln2]]);
        let forbidden = || Tensor::from_data([[false; 3], [true, false, false], [true, true, false]], &Device::flex());
        // Row 0: 3 : 1. Row 1: one left. Row 2: none left.
        let weights = values(negative_weights(similarities(), forbidden()));
        assert_all_close(&weights, &[0.0, 0.75, 0.25, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        // The reference: 2 : 3 : 1 before the diagonal goes.
        let seed = values(seed_negative_weights(similarities(), forbidden()));
        assert_all_close(&seed, &[0.0, 3.0 / 6.0, 1.0 / 6.0, 0.0, 0.0, 1.0 / 3.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn where_the_match_is_far_ahead_the_seed_has_no_weight_left() {
        let similarities = || matrix([[1000.0, 0.0], [-1000.0, 1000.0]]);
        assert_eq!(values(seed_negative_weights(similarities(), nothing_forbidden(2))), [0.0; 4]);
        assert_eq!(values(negative_weights(similarities(), nothing_forbidden(2))), [0.0, 1.0, 1.0, 0.0]);
        assert_eq!(drawn(similarities(), nothing_forbidden(2), 0, 1.0), [(1, true), (0, true)]);
    }

    /// χ² of 5 000 draws for each row against the weights of `hardness · similarities`.
    fn chi2(hardness: f64) -> f64 {
        let similarities = || matrix([[9.0, 1.0, 0.0, -1.0], [0.5; 4], [-2.0, 0.0, 9.0, 0.3], [1.0, 1.0, 2.0, 9.0]]);
        let forbidden = || {
            let mut forbidden = [[false; 4]; 4];
            forbidden[3][0] = true;
            Tensor::from_data(forbidden, &Device::flex())
        };
        let (steps, mut counts) = (5000_u64, [[0_u32; 4]; 4]);
        for step in 0..steps {
            for (row, (index, usable)) in drawn(similarities(), forbidden(), step, hardness).into_iter().enumerate() {
                assert!(usable && index != row && (row, index) != (3, 0), "row {row} gets {index}");
                counts[row][index] += 1;
            }
        }
        let weights = values(negative_weights(similarities().mul_scalar(hardness), forbidden()));
        let cells = weights.iter().zip(counts.as_flattened()).filter(|(weight, _)| **weight > 0.0);
        cells
            .map(|(weight, count)| (f64::from(*weight) * steps as f64, f64::from(*count)))
            .map(|(expected, count)| (count - expected).powi(2) / expected)
            .sum()
    }

    #[test]
    fn draws_follow_the_weights() {
        // 11 cells in 4 rows: 7 degrees of freedom, mean 7, standard deviation 3.7.
        for hardness in [1.0, 0.0, 0.5] {
            let chi2 = chi2(hardness);
            assert!(chi2 < 7.0 + 5.0 * 3.7, "hardness {hardness}: χ² {chi2}");
        }
    }

    #[test]
    fn ten_thousand_draws_never_take_the_pair_itself_or_a_forbidden_one() {
        let (batch, device) = (20, Device::flex());
        for step in 0..500 {
            let draws = Draws::new(42, STREAM, 0, step);
            // The pair itself and the forbidden ones, a quarter of all, are by far the most similar.
            let flags: Vec<bool> = (0..batch * batch).map(|i| draws.uniform(i as u64) < 0.25).collect();
            let similar =
                |i: usize| if flags[i] || i / batch == i % batch { 500.0 } else { draws.normal(i as u64) as f32 };
            let similarities: Vec<f32> = (0..batch * batch).map(similar).collect();
            let similarities = Tensor::from_data(TensorData::new(similarities, [batch, batch]), &device);
            let forbidden = Tensor::from_data(TensorData::new(flags.clone(), [batch, batch]), &device);
            for (row, (index, usable)) in drawn(similarities, forbidden, step, 1.0).into_iter().enumerate() {
                assert!(usable && index != row && !flags[row * batch + index], "step {step}, row {row}");
            }
        }
    }

    #[test]
    fn a_row_that_allows_nothing_is_not_usable() {
        let forbidden = Tensor::from_data([[false, true, true], [false; 3], [true, true, true]], &Device::flex());
        let negatives = drawn(matrix([[0.0; 3]; 3]), forbidden, 3, 1.0);
        assert_eq!(negatives.iter().map(|(_, usable)| *usable).collect::<Vec<_>>(), [false, true, false]);
        assert!(negatives.iter().all(|(index, _)| *index < 3));
    }

    #[test]
    fn batches_of_one_and_two() {
        assert_eq!(drawn(matrix([[1.0]]), nothing_forbidden(1), 0, 1.0), [(0, false)]);
        assert_eq!(values(negative_weights(matrix([[1.0]]), nothing_forbidden(1))), [0.0]);
        assert_eq!(drawn(matrix([[1.0, 0.0], [0.0, 1.0]]), nothing_forbidden(2), 0, 1.0), [(1, true), (0, true)]);
    }

    #[test]
    fn whatever_the_numbers_are_a_negative_is_a_row_of_the_batch() {
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1000.0, -1000.0, f32::MAX, f32::MIN] {
            let similarities = || matrix([[odd, odd, odd], [0.0, 0.0, odd], [odd, 1.0, odd]]);
            for step in 0..50 {
                let negatives = drawn(similarities(), nothing_forbidden(3), step, 1.0);
                for (row, (index, usable)) in negatives.into_iter().enumerate() {
                    assert!(index < 3 && (!usable || index != row), "{odd}: row {row} gets {index}");
                    assert_eq!(usable, !(odd.is_nan() && row == 0), "{odd}: row {row}");
                }
            }
        }
    }

    #[test]
    fn uniforms_are_inside_of_the_open_interval_and_of_a_step() {
        let uniforms = |step| values(negative_uniforms(150, &Draws::new(42, NEGATIVES, 0, step), &Device::flex()));
        let first = uniforms(0);
        assert_eq!(first.len(), 150 * 150);
        assert!(first.iter().all(|&u| u > 0.0 && u < 1.0));
        let mean = first.iter().sum::<f32>() / first.len() as f32;
        assert!((mean - 0.5).abs() < 5.0 * 0.289 / 150.0, "{mean}"); // a uniform number's deviation: 1/√12
        assert_eq!(first, uniforms(0));
        assert_ne!(first, uniforms(1));
        assert!(((u32::MAX >> 9) as f32 + 0.5) / ((1_u32 << 23) as f32) < 1.0);
    }

    #[test]
    fn negatives_of_a_model_under_autodiff_are_constants_that_select_from_it() {
        let device = Device::flex().autodiff();
        let features = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device).require_grad();
        let similarities = features.clone().matmul(features.clone().transpose());
        let forbidden = Tensor::full([2, 2], false, &device);
        let uniforms = negative_uniforms(2, &Draws::new(42, NEGATIVES, 0, 0), &device);
        let negatives = draw_hard_negatives(similarities, forbidden, uniforms, 1.0);
        assert!(!negatives.usable.is_autodiff());
        let picked = features.clone().select(0, negatives.indices); // rows 1, 0
        let loss = picked.narrow(0, 0, 1).sum().mul_scalar(3.0);
        let gradient = features.grad(&loss.backward()).unwrap();
        assert_eq!(gradient.try_into_vec_as::<f32>().unwrap(), [0.0, 0.0, 3.0, 3.0]);
    }
}
