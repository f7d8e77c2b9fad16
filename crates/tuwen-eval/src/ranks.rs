//! Where each query's best right answer stands among all candidates.

use serde::{Deserialize, Serialize};

use crate::{EvalError, RightAnswers, Scores};

/// Who goes first among candidates of equal score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// Every wrong answer goes before a right one, so a model that gives all the same score earns nothing.
    #[default]
    Pessimistic,
    /// The earlier index. A constant model looks perfect where the right answers come first.
    EarlierFirst,
    /// The later index: the order of the golden file for ALBEF's `itm_eval`, whose own sort leaves it open.
    LaterFirst,
}

/// The rank of each query's best right answer, from 0. At least one query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranks(Vec<usize>);

impl Ranks {
    /// Ranks from 0, also those of several blocks of queries, joined. Errors: none at all.
    pub fn new(ranks: Vec<usize>) -> Result<Self, EvalError> {
        if ranks.is_empty() { Err(EvalError::NoRanks) } else { Ok(Self(ranks)) }
    }

    /// The ranks from 0, in the order of the queries.
    pub fn as_slice(&self) -> &[usize] {
        &self.0
    }

    /// The share of queries with a right answer among the first `k`, in per cent.
    pub fn recall_at(&self, k: usize) -> f64 {
        100.0 * self.0.iter().filter(|&&rank| rank < k).count() as f64 / self.0.len() as f64
    }

    /// The median place, counted from 1 as papers do; of an even number the mean of the middle two.
    pub fn median(&self) -> f64 {
        let mut ranks = self.0.clone();
        ranks.sort_unstable();
        let (low, high) = (ranks[(ranks.len() - 1) / 2], ranks[ranks.len() / 2]);
        1.0 + (low + high) as f64 / 2.0
    }
}

/// How many candidates stand before the best right answer of each query (0: it is first). Errors: scores and right answers
/// of different shape.
pub fn ranks(scores: &Scores, right: &RightAnswers, ties: Ties) -> Result<Ranks, EvalError> {
    same_shape(scores, right)?;
    Ranks::new(scores.iter().enumerate().map(|(query, row)| rank(row, right.of(query), ties)).collect())
}

/// Refuses scores that are not those of these queries and candidates.
pub(crate) fn same_shape(scores: &Scores, right: &RightAnswers) -> Result<(), EvalError> {
    let (rows, columns, queries, candidates) = (scores.rows(), scores.columns(), right.queries(), right.candidates());
    if (rows, columns) == (queries, candidates) {
        Ok(())
    } else {
        Err(EvalError::Shape { rows, columns, queries, candidates })
    }
}

/// `right` is ascending and not empty.
pub(crate) fn rank(row: &[f32], right: &[usize], ties: Ties) -> usize {
    let best = right.iter().map(|&index| row[index]).fold(f32::NEG_INFINITY, f32::max);
    let before = row.iter().filter(|&&score| score > best).count();
    let tied = |index: &usize| row[*index] == best;
    let tied_before = match ties {
        Ties::Pessimistic => (0..row.len()).filter(tied).count() - right.iter().copied().filter(tied).count(),
        Ties::EarlierFirst => (0..row.len()).filter(tied).take_while(|index| !right.contains(index)).count(),
        Ties::LaterFirst => (0..row.len()).rev().filter(tied).take_while(|index| !right.contains(index)).count(),
    };
    before + tied_before
}

#[cfg(test)]
mod tests {
    use super::Ties::{EarlierFirst, LaterFirst, Pessimistic};
    use super::*;
    use crate::Relevance;

    fn of(rows: usize, values: &[f32], captions_per_image: &[usize], ties: Ties) -> Vec<usize> {
        let scores = Scores::new(rows, values.len() / rows, values.to_vec()).unwrap();
        let relevance = Relevance::consecutive(captions_per_image).unwrap();
        ranks(&scores, relevance.i2t(), ties).unwrap().as_slice().to_vec()
    }

