//! How many masked frames are recognised.

use burn::tensor::{Bool, Int, Tensor};

/// Rows whose most similar frame is the target or one of its `twins` (true), `[1]`; of equal similarities the first
/// frame counts.
pub fn frame_hits(
    logits: Tensor<2>,              // [M, N]
    targets: Tensor<1, Int>,        // [M]
    twins: Option<Tensor<2, Bool>>, // [M, N]
) -> Tensor<1, Int> {
    let best = logits.argmax(1); // [M, 1]
    let hits = best.clone().equal(targets.unsqueeze_dim(1));
    let hits = match twins {
        Some(twins) => hits.bool_or(twins.gather(1, best)),
        None => hits,
    };
    hits.int().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn hits(twins: Option<[[bool; 3]; 2]>) -> i32 {
        let device = Device::flex();
        let logits = Tensor::from_floats([[1.0, 3.0, 2.0], [5.0, 0.0, 5.0]], &device); // best: 1, 0
        let twins = twins.map(|twins| Tensor::from_data(twins, &device));
        frame_hits(logits, Tensor::from_ints([1, 2], &device), twins).into_scalar()
    }

    #[test]
    fn a_twin_of_the_target_is_right_too() {
        assert_eq!(hits(None), 1);
        assert_eq!(hits(Some([[false; 3], [true, false, false]])), 2);
        assert_eq!(hits(Some([[true, false, true], [false, true, false]])), 1); // twins that were not chosen
    }

    #[test]
    fn the_only_frame_is_always_recognised() {
        let device = Device::flex();
        let logits = Tensor::from_floats([[-4.0]], &device);
        assert_eq!(frame_hits(logits, Tensor::from_ints([0], &device), None).into_scalar::<i32>(), 1);
    }
}
