//! Rank correlation, and labels made of ranks.

use crate::EvalError;

/// The rank of each value, from 1; equal values share the mean of their places, as `scipy.stats.rankdata` has it. Errors: a
/// value that is not finite.
pub fn average_ranks(values: &[f32]) -> Result<Vec<f64>, EvalError> {
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(EvalError::NoNumber { index, value: values[index] });
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        // Not by `total_cmp`: it takes the two zeros apart.
        let equal = order[first..].iter().take_while(|&&index| values[index] == values[order[first]]).count();
        let shared = first as f64 + (equal as f64 + 1.0) / 2.0;
        order[first..first + equal].iter().for_each(|&index| ranks[index] = shared);
        first += equal;
    }
    Ok(ranks)
}

/// Labels to learn instead of `scores`: their average ranks, the lowest at 0 and the highest at 1, as the QQ reference
/// trains on pairs. Errors: a score that is not finite, or no two that differ.
pub fn rank_labels(scores: &[f32]) -> Result<Vec<f32>, EvalError> {
    let ranks = average_ranks(scores)?;
    let (low, high) =
        ranks.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), rank| (low.min(*rank), high.max(*rank)));
    if low >= high {
        return Err(EvalError::AllEqual { what: "scores", count: scores.len() });
    }
    Ok(ranks.into_iter().map(|rank| ((rank - low) / (high - low)) as f32).collect())
}

/// Spearman's ρ: the correlation of the average ranks of both. Errors: lists of different length, a value that is not
/// finite, a list in which all are equal.
pub fn spearman(predictions: &[f32], labels: &[f32]) -> Result<f64, EvalError> {
    if predictions.len() != labels.len() {
        return Err(EvalError::Unpaired { first: predictions.len(), second: labels.len() });
    }
    let centred = |what, values: &[f32]| -> Result<Vec<f64>, EvalError> {
        let mean = (values.len() as f64 + 1.0) / 2.0;
        let ranks: Vec<f64> = average_ranks(values)?.into_iter().map(|rank| rank - mean).collect();
        let differ = ranks.iter().any(|rank| *rank != 0.0);
        differ.then_some(ranks).ok_or(EvalError::AllEqual { what, count: values.len() })
    };
    let (a, b) = (centred("predictions", predictions)?, centred("labels", labels)?);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    Ok(product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_places() {
        assert_eq!(average_ranks(&[0.5, 0.1, 0.5, 0.9]).unwrap(), [2.5, 1.0, 2.5, 4.0]);
        assert_eq!(average_ranks(&[0.0, -0.0]).unwrap(), [1.5, 1.5]);
        assert_eq!(average_ranks(&[]).unwrap(), [0.0; 0]);
    }

    #[test]
    fn labels_reach_from_0_to_1() {
        // Ranks 1.5, 1.5, 3, 4 over a range of 2.5.
        assert_eq!(rank_labels(&[7.0, 7.0, 8.0, 100.0]).unwrap(), [0.0, 0.0, 0.6, 1.0]);
        assert!(matches!(rank_labels(&[3.0, 3.0]), Err(EvalError::AllEqual { what: "scores", count: 2 })));
    }

    #[test]
    fn the_order_is_all_that_counts() {
        assert_eq!(spearman(&[1.0, 2.0, 900.0], &[0.1, 0.2, 0.3]).unwrap(), 1.0);
        assert_eq!(spearman(&[3.0, 2.0, 1.0], &[0.1, 0.2, 0.3]).unwrap(), -1.0);
        // Ranks −1, 0, 1 and −½, −½, 1: 1.5 / √(2 · 1.5).
        let rho = spearman(&[1.0, 2.0, 3.0], &[0.0, 0.0, 1.0]).unwrap();
        assert!((rho - 1.5 / 3.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_order_is_refused() {
        let error = spearman(&[1.0, 2.0], &[1.0]).unwrap_err();
        assert_eq!(error.to_string(), "`2` values and `1` values, expected one of each a record");
        let error = spearman(&[1.0, f32::NAN], &[1.0, 2.0]).unwrap_err();
        assert_eq!(error.to_string(), "value `1` is `NaN`, expected a finite number");
        let error = spearman(&[1.0, 2.0], &[4.0, 4.0]).unwrap_err();
        assert_eq!(error.to_string(), "all `2` labels are equal, expected some that differ");
        assert!(matches!(spearman(&[], &[]), Err(EvalError::AllEqual { count: 0, .. })));
    }
}