    /// Image i owns captions 2i and 2i + 1.
    #[rustfmt::skip]
    const FOUR_BY_EIGHT: [f32; 32] = [
        9.0, 0.0,  1.0, 2.0,  3.0, 4.0,  5.0, 6.0, // the first of its own is best
        1.0, 2.0,  0.0, 9.0,  3.0, 4.0,  5.0, 6.0, // the second of its own is best
        8.0, 7.0,  6.0, 5.0,  4.0, 3.0,  2.0, 1.0, // four others come before
        7.0, 7.0,  7.0, 7.0,  7.0, 7.0,  0.0, 7.0, // its better one equals six others
    ];

    #[test]
    fn best_of_several_right_answers_counts() {
        assert_eq!(of(4, &FOUR_BY_EIGHT, &[2; 4], Pessimistic), [0, 0, 4, 6]);
        assert_eq!(of(4, &FOUR_BY_EIGHT, &[2; 4], EarlierFirst), [0, 0, 4, 6]);
        assert_eq!(of(4, &FOUR_BY_EIGHT, &[2; 4], LaterFirst), [0, 0, 4, 0]);
    }

    #[test]
    fn constant_model_is_never_credited() {
        assert_eq!(of(2, &[0.5; 6], &[1, 2], Pessimistic), [2, 1]); // behind all wrong answers, however many are right
        assert_eq!(of(2, &[0.5; 6], &[1, 2], EarlierFirst), [0, 1]);
        assert_eq!(of(2, &[0.5; 6], &[1, 2], LaterFirst), [2, 0]);
        assert_eq!(of(2, &[0.0, -0.0, 0.0, -0.0], &[1, 1], Pessimistic), [1, 1]); // the zeros are equal
    }

    #[test]
    fn one_query_and_one_candidate() {
        assert_eq!(of(1, &[-3.0], &[1], Pessimistic), [0]);
        let ranks = Ranks::new(vec![0]).unwrap();
        assert_eq!((ranks.recall_at(0), ranks.recall_at(1), ranks.recall_at(10)), (0.0, 100.0, 100.0));
    }

    #[test]
    fn blocks_of_queries_give_the_same_ranks() {
        // A hundred matrices of 7 × 12 with many ties: scores are one of five values.
        let relevance = Relevance::consecutive(&[1, 3, 2, 1, 1, 2, 2]).unwrap();
        let mut state = 1_u32;
        for ties in [Pessimistic, EarlierFirst, LaterFirst].repeat(100) {
            let draw = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as f32 % 5.0
            };
            let scores = Scores::new(7, 12, (0..84).map(draw).collect()).unwrap();
            let whole = ranks(&scores, relevance.i2t(), ties).unwrap();
            for size in 1..=7 {
                let of_block = |start: usize| {
                    let end = (start + size).min(7);
                    let values = scores.values()[12 * start..12 * end].to_vec();
                    let block = Scores::new(end - start, 12, values).unwrap();
                    ranks(&block, &relevance.i2t().block(start..end), ties).unwrap().as_slice().to_vec()
                };
                let joined = Ranks::new((0..7).step_by(size).flat_map(of_block).collect()).unwrap();
                assert_eq!(joined, whole, "{ties:?}, blocks of {size}");
            }
        }
    }

    #[test]
    fn recall_and_median_are_counted() {
        let ranks = Ranks::new(vec![0, 4, 9, 30]).unwrap();
        assert_eq!([1, 5, 10, 99].map(|k| ranks.recall_at(k)), [25.0, 50.0, 75.0, 100.0]);
        assert_eq!(ranks.median(), (5.0 + 10.0) / 2.0);
        assert_eq!(Ranks::new(vec![7, 0, 2]).unwrap().median(), 3.0);
        assert!(matches!(Ranks::new(vec![]), Err(EvalError::NoRanks)));
    }

    #[test]
    fn scores_of_another_shape_are_refused() {
        let scores = Scores::new(1, 3, vec![0.0; 3]).unwrap();
        let error = ranks(&scores, Relevance::consecutive(&[1, 1]).unwrap().i2t(), Pessimistic).unwrap_err();
        assert_eq!(error.to_string(), "the scores are `1×3`, expected `2×2` as the right answers are");
    }
}
