//! Matching as QQ UniBERT does it (`ShuffleVideo`), each of its faults shown beside [`crate::balanced_pairing`].

use burn::tensor::{Bool, Tensor};

use crate::{ItmPairing, shuffle_clips};

/// The first half of the rows keeps its clips, the second half gets its own in reverse: row i has clip ⌊B/2⌋ + B−1−i.
pub fn seed_pairing(batch: usize) -> ItmPairing {
    let half = batch / 2;
    ItmPairing::new((0..half).chain((half..batch).rev()).collect())
}

/// As [`shuffle_clips`], but each row keeps its old mask: a shorter clip shows padding as frames, a longer one loses
/// its end.
pub fn shuffle_features_only(
    features: Tensor<3>,         // [B, T, D]
    frame_mask: Tensor<2, Bool>, // [B, T]
    pairing: &ItmPairing,
) -> (Tensor<3>, Tensor<2, Bool>) {
    let (features, _) = shuffle_clips(features, frame_mask.clone(), pairing);
    (features, frame_mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ItmError, PAIRING, PairIdentity, balanced_pairing};
    use burn::tensor::Device;
    use tuwen_random::Draws;

    fn ours(batch: u64, step: u64) -> Result<ItmPairing, ItmError> {
        let identities: Vec<PairIdentity> = (0..batch).map(|i| PairIdentity { clip: i, text: i }).collect();
        balanced_pairing(&identities, &Draws::new(42, PAIRING, 0, step))
    }

    fn matches(pairing: &ItmPairing) -> usize {
        pairing.matches.iter().filter(|&&matches| matches).count()
    }

    #[test]
    fn four_clips_as_the_reference_shuffles_them() {
        let pairing = seed_pairing(4); // golden `expect/itm_seed_shuffled_video`, `itm_seed_labels`
        assert_eq!(pairing.frames_of, [0, 1, 3, 2]);
        assert_eq!(pairing.matches, [true, true, false, false]);
    }

    #[test]
    fn an_odd_second_half_keeps_its_middle_as_a_match() {
        assert_eq!(seed_pairing(6).frames_of, [0, 1, 2, 5, 4, 3]);
        assert_eq!(matches(&seed_pairing(6)), 4);
        assert_eq!(matches(&ours(6, 0).unwrap()), 3);
    }

    #[test]
    fn two_rows_or_one_have_no_mismatch() {
        assert_eq!(matches(&seed_pairing(2)), 2);
        assert_eq!(matches(&ours(2, 0).unwrap()), 1);
        assert_eq!(matches(&seed_pairing(1)), 1);
        assert_eq!(ours(1, 0), Err(ItmError::BatchTooSmall { batch: 1 }));
    }

    #[test]
    fn the_same_rows_mismatch_at_every_step() {
        let first_half = (0..100).filter(|&step| ours(8, step).unwrap().matches[..4] == seed_pairing(8).matches[..4]);
        assert!(first_half.count() < 20); // ours: 1 in 70; the seed, which knows no step: always
    }

    #[test]
    fn half_and_half_only_for_multiples_of_four() {
        for batch in 1..=16 {
            assert_eq!(2 * matches(&seed_pairing(batch)) == batch, batch % 4 == 0, "batch {batch}");
        }
        for batch in (2..=16).step_by(2) {
            assert_eq!(2 * matches(&ours(batch, 0).unwrap()) as u64, batch);
        }
    }

    #[test]
    fn the_mask_stays_behind() {
        let device = Device::flex();
        // Clip 2 has one frame, clip 3 two; the seed exchanges these two.
        let features =
            || Tensor::<3>::from_floats([[[1.0], [1.0]], [[2.0], [2.0]], [[3.0], [0.0]], [[4.0], [4.0]]], &device);
        let mask = || Tensor::<2, Bool>::from_data([[true, true], [true, true], [true, false], [true, true]], &device);
        let pairing = seed_pairing(4);
        let read = |(features, mask): (Tensor<3>, Tensor<2, Bool>)| {
            let mask: Vec<bool> = mask.into_data().iter::<bool>().collect();
            (features.try_into_vec_as::<f32>().unwrap(), mask)
        };
        let (seed_features, seed_mask) = read(shuffle_features_only(features(), mask(), &pairing));
        let (our_features, our_mask) = read(shuffle_clips(features(), mask(), &pairing));
        assert_eq!(seed_features, [1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 3.0, 0.0]);
        assert_eq!(seed_features, our_features);
        assert_eq!(seed_mask[4..], [true, false, true, true]); // hides half of clip 3, shows padding of clip 2
        assert_eq!(our_mask[4..], [true, true, true, false]);
    }
}
