//! Re-ranking: the candidates that similarity finds are put in order by the matching head.

use serde::{Deserialize, Serialize};

use crate::{EvalError, Scores};

/// The score that ALBEF's `itm_eval` gives to whatever was not re-scored.
pub const SEED_REST: f32 = -100.0;

/// What becomes of the candidates that were not re-scored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// They follow the re-scored ones in the order of their similarity.
    #[default]
    KeepOrder,
    /// They all get [`SEED_REST`]: their order is lost, and a re-scored one below it falls behind them.
    Seed,
}

/// The `k` best candidates of each query, best first, of equal ones the earlier index first; all of them if there are fewer.
pub fn top_k(scores: &Scores, k: usize) -> Vec<Vec<usize>> {
    scores.iter().map(|row| first_k(row, k)).collect()
}

/// The first `k` of one row, in the order of [`top_k`].
pub(crate) fn first_k(row: &[f32], k: usize) -> Vec<usize> {
    // Not `total_cmp`: it takes the two zeros apart.
    let better = |a: &usize, b: &usize| row[*b].partial_cmp(&row[*a]).expect("scores are finite").then(a.cmp(b));
    let mut order: Vec<usize> = (0..row.len()).collect();
    if k == 0 {
        return Vec::new();
    }
    if k < order.len() {
        order.select_nth_unstable_by(k - 1, better);
        order.truncate(k);
    }
    order.sort_unstable_by(better);
    order
}

/// Scores after re-ranking: `matching[q][i]` is the matching head's score of query q with `candidates[q][i]`.
/// [`Rest::Seed`] keeps these scores as they are; [`Rest::KeepOrder`] gives minus the place, equal scores the same one,
/// re-scored candidates first. Errors: lists that don't fit the queries or each other, a candidate that does not exist or
/// comes twice, a score that is not finite.
pub fn rerank(
    similarity: &Scores,
    candidates: &[Vec<usize>],
    matching: &[Vec<f32>],
    rest: Rest,
) -> Result<Scores, EvalError> {
    let (rows, columns) = (similarity.rows(), similarity.columns());
    if candidates.len() != rows || matching.len() != rows {
        return Err(EvalError::ListCount { lists: candidates.len(), scored: matching.len(), rows });
    }
    let mut values = Vec::with_capacity(rows * columns);
    for (row, similarity) in similarity.iter().enumerate() {
        let matched = matched_row(row, columns, &candidates[row], &matching[row])?;
        match rest {
            Rest::Seed => values.extend(matched.iter().map(|score| score.unwrap_or(SEED_REST))),
            Rest::KeepOrder => values.extend(places(&matched, similarity)),
        }
    }
    Ok(Scores::from_checked(rows, columns, values))
}

/// The matching score of each column, where there is one.
fn matched_row(
    row: usize,
    columns: usize,
    candidates: &[usize],
    scores: &[f32],
) -> Result<Vec<Option<f32>>, EvalError> {
    if candidates.len() != scores.len() {
        return Err(EvalError::ListLength { row, candidates: candidates.len(), scores: scores.len() });
    }
    let mut matched = vec![None; columns];
    for (&candidate, &value) in candidates.iter().zip(scores) {
        if !value.is_finite() {
            return Err(EvalError::NotFinite { row, column: candidate, value });
        }
        match matched.get_mut(candidate) {
            Some(place @ None) => *place = Some(value),
            _ => return Err(EvalError::Candidate { row, candidate, columns }),
        }
    }
    Ok(matched)
}

