//! Moves clips to the texts they are to stand with.

use burn::tensor::{Bool, Int, Tensor, TensorData};

use crate::ItmPairing;

/// Each row gets the clip that `pairing` gives it, features and mask together.
///
/// # Panics
/// If the pairing was made for another batch size.
pub fn shuffle_clips(
    features: Tensor<3>,         // [B, T, D]
    frame_mask: Tensor<2, Bool>, // [B, T]
    pairing: &ItmPairing,
) -> (Tensor<3>, Tensor<2, Bool>) {
    let [batch, ..] = features.dims();
    assert_eq!(pairing.frames_of.len(), batch, "a pairing of this batch");
    let rows: Vec<i32> = pairing.frames_of.iter().map(|&row| row as i32).collect();
    let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [batch]), &features.device());
    // By way of integers: flex 0.22.1 selects booleans into a tensor of bytes, which `cat` then refuses.
    let frame_mask = frame_mask.int().select(0, rows.clone()).equal_elem(1);
    (features.select(0, rows), frame_mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn a_clip_brings_its_mask() {
        let device = Device::flex();
        let features = Tensor::from_floats([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [0.0, 0.0]]], &device);
        let mask = Tensor::from_data([[true, true], [true, false]], &device);
        let pairing = ItmPairing { frames_of: vec![1, 1], matches: vec![false, true] };
        let (features, mask) = shuffle_clips(features, mask, &pairing);
        assert_eq!(features.try_into_vec_as::<f32>().unwrap(), [5.0, 6.0, 0.0, 0.0, 5.0, 6.0, 0.0, 0.0]);
        assert_eq!(mask.into_data().iter::<bool>().collect::<Vec<_>>(), [true, false, true, false]);
    }
}
