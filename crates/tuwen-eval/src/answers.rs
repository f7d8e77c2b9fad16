//! The first answers to one query, each judged.

use std::cmp::Reverse;

use crate::ranks::{rank, same_shape};
use crate::{EvalError, RightAnswers, Scores, Ties};

/// Whether an answer is one of the right ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It belongs to the query.
    Right,
    /// It doesn't.
    Wrong,
}

/// A query and its first answers: as indices, or as the texts and pictures to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered<Q, A> {
    /// What was asked.
    pub query: Q,
    /// The first answers, best first.
    pub answers: Vec<(A, Verdict)>,
    /// The rank of the best right answer, from 0, whether it is among the first or not.
    pub rank: usize,
}

impl Answered<usize, usize> {
    /// The same with what is to be shown instead of indices.
    #[must_use]
    pub fn showing<Q, A>(&self, query: Q, answer: impl Fn(usize) -> A) -> Answered<Q, A> {
        let answers = self.answers.iter().map(|&(index, verdict)| (answer(index), verdict)).collect();
        Answered { query, answers, rank: self.rank }
    }
}

/// The first `k` answers to a query in the order that [`ranks`](crate::ranks) counts in. Errors: scores and right answers of
/// different shape, a query that does not exist.
pub fn first_answers(
    scores: &Scores,
    right: &RightAnswers,
    query: usize,
    k: usize,
    ties: Ties,
) -> Result<Answered<usize, usize>, EvalError> {
    same_shape(scores, right)?;
    if query >= right.queries() {
        return Err(EvalError::Query { query, queries: right.queries() });
    }
    let (row, right) = (scores.row(query), right.of(query));
    let is_right = |index: usize| right.binary_search(&index).is_ok();
    let tied = |index: usize| match ties {
        Ties::Pessimistic => (is_right(index), Ok(index)),
        Ties::EarlierFirst => (false, Ok(index)),
        Ties::LaterFirst => (false, Err(Reverse(index))),
    };
    let mut order: Vec<usize> = (0..row.len()).collect();
    order.sort_by(|&a, &b| row[b].partial_cmp(&row[a]).expect("scores are finite").then_with(|| tied(a).cmp(&tied(b))));
    let judged = |index| (index, if is_right(index) { Verdict::Right } else { Verdict::Wrong });
    Ok(Answered { query, answers: order.into_iter().take(k).map(judged).collect(), rank: rank(row, right, ties) })
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Right, Wrong};
    use super::*;
    use crate::Relevance;

    #[test]
    fn answers_come_in_the_order_of_ranks() {
        // Captions 0 and 1 are right; 1, 2 and 3 have equal scores.
        let scores = Scores::new(2, 5, vec![0.1, 0.7, 0.7, 0.7, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0]).unwrap();
        let relevance = Relevance::consecutive(&[2, 3]).unwrap();
        let first = |k, ties| first_answers(&scores, relevance.i2t(), 0, k, ties).unwrap();
        assert_eq!(first(4, Ties::Pessimistic).answers, [(4, Wrong), (2, Wrong), (3, Wrong), (1, Right)]);
        assert_eq!(first(2, Ties::EarlierFirst).answers, [(4, Wrong), (1, Right)]);
        assert_eq!(first(9, Ties::LaterFirst).answers, [(4, Wrong), (3, Wrong), (2, Wrong), (1, Right), (0, Right)]);
        for ties in [Ties::Pessimistic, Ties::EarlierFirst, Ties::LaterFirst] {
            let answered = first(5, ties);
            assert_eq!(answered.answers.iter().position(|(_, verdict)| *verdict == Right), Some(answered.rank));
        }
    }

    #[test]
    fn indices_become_what_is_shown() {
        let scores = Scores::new(1, 2, vec![0.0, 1.0]).unwrap();
        let relevance = Relevance::consecutive(&[2]).unwrap();
        let answered = first_answers(&scores, relevance.i2t(), 0, 1, Ties::Pessimistic).unwrap();
        let shown = answered.showing("asked", |index| ["a", "b"][index]);
        assert_eq!(shown, Answered { query: "asked", answers: vec![("b", Right)], rank: 0 });
    }

    #[test]
    fn query_that_is_not_there_is_named() {
        let scores = Scores::new(1, 2, vec![0.0, 1.0]).unwrap();
        let relevance = Relevance::consecutive(&[2]).unwrap();
        let error = first_answers(&scores, relevance.i2t(), 1, 1, Ties::Pessimistic).unwrap_err();
        assert_eq!(error.to_string(), "query `1` does not exist, expected one below `1`");
        assert!(matches!(
            first_answers(&scores, relevance.t2i(), 0, 1, Ties::Pessimistic),
            Err(EvalError::Shape { .. })
        ));
    }
}
