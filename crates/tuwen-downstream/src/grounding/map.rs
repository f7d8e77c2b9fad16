//! Maps over the patches of a picture.

use burn::tensor::{Bool, Tensor, activation::relu};
use serde::{Deserialize, Serialize};

/// Over which positions of a text its words' maps are averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextMean {
    /// Over its real ones.
    #[default]
    Real,
    /// The sum over the real ones divided by all, padding included, as in ALBEF's `Grounding.py`: what else is in the batch
    /// decides how strong a map is.
    Seed,
}

/// `meanₕ( A ⊙ max(0, slope) )`, `[B, Q, P]`.
pub fn grad_cam(
    weights: Tensor<4>, // [B, heads, Q, P]
    slopes: Tensor<4>,  // [B, heads, Q, P]
) -> Tensor<3> {
    (weights * relu(slopes)).mean_dim(1).squeeze_dim(1)
}

/// The maps of words as one of their text, `[B, P]`.
pub fn text_map(
    word_maps: Tensor<3>,             // [B, L, P]
    attention_mask: &Tensor<2, Bool>, // [B, L]
    mean: TextMean,
) -> Tensor<2> {
    let [_, length, _] = word_maps.dims();
    let real = attention_mask.clone().float().unsqueeze_dim::<3>(2); // [B, L, 1]
    let sum = (word_maps * real.clone()).sum_dim(1).squeeze_dim::<2>(1); // [B, P]
    match mean {
        TextMean::Real => sum / real.sum_dim(1).clamp_min(1.0).squeeze_dim::<2>(1),
        TextMean::Seed => sum.div_scalar(length as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn only_what_helps_is_seen() {
        let device = Device::flex();
        let weights = Tensor::from_floats([[[[0.5, 0.5]], [[0.2, 0.8]]]], &device);
        let slopes = Tensor::from_floats([[[[2.0, -9.0]], [[-1.0, 1.0]]]], &device);
        let map: Vec<f32> = grad_cam(weights, slopes).try_into_vec_as().unwrap();
        assert_eq!(map, [0.5, 0.4]); // (1 + 0)/2, (0 + 0.8)/2
    }

    #[test]
    fn padding_weakens_a_map_for_the_seed_alone() {
        let device = Device::flex();
        let maps = |length: usize| {
            let words = [[1.0, 2.0], [3.0, 4.0], [100.0, 100.0], [100.0, 100.0]];
            Tensor::<2>::from_floats(words, &device).narrow(0, 0, length).unsqueeze::<3>()
        };
        let map = |length: usize, mean| -> Vec<f32> {
            let flags: Vec<bool> = (0..length).map(|word| word < 2).collect();
            let mask = Tensor::from_data(burn::tensor::TensorData::new(flags, [1, length]), &device);
            text_map(maps(length), &mask, mean).try_into_vec_as().unwrap()
        };
        assert_eq!([map(2, TextMean::Real), map(4, TextMean::Real)], [[2.0, 3.0], [2.0, 3.0]]);
        assert_eq!([map(2, TextMean::Seed), map(4, TextMean::Seed)], [[2.0, 3.0], [1.0, 1.5]]);
    }
}