/// Minus the place of each column, from 0, equal ones together: an f32 holds each up to 2²⁴ exactly.
fn places(matched: &[Option<f32>], similarity: &[f32]) -> Vec<f32> {
    // `None` is below every `Some`, so the re-scored come first; within the rest similarity decides.
    let key = |column: usize| (matched[column], matched[column].map_or(similarity[column], |_| 0.0));
    let mut order: Vec<usize> = (0..matched.len()).collect();
    order.sort_by(|&a, &b| key(b).partial_cmp(&key(a)).expect("every score is finite"));
    let (mut values, mut place) = (vec![0.0; matched.len()], 0);
    for pair in order.windows(2) {
        place += usize::from(key(pair[0]) != key(pair[1]));
        values[pair[1]] = -(place as f32);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Relevance, Ties, ranks};

    fn similarity() -> Scores {
        Scores::new(2, 5, vec![0.5, 0.9, 0.1, 0.7, 0.3, 0.2, 0.2, 0.8, 0.2, 0.2]).unwrap()
    }

    #[test]
    fn best_come_first_and_of_equal_ones_the_earlier() {
        assert_eq!(top_k(&similarity(), 2), [[1, 3], [2, 0]]);
        assert_eq!(top_k(&similarity(), 4), [[1, 3, 0, 4], [2, 0, 1, 3]]);
        assert_eq!(top_k(&similarity(), 99), [[1, 3, 0, 4, 2], [2, 0, 1, 3, 4]]);
        assert_eq!(top_k(&similarity(), 0), [[0; 0]; 2]);
    }

    #[test]
    fn selecting_equals_sorting() {
        let mut state = 7_u32;
        for k in (1..=40).cycle().take(400) {
            let draw = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as f32 % 9.0 - 4.0
            };
            let row: Vec<f32> = (0..33).map(draw).collect();
            let mut sorted: Vec<usize> = (0..33).collect();
            sorted.sort_by(|&a, &b| row[b].partial_cmp(&row[a]).unwrap()); // stable, so the earlier index comes first
            sorted.truncate(k);
            assert_eq!(first_k(&row, k), sorted);
        }
    }

    #[test]
    fn rest_keeps_its_order_or_is_thrown_together() {
        let candidates = top_k(&similarity(), 2); // [1, 3] and [2, 0]
        let matching = [vec![-1.0, 2.0], vec![4.0, -200.0]];
        let kept = rerank(&similarity(), &candidates, &matching, Rest::KeepOrder).unwrap();
        // Candidates 3, 1, then 0, 4, 2 by similarity; candidates 2, 0, then the equal others.
        assert_eq!(kept.row(0), [-2.0, -1.0, -4.0, 0.0, -3.0]);
        assert_eq!(kept.row(1), [-1.0, -2.0, 0.0, -2.0, -2.0]);
        let seed = rerank(&similarity(), &candidates, &matching, Rest::Seed).unwrap();
        assert_eq!(seed.row(0), [-100.0, -1.0, -100.0, 2.0, -100.0]);
        assert_eq!(seed.row(1), [-200.0, -100.0, 4.0, -100.0, -100.0]);
        // Where the right answer (caption 0 of image 0) was not re-scored, only one of them knows its place.
        let right = Relevance::consecutive(&[1, 4]).unwrap();
        let rank = |scores| ranks(scores, right.i2t(), Ties::Pessimistic).unwrap().as_slice()[0];
        assert_eq!((rank(&kept), rank(&seed)), (2, 4));
    }

    #[test]
    fn nothing_re_scored_is_the_order_of_similarity() {
        let kept = rerank(&similarity(), &[vec![], vec![]], &[vec![], vec![]], Rest::KeepOrder).unwrap();
        assert_eq!(top_k(&kept, 5), top_k(&similarity(), 5));
        assert_eq!(kept.row(1), [-1.0, -1.0, 0.0, -1.0, -1.0]);
    }

    #[test]
    fn lists_that_do_not_fit_are_named() {
        let fails = |candidates: &[Vec<usize>], matching: &[Vec<f32>]| {
            rerank(&similarity(), candidates, matching, Rest::KeepOrder).unwrap_err()
        };
        assert!(matches!(fails(&[vec![]], &[vec![], vec![]]), EvalError::ListCount { lists: 1, scored: 2, rows: 2 }));
        let error = fails(&[vec![], vec![1, 2]], &[vec![], vec![0.0]]);
        assert_eq!(error.to_string(), "row `1`: `2` candidates and `1` matching scores, expected as many");
        let twice = fails(&[vec![3, 3], vec![]], &[vec![0.0, 1.0], vec![]]);
        assert_eq!(twice.to_string(), "row `0` lists candidate `3`, expected different ones below `5`");
        assert!(matches!(fails(&[vec![5], vec![]], &[vec![0.0], vec![]]), EvalError::Candidate { candidate: 5, .. }));
        let nan = fails(&[vec![4], vec![]], &[vec![f32::NAN], vec![]]);
        assert!(matches!(nan, EvalError::NotFinite { row: 0, column: 4, .. }));
    }
}
