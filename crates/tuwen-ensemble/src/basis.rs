//! The first directions of a singular value decomposition, found on some rows and used for any.

use nalgebra::{DMatrix, SymmetricEigen};

use crate::{Embeddings, EnsembleError};

/// Directions `[width, components]` of unit length, at right angles to each other: those in which the rows that were fitted
/// on are longest. They are not centred first, so that dot products survive. The sign of a direction is such that its entry
/// farthest from 0 is positive.
#[derive(Clone, Debug, PartialEq)]
pub struct Basis {
    /// Direction after direction.
    directions: Vec<Vec<f64>>,
    singular_values: Vec<f64>,
    explained: Vec<f64>,
}

impl Basis {
    /// The first `components` right singular vectors of `rows`, by the eigenvectors of `XᵀX` in double precision: singular
    /// values below 10⁻⁷ of the largest are lost in it. Errors: more components than rows or columns, or none.
    pub fn fit(rows: &Embeddings, components: usize) -> Result<Self, EnsembleError> {
        let (count, width) = (rows.rows(), rows.width());
        if components == 0 || components > count.min(width) {
            return Err(EnsembleError::Components { components, rows: count, width });
        }
        let matrix = DMatrix::from_row_iterator(count, width, rows.values().iter().map(|value| f64::from(*value)));
        let eigen = SymmetricEigen::new(matrix.tr_mul(&matrix));
        let mut order: Vec<usize> = (0..width).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        order.truncate(components);
        let directions: Vec<Vec<f64>> =
            order.iter().map(|&at| upright(eigen.eigenvectors.column(at).iter().copied().collect())).collect();
        let singular_values = order.iter().map(|&at| eigen.eigenvalues[at].max(0.0).sqrt()).collect();
        let whole: f64 = matrix.column_iter().map(|column| variance(column.iter().copied())).sum();
        let along = |direction: &Vec<f64>| {
            variance((0..count).map(|row| rows.row(row).iter().zip(direction).map(|(x, d)| f64::from(*x) * d).sum()))
        };
        let explained = directions.iter().map(|direction| if whole > 0.0 { along(direction) / whole } else { 0.0 });
        let explained = explained.collect();
        Ok(Self { directions, singular_values, explained })
    }

    /// Any rows in the new directions, `[rows, components]`. Errors: rows of another length.
    pub fn project(&self, rows: &Embeddings) -> Result<Embeddings, EnsembleError> {
        let expected = self.directions.first().map_or(0, Vec::len);
        if rows.width() != expected {
            return Err(EnsembleError::Width { width: rows.width(), expected });
        }
        let along = |row: &[f32], direction: &Vec<f64>| {
            row.iter().zip(direction).map(|(x, d)| f64::from(*x) * d).sum::<f64>() as f32
        };
        let values = (0..rows.rows())
            .flat_map(|row| self.directions.iter().map(move |direction| along(rows.row(row), direction)));
        Embeddings::new(self.directions.len(), values.collect())
    }

    /// How long all rows are together in each direction, the longest first.
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }

    /// The variance in each direction, as a share of all. Of an uncentred decomposition they need not fall.
    pub fn explained_variance_ratio(&self) -> &[f64] {
        &self.explained
    }
}

/// The direction or its opposite.
fn upright(direction: Vec<f64>) -> Vec<f64> {
    let farthest =
        direction.iter().copied().fold(0.0, |most: f64, value| if value.abs() > most.abs() { value } else { most });
    if farthest < 0.0 { direction.into_iter().map(|value| -value).collect() } else { direction }
}

fn variance(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let (count, sum) = values.clone().fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    let mean = sum / count;
    values.map(|value| (value - mean).powi(2)).sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_directions_by_hand() {
        // Rows along (1, 1)/√2 of lengths 2√2 and √2, and along (1, −1)/√2 of length √2.
        let rows = Embeddings::new(2, vec![2.0, 2.0, -1.0, -1.0, 1.0, -1.0]).unwrap();
        let basis = Basis::fit(&rows, 2).unwrap();
        let [long, short] = [10.0_f64.sqrt(), 2.0_f64.sqrt()];
        assert!((basis.singular_values()[0] - long).abs() < 1e-9 && (basis.singular_values()[1] - short).abs() < 1e-9);
        let projected = basis.project(&rows).unwrap();
        let expected = [8.0_f32.sqrt(), 0.0, -2.0_f32.sqrt(), 0.0, 0.0, 2.0_f32.sqrt()];
        let close = |(a, b): (&f32, &f32)| (a.abs() - b.abs()).abs() < 1e-6;
        assert!(projected.values().iter().zip(&expected).all(close), "{:?}", projected.values());
        // Coordinates 2√2, −√2, 0: mean √2/3, variance 10/3 − 2/9 = 28/9. The other: 0, 0, √2: 2/3 − 2/9 = 4/9.
        let shares = basis.explained_variance_ratio();
        assert!((shares[0] - 28.0 / 32.0).abs() < 1e-9 && (shares[1] - 4.0 / 32.0).abs() < 1e-9, "{shares:?}");
    }

    #[test]
    fn all_directions_keep_every_dot_product() {
        let values: Vec<f32> = (0..35).map(|i| ((i * i * 7 + 3) % 11) as f32 - 5.0).collect();
        let rows = Embeddings::new(5, values).unwrap();
        let projected = Basis::fit(&rows, 5).unwrap().project(&rows).unwrap();
        for (a, b) in (0..7).flat_map(|a| (0..7).map(move |b| (a, b))) {
            assert!((rows.cosine(a, b) - projected.cosine(a, b)).abs() < 1e-5);
        }
        // Other rows than those fitted on.
        let basis = Basis::fit(&rows.select(&[0, 2, 4]).unwrap(), 3).unwrap();
        assert_eq!(basis.project(&rows).unwrap().rows(), 7);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let rows = Embeddings::new(3, vec![1.0; 6]).unwrap();
        let error = Basis::fit(&rows, 3).unwrap_err();
        assert_eq!(error.to_string(), "3 components of 2 rows of 3, expected 1 to 2");
        assert!(Basis::fit(&rows, 0).is_err());
        let basis = Basis::fit(&rows, 1).unwrap();
        assert_eq!(basis.explained_variance_ratio(), [0.0], "equal rows don't vary");
        let other = Embeddings::new(2, vec![1.0, 2.0]).unwrap();
        assert_eq!(basis.project(&other), Err(EnsembleError::Width { width: 2, expected: 3 }));
    }
}
