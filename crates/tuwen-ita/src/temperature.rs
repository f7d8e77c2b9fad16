//! The learned temperature's bounds.

use std::ops::RangeInclusive;

use burn::tensor::Tensor;

/// Where ALBEF keeps τ.
pub const TEMPERATURE_RANGE: RangeInclusive<f64> = 0.001..=0.5;

/// τ within [`TEMPERATURE_RANGE`]. It is for the parameter itself, between steps: inside a loss, a τ beyond the range
/// would get no gradient and never come back. ALBEF does so in pre-training, not in retrieval fine-tuning.
pub fn clamp_temperature(temperature: Tensor<1>, // [1]
) -> Tensor<1> {
    temperature.clamp(*TEMPERATURE_RANGE.start(), *TEMPERATURE_RANGE.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn both_ends_and_between() {
        let temperatures = Tensor::from_floats([-1.0, 0.0005, 0.07, 0.6], &Device::flex());
        let clamped = clamp_temperature(temperatures).try_into_vec_as::<f32>().unwrap();
        assert_eq!(clamped, [0.001, 0.001, 0.07, 0.5]);
    }
}
