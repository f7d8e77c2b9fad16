//! A matrix of scores: how well each candidate answers each query.

use crate::EvalError;

/// Scores `[rows, columns]`, row by row: a row is a query, a column a candidate, and higher is better. Never empty, and
/// every score is a finite number, so no rank can come from a `NaN`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
}

impl Scores {
    /// A matrix from its values `[rows, columns]`. Errors: no entry, another number of values, a value that is not finite.
    pub fn new(rows: usize, columns: usize, values: Vec<f32>) -> Result<Self, EvalError> {
        if rows == 0 || columns == 0 {
            return Err(EvalError::NoScores { rows, columns });
        }
        if rows.checked_mul(columns) != Some(values.len()) {
            return Err(EvalError::ScoreCount { values: values.len(), rows, columns });
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(EvalError::NotFinite { row: at / columns, column: at % columns, value: values[at] });
        }
        Ok(Self { rows, columns, values })
    }

    /// Queries.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Candidates.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The scores `[rows, columns]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The scores of one query.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// The scores of each query in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.columns)
    }

    /// Queries and candidates exchanged: similarities of images to captions, seen from the captions.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let values =
            (0..self.columns).flat_map(|column| self.values.iter().skip(column).step_by(self.columns)).copied();
        Self { rows: self.columns, columns: self.rows, values: values.collect() }
    }

    /// A matrix of values that are known to fit and to be finite.
    pub(crate) fn from_checked(rows: usize, columns: usize, values: Vec<f32>) -> Self {
        debug_assert_eq!(values.len(), rows * columns);
        Self { rows, columns, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_exchanges_rows_and_columns() {
        let scores = Scores::new(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert_eq!(scores.row(1), [4.0, 5.0, 6.0]);
        assert_eq!(scores.transposed(), Scores::new(3, 2, vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]).unwrap());
        assert_eq!(scores.transposed().transposed(), scores);
        assert_eq!(scores.iter().len(), 2);
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        assert!(matches!(Scores::new(0, 3, vec![]), Err(EvalError::NoScores { rows: 0, columns: 3 })));
        assert!(matches!(Scores::new(2, 3, vec![0.0; 5]), Err(EvalError::ScoreCount { values: 5, .. })));
        assert!(matches!(Scores::new(usize::MAX, 2, vec![0.0; 5]), Err(EvalError::ScoreCount { .. })));
    }

    #[test]
    fn score_that_is_not_a_number_is_named() {
        let error = Scores::new(2, 2, vec![0.0, 1.0, f32::NAN, 0.0]).unwrap_err();
        assert_eq!(error.to_string(), "row `1`, column `0`: the score is `NaN`, expected a finite number");
        assert!(matches!(Scores::new(1, 1, vec![f32::NEG_INFINITY]), Err(EvalError::NotFinite { row: 0, .. })));
    }
}
