//! Which images and captions are right answers to one another.

use burn::tensor::{Bool, Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// What makes two images, or two captions, the same: numbers that equal ones share, such as a hash of their content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairKeys {
    /// Of the image.
    pub image: u64,
    /// Of the caption.
    pub caption: u64,
}

/// Beside its own pair, which columns are right answers to a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positives {
    /// Those with its image or its caption: either one makes the pair true.
    #[default]
    SharedImageOrCaption,
    /// Those with its image: ALBEF's retrieval fine-tuning (`idx`).
    SharedImage,
    /// None, so that another caption of the same image counts as wrong: ALBEF's pre-training.
    OwnPairOnly,
}

impl Positives {
    fn joins(self, a: PairKeys, b: PairKeys) -> bool {
        match self {
            Self::SharedImageOrCaption => a.image == b.image || a.caption == b.caption,
            Self::SharedImage => a.image == b.image,
            Self::OwnPairOnly => false,
        }
    }
}

/// `[B, B+Q]`, true where column j of `[batch ; queue]` is a right answer to row b. A queue entry without keys is one
/// to nothing.
pub fn positive_mask(
    rule: Positives,
    batch: &[PairKeys],         // B
    queue: &[Option<PairKeys>], // Q
    device: &Device,
) -> Tensor<2, Bool> {
    let mut values = Vec::with_capacity(batch.len() * (batch.len() + queue.len()));
    for (row, &own) in batch.iter().enumerate() {
        values.extend(batch.iter().enumerate().map(|(column, &other)| row == column || rule.joins(own, other)));
        values.extend(queue.iter().map(|other| other.is_some_and(|other| rule.joins(own, other))));
    }
    Tensor::from_data(TensorData::new(values, [batch.len(), batch.len() + queue.len()]), device)
}

/// Each row's right answers at equal shares, which sum to 1.
pub fn hard_targets(positives: Tensor<2, Bool>, // [B, K], at least one true in each row
) -> Tensor<2> {
    let ones = positives.float(); // [B, K]
    let counts = ones.clone().sum_dim(1); // [B, 1]
    ones / counts
}

#[cfg(test)]
mod tests {
    use super::*;

    // Rows 0 and 1 show one image, rows 1 and 2 say the same.
    const BATCH: [PairKeys; 3] = [keys(7, 1), keys(7, 2), keys(8, 2)];
    const QUEUE: [Option<PairKeys>; 3] = [Some(keys(8, 1)), None, Some(keys(9, 9))];

    const fn keys(image: u64, caption: u64) -> PairKeys {
        PairKeys { image, caption }
    }

    fn mask(rule: Positives) -> Vec<Vec<u8>> {
        let mask = positive_mask(rule, &BATCH, &QUEUE, &Device::flex()).into_data();
        let values: Vec<u8> = mask.iter::<bool>().map(u8::from).collect();
        values.chunks(6).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn shared_image_or_caption() {
        let expected = [[1, 1, 0, 1, 0, 0], [1, 1, 1, 0, 0, 0], [0, 1, 1, 1, 0, 0]];
        assert_eq!(mask(Positives::default()), expected);
    }

    #[test]
    fn shared_image() {
        let expected = [[1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0]];
        assert_eq!(mask(Positives::SharedImage), expected);
    }

    #[test]
    fn the_seed_knows_its_own_pair_only() {
        let expected = [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0]];
        assert_eq!(mask(Positives::OwnPairOnly), expected);
    }

    #[test]
    fn targets_share_a_row_among_its_positives() {
        let device = Device::flex();
        let targets = hard_targets(positive_mask(Positives::default(), &BATCH, &QUEUE, &device));
        let values: Vec<f32> = targets.try_into_vec_as().unwrap();
        let third = 1.0 / 3.0;
        assert_eq!(values[..6], [third, third, 0.0, third, 0.0, 0.0]);
    }

    #[test]
    fn one_caption_for_all_makes_all_right() {
        let batch: Vec<PairKeys> = (0..4).map(|image| keys(image, 5)).collect();
        let targets = hard_targets(positive_mask(Positives::default(), &batch, &[], &Device::flex()));
        assert_eq!(targets.try_into_vec_as::<f32>().unwrap(), [0.25; 16]);
    }

    #[test]
    fn a_batch_of_one() {
        let targets = hard_targets(positive_mask(Positives::OwnPairOnly, &BATCH[..1], &[], &Device::flex()));
        assert_eq!(targets.try_into_vec_as::<f32>().unwrap(), [1.0]);
    }

    #[test]
    fn recipe_spelling() {
        for (rule, json) in [
            (Positives::SharedImageOrCaption, r#""shared_image_or_caption""#),
            (Positives::SharedImage, r#""shared_image""#),
            (Positives::OwnPairOnly, r#""own_pair_only""#),
        ] {
            assert_eq!(serde_json::to_string(&rule).unwrap(), json);
            assert_eq!(serde_json::from_str::<Positives>(json).unwrap(), rule);
        }
    }
}
