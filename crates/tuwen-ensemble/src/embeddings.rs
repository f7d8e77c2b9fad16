//! Rows of numbers, one for each clip, and several of them as one.

use crate::EnsembleError;

/// Embeddings `[rows, width]`, row by row. Never empty, and every number is finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    width: usize,
    values: Vec<f32>,
}

impl Embeddings {
    /// Rows of `width` values. Errors: no whole rows, a value that is not finite.
    pub fn new(width: usize, values: Vec<f32>) -> Result<Self, EnsembleError> {
        if width == 0 || values.is_empty() || !values.len().is_multiple_of(width) {
            return Err(EnsembleError::Shape { values: values.len(), width });
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => Err(EnsembleError::NotFinite { row: at / width, value: values[at] }),
            None => Ok(Self { width, values }),
        }
    }

    /// How many there are.
    pub fn rows(&self) -> usize {
        self.values.len() / self.width
    }

    /// The length of each.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// One of them.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// The named rows, in the order of their names. Errors: none.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn select(&self, rows: &[usize]) -> Result<Self, EnsembleError> {
        Self::new(self.width, rows.iter().flat_map(|&row| self.row(row)).copied().collect())
    }

    /// The cosine of two rows; 0 where one of them is zero.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn cosine(&self, a: usize, b: usize) -> f32 {
        let product = |a: usize, b: usize| {
            self.row(a).iter().zip(self.row(b)).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
        };
        let lengths = (product(a, a) * product(b, b)).sqrt();
        if lengths > 0.0 { (product(a, b) / lengths) as f32 } else { 0.0 }
    }
}

/// `[√w₁·v₁/|v₁| … √wₖ·vₖ/|vₖ|]` for each row of the models' embeddings: dot products are weighted means of cosines. Errors:
/// no model, other rows than the first has, a row of zeros, a weight that is not above 0.
pub fn concatenate(models: &[(&Embeddings, f64)]) -> Result<Embeddings, EnsembleError> {
    let &(first, _) = models.first().ok_or(EnsembleError::NoModel)?;
    for (model, (embeddings, weight)) in models.iter().enumerate() {
        if embeddings.rows() != first.rows() {
            return Err(EnsembleError::Rows { model, rows: embeddings.rows(), expected: first.rows() });
        }
        if !weight.is_finite() || *weight <= 0.0 {
            return Err(EnsembleError::Weight { model, weight: *weight });
        }
    }
    let width = models.iter().map(|(embeddings, _)| embeddings.width()).sum();
    let mut values = Vec::with_capacity(first.rows() * width);
    for row in 0..first.rows() {
        for (model, (embeddings, weight)) in models.iter().enumerate() {
            let row_values = embeddings.row(row);
            let length = row_values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
            if length == 0.0 {
                return Err(EnsembleError::Zero { model, row });
            }
            values.extend(row_values.iter().map(|value| (weight.sqrt() * f64::from(*value) / length) as f32));
        }
    }
    Embeddings::new(width, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_products_are_weighted_means_of_cosines() {
        let a = Embeddings::new(2, vec![3.0, 4.0, 4.0, 3.0]).unwrap(); // cosine 24/25
        let b = Embeddings::new(1, vec![7.0, -2.0]).unwrap(); // cosine −1
        let both = concatenate(&[(&a, 0.75), (&b, 0.25)]).unwrap();
        let product: f32 = both.row(0).iter().zip(both.row(1)).map(|(a, b)| a * b).sum();
        assert!((product - (0.75 * 0.96 - 0.25)).abs() < 1e-6);
        assert!((both.cosine(0, 1) - product).abs() < 1e-6, "rows have length 1, as the weights sum to 1");
        assert_eq!(both.select(&[1, 1]).unwrap().row(0), both.row(1));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let two = Embeddings::new(1, vec![1.0, 2.0]).unwrap();
        let one = Embeddings::new(1, vec![1.0]).unwrap();
        let zero = Embeddings::new(1, vec![1.0, 0.0]).unwrap();
        assert_eq!(concatenate(&[]), Err(EnsembleError::NoModel));
        let error = concatenate(&[(&two, 0.5), (&one, 0.5)]).unwrap_err();
        assert_eq!(error.to_string(), "model 1 has 1 rows, expected 2 as the first has");
        assert_eq!(concatenate(&[(&two, 0.5), (&zero, 0.5)]), Err(EnsembleError::Zero { model: 1, row: 1 }));
        assert!(matches!(concatenate(&[(&two, -1.0)]), Err(EnsembleError::Weight { model: 0, .. })));
        assert!(matches!(Embeddings::new(2, vec![1.0; 3]), Err(EnsembleError::Shape { values: 3, width: 2 })));
        assert!(matches!(Embeddings::new(0, vec![]), Err(EnsembleError::Shape { .. })));
        assert!(matches!(Embeddings::new(1, vec![0.0, f32::NAN]), Err(EnsembleError::NotFinite { row: 1, .. })));
    }
}
