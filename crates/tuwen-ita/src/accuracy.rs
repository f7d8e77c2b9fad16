//! How often the nearest of the other side is a right answer.

use burn::tensor::{Bool, Int, Tensor};

/// Hits of both directions of a batch, each out of B.
#[derive(Clone, Debug)]
pub struct InBatchHits {
    /// `[1]`: images whose nearest text is right.
    pub image_to_text: Tensor<1, Int>,
    /// `[1]`: texts whose nearest image is right.
    pub text_to_image: Tensor<1, Int>,
}

/// Rows whose nearest column is a right answer, `[1]`. Of equally near columns the first counts, so where all look
/// alike one row in B hits: chance.
pub fn top1_hits(
    similarities: Tensor<2>,    // [B, K]
    positives: Tensor<2, Bool>, // [B, K]
) -> Tensor<1, Int> {
    let nearest = similarities.inner().argmax(1); // [B, 1]
    positives.inner().int().gather(1, nearest).sum()
}

/// [`top1_hits`] within the batch, by rows and by columns.
pub fn in_batch_hits(
    similarities: Tensor<2>,    // [B, B], image to text
    positives: Tensor<2, Bool>, // [B, B]
) -> InBatchHits {
    InBatchHits {
        image_to_text: top1_hits(similarities.clone(), positives.clone()),
        text_to_image: top1_hits(similarities.transpose(), positives.transpose()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PairKeys, Positives, positive_mask};
    use burn::tensor::Device;

    fn hits(similarities: [[f32; 3]; 3], captions: [u64; 3]) -> [i64; 2] {
        let device = Device::flex();
        let keys = captions.map(|caption| PairKeys { image: 10 + caption, caption });
        let positives = positive_mask(Positives::default(), &keys, &[], &device);
        let hits = in_batch_hits(Tensor::from_floats(similarities, &device), positives);
        [hits.image_to_text, hits.text_to_image].map(|count| count.into_scalar::<i64>())
    }

    #[test]
    fn rows_and_columns_are_counted_apart() {
        // Rows: 0 and 2 hit. Columns: their largest stand in rows 0, 0, 2.
        let similarities = [[5.0, 4.0, 0.0], [3.0, 2.0, 1.0], [0.0, 0.0, 9.0]];
        assert_eq!(hits(similarities, [1, 2, 3]), [2, 2]);
        assert_eq!(hits(similarities, [1, 1, 3]), [3, 3]); // texts 0 and 1 say the same
    }

    #[test]
    fn where_all_look_alike_one_hits() {
        assert_eq!(hits([[0.5; 3]; 3], [1, 2, 3]), [1, 1]);
    }

    #[test]
    fn columns_of_the_queue_may_be_nearer() {
        let device = Device::flex();
        let similarities = Tensor::from_floats([[1.0, 2.0], [1.0, 0.0]], &device);
        let positives = Tensor::from_data([[true, false], [true, false]], &device);
        assert_eq!(top1_hits(similarities, positives).into_scalar::<i64>(), 1);
    }
}
