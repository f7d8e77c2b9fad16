//! Precision at 1: is the likeliest tag one of the row's?

use burn::tensor::{Int, Tensor};

/// Counts of [`top_tag_hits`]; their quotient over an evaluation is precision@1.
#[derive(Clone, Debug)]
pub struct TagHits {
    /// `[1]`: rows whose likeliest tag is right.
    pub hits: Tensor<1, Int>,
    /// `[1]`: rows that have a tag at all; the others can't be right and are left out.
    pub rows: Tensor<1, Int>,
}

/// Rows whose highest logit is at one of their tags; of equal logits the lowest tag counts.
pub fn top_tag_hits(
    logits: Tensor<2>,  // [R, K]
    targets: Tensor<2>, // [R, K], 1 = has the tag
) -> TagHits {
    let best = logits.argmax(1); // [R, 1]
    let hits = targets.clone().gather(1, best).greater_elem(0.5).int().sum();
    let rows = targets.sum_dim(1).greater_elem(0.5).int().sum();
    TagHits { hits, rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn counts(logits: [[f32; 3]; 3], targets: [[f32; 3]; 3]) -> [i32; 2] {
        let device = Device::flex();
        let hits = top_tag_hits(Tensor::from_floats(logits, &device), Tensor::from_floats(targets, &device));
        [hits.hits.into_scalar(), hits.rows.into_scalar()]
    }

    #[test]
    fn any_of_several_tags_is_right_and_a_row_without_tags_is_left_out() {
        let logits = [[0.1, 0.9, 0.3], [-1.0, -3.0, -2.0], [5.0, 0.0, 0.0]];
        assert_eq!(counts(logits, [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0; 3]]), [1, 2]);
        assert_eq!(counts(logits, [[0.0; 3]; 3]), [0, 0]);
    }
}
