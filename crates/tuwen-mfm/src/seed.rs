//! The loss as QQ UniBERT computes it: every position of the batch against every other.

use burn::tensor::{Bool, Int, Tensor, activation::log_softmax};

use crate::{FrameSimilarity, similarity};

/// `−mean over masked i of log softmaxⱼ(oᵢ · fⱼ − 10⁸·(1 − validᵢ·validⱼ))[i]`. Where a frame is masked this equals
/// [`crate::frame_nce_loss`] without twins, at (B·T)² products; where none is, it is the mean over nothing: NaN.
pub fn frame_nce_loss_seed(
    output: Tensor<2>,           // [B·T, D], the head on every frame position
    frames: Tensor<2>,           // [B·T, D], clean
    frame_mask: Tensor<1, Bool>, // [B·T], true = real
    masked: Tensor<1, Bool>,     // [B·T], true = to be recognised
    measure: &FrameSimilarity,
) -> Tensor<1> {
    let [positions, _] = output.dims();
    let valid = frame_mask.float();
    let both = valid.clone().unsqueeze_dim::<2>(1).matmul(valid.unsqueeze_dim::<2>(0)); // [B·T, B·T]
    let logits = similarity(output, frames, measure) + both.sub_scalar(1.0).mul_scalar(1e8);
    let own = Tensor::<1, Int>::arange(0..positions as i64, &logits.device()).unsqueeze_dim::<2>(1);
    let log_probs = log_softmax(logits, 1).gather(1, own).squeeze_dim::<1>(1); // [B·T]
    let masked = masked.float();
    (log_probs * masked.clone()).sum().neg() / masked.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FrameLabels, nce_loss};
    use burn::tensor::Device;

    // Two clips of three frames, the last frame of the second is padding; frames 1 and 2 are equal.
    const FRAMES: [[f32; 2]; 6] = [[1.0, 0.5], [0.2, -0.4], [0.2, -0.4], [-0.7, 0.1], [0.3, 0.9], [0.0, 0.0]];
    const OUTPUT: [[f32; 2]; 6] = [[0.4, 0.1], [1.5, -2.0], [0.0, 0.3], [0.8, 0.8], [-1.0, 0.6], [7.0, -3.0]];
    const VALID: [bool; 6] = [true, true, true, true, true, false];

    fn seed(masked: [bool; 6], measure: &FrameSimilarity) -> f32 {
        let device = Device::flex();
        let [output, frames] = [OUTPUT, FRAMES].map(|rows| Tensor::from_floats(rows, &device));
        let [valid, masked] = [VALID, masked].map(|flags| Tensor::from_data(flags, &device));
        frame_nce_loss_seed(output, frames, valid, masked, measure).into_scalar()
    }

    fn ours(rows: &[u32], groups: Option<&[u32]>, measure: &FrameSimilarity) -> Option<f32> {
        let device = Device::flex();
        let frames = Tensor::<2>::from_floats(FRAMES, &device).narrow(0, 0, 5); // the valid ones come first here
        let labels = FrameLabels::new(rows, rows, frames, groups)?;
        let predicted = Tensor::<2>::from_floats(OUTPUT, &device).select(0, labels.rows);
        Some(nce_loss(similarity(predicted, labels.frames, measure), labels.targets, labels.twins).into_scalar())
    }

    #[test]
    fn masked_rows_against_valid_frames_are_all_of_the_full_matrix_that_counts() {
        for measure in [FrameSimilarity::DotProduct, FrameSimilarity::Cosine { temperature: 0.1 }] {
            let (full, sparse) =
                (seed([false, true, false, true, false, false], &measure), ours(&[1, 3], None, &measure).unwrap());
            assert!((full - sparse).abs() < 1e-5 * full.abs(), "{measure:?}: {full} and {sparse}");
        }
    }

    #[test]
    fn equal_frames_are_negatives_for_the_seed_alone() {
        let groups = [0, 1, 1, 2, 3];
        let full = seed([false, true, false, false, false, false], &FrameSimilarity::DotProduct);
        let without_twin = ours(&[1], Some(&groups), &FrameSimilarity::DotProduct).unwrap();
        // The twin's product with output 1 is the target's own: 0.3 + 0.8. It adds e^1.1 to the seed's denominator.
        let products = [1.5 - 1.0, 1.1, -1.05 - 0.2, 0.45 - 1.8_f32]; // frames 0, 1, 3, 4
        let denominator: f32 = products.iter().map(|p| p.exp()).sum();
        assert!((without_twin - (denominator.ln() - 1.1)).abs() < 1e-5, "{without_twin}");
        assert!((full - ((denominator + 1.1_f32.exp()).ln() - 1.1)).abs() < 1e-5, "{full}");
    }

    #[test]
    fn nothing_masked_is_nan_for_the_seed_and_no_loss_for_us() {
        assert!(seed([false; 6], &FrameSimilarity::DotProduct).is_nan());
        assert_eq!(ours(&[], None, &FrameSimilarity::DotProduct), None);
    }
}
