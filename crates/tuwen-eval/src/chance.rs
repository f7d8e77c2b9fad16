//! What a model that knows nothing would reach.

use crate::RightAnswers;

/// The recall among the first `k` that a random order is expected to reach, in per cent: the mean over the queries of
/// `1 − C(n − r, k) / C(n, k)`, a query having r right answers among n candidates.
pub fn chance_recall(right: &RightAnswers, k: usize) -> f64 {
    let hit = |query| 1.0 - all_wrong(right.candidates(), right.of(query).len(), k);
    100.0 * (0..right.queries()).map(hit).sum::<f64>() / right.queries() as f64
}

/// The probability that `k` of `n` candidates, drawn at random, are none of the `r` right ones.
fn all_wrong(n: usize, r: usize, k: usize) -> f64 {
    let wrong = n - r;
    if k > wrong {
        return 0.0;
    }
    (0..k).map(|drawn| (wrong - drawn) as f64 / (n - drawn) as f64).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Relevance;

    #[test]
    fn one_right_answer_is_found_in_k_of_n_cases() {
        let right = Relevance::consecutive(&[1; 387]).unwrap();
        for (k, expected) in [(1, 100.0 / 387.0), (5, 500.0 / 387.0), (10, 1000.0 / 387.0), (387, 100.0), (999, 100.0)]
        {
            assert!((chance_recall(right.i2t(), k) - expected).abs() < 1e-9, "{k}");
        }
        assert_eq!(chance_recall(right.i2t(), 0), 0.0);
    }

    #[test]
    fn several_right_answers_make_it_easier() {
        // Of five candidates, two are drawn. Image 0 has two right ones: 1 − C(3,2)/C(5,2) = 0.7; image 1 has three:
        // 1 − C(2,2)/C(5,2) = 0.9.
        let right = Relevance::consecutive(&[2, 3]).unwrap();
        assert!((chance_recall(right.i2t(), 2) - (70.0 + 90.0) / 2.0).abs() < 1e-9);
        // From three drawn on, image 1 can't miss.
        assert!((chance_recall(right.i2t(), 3) - (90.0 + 100.0) / 2.0).abs() < 1e-9);
    }
}
