//! The likeliest answer of a closed list: the first word picks candidates, the whole answer puts them in order.

use burn::tensor::{Int, Tensor, activation::softmax};
use serde::{Deserialize, Serialize};

/// By what candidates are put in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerScore {
    /// `log p(answer)`, the sum over its words.
    #[default]
    LogLikelihood,
    /// `log p(first word) + log p(answer)`: ALBEF's `rank_answer`, which counts the first word twice.
    Seed,
}

/// An answer of the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankedAnswer {
    /// Its number in the list.
    pub candidate: usize,
    /// Its share among the candidates that were looked at: the softmax of their scores.
    pub probability: f64,
}

/// `softmax(x)` at the first word of each candidate, `[Q, C]`.
pub fn first_word_probabilities(
    logits: Tensor<2>,           // [Q, V], after the beginning alone
    first_words: Tensor<1, Int>, // [C]
) -> Tensor<2> {
    softmax(logits, 1).select(1, first_words)
}

/// The `k` candidates of the highest probability, best first, of equal ones the earlier; all of them if there are fewer.
pub fn likeliest(probabilities: &[f32], k: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    order.truncate(k);
    order
}

/// Candidates in the order of their scores, best first, of equal ones the earlier: each with the probability of its first
/// word and the log-likelihood of all its words.
pub fn ranked(candidates: &[(usize, f32, f64)], score: AnswerScore) -> Vec<RankedAnswer> {
    let of = |&(_, first, whole): &(usize, f32, f64)| match score {
        AnswerScore::LogLikelihood => whole,
        AnswerScore::Seed => f64::from(first).ln() + whole,
    };
    let scores: Vec<f64> = candidates.iter().map(of).collect();
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = scores.iter().map(|score| (score - highest).exp()).sum();
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let share = |at: usize| (scores[at] - highest).exp() / sum;
    order.into_iter().map(|at| RankedAnswer { candidate: candidates[at].0, probability: share(at) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_first_word_is_counted_once_or_twice() {
        // Answer 7: ½ · 0.4. Answer 3: 0.3 · 0.9, which is more, unless the first word counts again.
        let candidates = [(7, 0.5, 0.2_f64.ln()), (3, 0.3, 0.27_f64.ln())];
        let order = |score| ranked(&candidates, score).iter().map(|answer| answer.candidate).collect::<Vec<_>>();
        assert_eq!(order(AnswerScore::LogLikelihood), [3, 7]);
        assert_eq!(order(AnswerScore::Seed), [7, 3]);
        let seed = ranked(&candidates, AnswerScore::Seed);
        assert!((seed[0].probability - 0.1 / (0.1 + 0.081)).abs() < 1e-6); // ½ · 0.2 and 0.3 · 0.27
    }

    #[test]
    fn of_equal_candidates_the_earlier_comes_first() {
        assert_eq!(likeliest(&[0.1, 0.5, 0.1, 0.3], 3), [1, 3, 0]);
        assert_eq!(likeliest(&[0.1], 5), [0]);
        let equal = ranked(&[(4, 0.5, -1.0), (2, 0.5, -1.0)], AnswerScore::LogLikelihood);
        assert_eq!(
            equal.iter().map(|answer| (answer.candidate, answer.probability)).collect::<Vec<_>>(),
            [(4, 0.5), (2, 0.5)]
        );
        assert!(ranked(&[], AnswerScore::Seed).is_empty());
    }

    #[test]
    fn a_first_word_is_looked_up_for_each_candidate() {
        let device = Device::flex();
        let logits = Tensor::from_floats([[2.0_f32.ln(), 0.0, 0.0]], &device);
        let found = first_word_probabilities(logits, Tensor::from_ints([0, 2, 0], &device));
        let found: Vec<f32> = found.try_into_vec_as().unwrap();
        assert!(found.iter().zip([0.5, 0.25, 0.5]).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?}");
    }
}
