//! Exported features, a row each.

use crate::EvalError;

/// Feature vectors `[rows, width]` of finite numbers; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    width: usize,
    values: Vec<f32>,
}

impl Features {
    /// Features from their values, row by row. Errors: no row, values that are no whole rows, one that is not finite.
    pub fn new(width: usize, values: Vec<f32>) -> Result<Self, EvalError> {
        if width == 0 || values.is_empty() || !values.len().is_multiple_of(width) {
            return Err(EvalError::FeatureCount { values: values.len(), width });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(EvalError::NotFinite { row: at / width, column: at % width, value: values[at] }),
            None => Ok(Self { width, values }),
        }
    }

    /// Vectors.
    pub fn rows(&self) -> usize {
        self.values.len() / self.width
    }

    /// Numbers of one vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// One vector.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..][..self.width]
    }

    /// The same directions, of length 1. Errors: a vector of length 0.
    pub fn unit(&self) -> Result<Self, EvalError> {
        let mut values = self.values.clone();
        for (row, vector) in values.chunks_exact_mut(self.width).enumerate() {
            let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
            if length == 0.0 {
                return Err(EvalError::NoDirection { row });
            }
            vector.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
        }
        Ok(Self { width: self.width, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_unit_vectors() {
        let features = Features::new(2, vec![3.0, 4.0, 0.0, -2.0]).unwrap();
        assert_eq!((features.rows(), features.width()), (2, 2));
        assert_eq!(features.unit().unwrap().row(0), [0.6, 0.8]);
        assert_eq!(features.unit().unwrap().row(1), [0.0, -1.0]);
    }

    #[test]
    fn what_is_no_matrix_of_numbers_is_named() {
        for (width, values) in [(0, 0), (0, 3), (2, 0), (2, 3)] {
            assert!(matches!(Features::new(width, vec![1.0; values]), Err(EvalError::FeatureCount { .. })));
        }
        let error = Features::new(2, vec![1.0, 0.0, 0.0, f32::NAN]).unwrap_err();
        assert!(matches!(error, EvalError::NotFinite { row: 1, column: 1, .. }));
        assert!(matches!(Features::new(1, vec![1.0, 0.0]).unwrap().unit(), Err(EvalError::NoDirection { row: 1 })));
    }
}
