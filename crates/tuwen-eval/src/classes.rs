//! Measures of choosing one of several classes, and what choosing without looking reaches.

use std::collections::HashMap;
use std::hash::Hash;

use crate::EvalError;

/// 1 for each right choice and 0 for each wrong one: the values whose mean is the accuracy. Errors: another number of labels.
pub fn right_choices<T: PartialEq>(predicted: &[T], labels: &[T]) -> Result<Vec<f64>, EvalError> {
    same_count(predicted.len(), labels.len())?;
    Ok(predicted.iter().zip(labels).map(|(a, b)| if a == b { 1.0 } else { 0.0 }).collect())
}

/// The mean over the classes of the share of their records that are found, a share: each class counts alike, however rare. Errors:
/// another number of labels, or none.
pub fn mean_class_accuracy(predicted: &[usize], labels: &[usize]) -> Result<f64, EvalError> {
    same_count(predicted.len(), labels.len())?;
    let mut classes: HashMap<usize, [usize; 2]> = HashMap::new();
    for (predicted, label) in predicted.iter().zip(labels) {
        let [right, all] = classes.entry(*label).or_default();
        *all += 1;
        *right += usize::from(predicted == label);
    }
    if classes.is_empty() {
        return Err(EvalError::NoRecords);
    }
    let mut shares: Vec<f64> = classes.values().map(|[right, all]| *right as f64 / *all as f64).collect();
    shares.sort_by(f64::total_cmp); // a sum in one order, whatever that of the table
    Ok(shares.iter().sum::<f64>() / shares.len() as f64)
}

/// What answering the commonest label reaches, a share; 0 where there is none.
pub fn commonest_share<T: Eq + Hash>(labels: &[T]) -> f64 {
    let mut counts: HashMap<&T, usize> = HashMap::new();
    labels.iter().for_each(|label| *counts.entry(label).or_default() += 1);
    counts.values().max().map_or(0.0, |most| *most as f64 / labels.len() as f64)
}

/// What drawing one of `choices` is expected to reach where `right` of them are right, a share.
pub fn uniform_share(right: usize, choices: usize) -> f64 {
    if choices == 0 { 0.0 } else { right.min(choices) as f64 / choices as f64 }
}

/// The accuracy of one answer in VQA: with `agreeing` of `people` who gave it, the mean over the people of
/// `min(1, agreeing others / 3)`, so an answer of four people is right. One person alone is right or wrong. (Official
/// evaluation of VQA v2, answers already normalised.)
pub fn vqa_accuracy(agreeing: usize, people: usize) -> f64 {
    if people <= 1 {
        return if agreeing > 0 { 1.0 } else { 0.0 };
    }
    let agreeing = agreeing.min(people);
    let among = |others: usize| (others as f64 / 3.0).min(1.0);
    let (with, without) = (agreeing as f64, (people - agreeing) as f64);
    (with * among(agreeing.saturating_sub(1)) + without * among(agreeing)) / people as f64
}

fn same_count(first: usize, second: usize) -> Result<(), EvalError> {
    if first == second { Ok(()) } else { Err(EvalError::Unpaired { first, second }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_right_or_wrong() {
        assert_eq!(right_choices(&["a", "b", "a"], &["a", "a", "a"]).unwrap(), [1.0, 0.0, 1.0]);
        assert!(right_choices(&[1], &[]).is_err());
    }

    #[test]
    fn rare_classes_count_as_much_as_common_ones() {
        // Class 0: 3 of 4, class 7: 0 of 1.
        let mean = mean_class_accuracy(&[0, 0, 0, 7, 0], &[0, 0, 0, 0, 7]).unwrap();
        assert_eq!(mean, (0.75 + 0.0) / 2.0);
        assert!(matches!(mean_class_accuracy(&[], &[]), Err(EvalError::NoRecords)));
        assert!(mean_class_accuracy(&[1], &[]).is_err());
    }

    #[test]
    fn chance_is_the_commonest_or_a_draw() {
        assert_eq!(commonest_share(&["a", "b", "a", "c"]), 0.5);
        assert_eq!(commonest_share::<u8>(&[]), 0.0);
        assert_eq!((uniform_share(1, 4), uniform_share(2, 5), uniform_share(9, 5)), (0.25, 0.4, 1.0));
        assert_eq!(uniform_share(1, 0), 0.0);
    }

    #[test]
    fn three_others_who_agree_make_an_answer_right() {
        assert_eq!((vqa_accuracy(10, 10), vqa_accuracy(4, 10), vqa_accuracy(0, 10)), (1.0, 1.0, 0.0));
        // 3 of 10: for three people 2/3, for seven 3/3.
        assert!((vqa_accuracy(3, 10) - (3.0 * 2.0 / 3.0 + 7.0) / 10.0).abs() < 1e-12);
        // 1 of 10: for one 0, for nine 1/3.
        assert!((vqa_accuracy(1, 10) - 0.3).abs() < 1e-12);
        assert_eq!((vqa_accuracy(1, 1), vqa_accuracy(0, 1), vqa_accuracy(1, 0)), (1.0, 0.0, 1.0));
    }
}
