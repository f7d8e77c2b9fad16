//! How many masked tokens are named right.

use burn::tensor::{Int, Tensor};

/// Rows whose highest logit is the label's, `[1]`; of equal logits the lowest id counts.
pub fn token_hits(
    logits: Tensor<2>,      // [M, V]
    labels: Tensor<1, Int>, // [M]
) -> Tensor<1, Int> {
    logits.argmax(1).squeeze_dim::<1>(1).equal(labels).int().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn two_of_three_are_right() {
        let device = Device::flex();
        let logits = Tensor::from_floats([[0.0, 9.0], [3.0, 2.0], [-2.0, -1.0]], &device);
        assert_eq!(token_hits(logits, Tensor::from_ints([1, 1, 1], &device)).into_scalar::<i32>(), 2);
    }

    #[test]
    fn one_token_is_right_or_wrong() {
        let device = Device::flex();
        let hits = |label: i32| {
            let logits = Tensor::from_floats([[0.0, 9.0]], &device);
            token_hits(logits, Tensor::from_ints([label], &device)).into_scalar::<i32>()
        };
        assert_eq!([hits(0), hits(1)], [0, 1]);
    }
}
