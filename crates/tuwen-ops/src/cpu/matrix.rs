//! Matrix products on parts of slices.

/// A matrix inside a slice: element (i, j) is `values[start + i · row + j · column]`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    start: usize,
    rows: usize,
    columns: usize,
    row: usize,
    column: usize,
}

impl<'a> Matrix<'a> {
    /// `rows × columns` numbers from `start`, `row` apart.
    ///
    /// # Panics
    /// If the last element lies outside of `values`.
    pub(crate) fn new(values: &'a [f32], start: usize, [rows, columns]: [usize; 2], row: usize) -> Self {
        assert!(rows > 0 && columns > 0, "an empty matrix has no product");
        assert!(start + (rows - 1) * row + columns <= values.len(), "the matrix lies inside its slice");
        Self { values, start, rows, columns, row, column: 1 }
    }

    /// The transpose, by exchanging strides.
    pub(crate) fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, row: self.column, column: self.row, ..self }
    }
}

/// `out[start + i · row + j] = Σₖ a[i, k] · b[k, j]` on one thread.
///
/// # Panics
/// If the inner sizes differ, or the product does not fit `out`.
#[allow(unsafe_code)]
pub(crate) fn multiply(out: &mut [f32], start: usize, row: usize, a: Matrix<'_>, b: Matrix<'_>) {
    assert_eq!(a.columns, b.rows, "inner sizes must agree");
    assert!(b.columns <= row, "rows of the product must not overlap");
    assert!(start + (a.rows - 1) * row + b.columns <= out.len(), "the product must fit");
    let [left, right] = [&a, &b].map(|matrix| matrix.values[matrix.start..].as_ptr());
    // SAFETY: `Matrix::new` checked that all elements of `a` and `b` lie inside their slices (a transpose has the same
    // ones), the assertions above that those of the product lie inside `out`, which is borrowed mutably and so overlaps
    // neither.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out[start..].as_mut_ptr(),
            1,
            row as isize,
            false,
            left,
            a.column as isize,
            a.row as isize,
            right,
            b.column as isize,
            b.row as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_wider_array_times_a_transpose() {
        // [[1, 2], [3, 4]] out of rows of three, times [[5, 6], [7, 8]]ᵀ, into the middle of rows of four.
        let a = [1.0, 2.0, 9.0, 3.0, 4.0, 9.0];
        let b = [5.0, 6.0, 7.0, 8.0];
        let mut out = [0.5; 8];
        let (a, b) = (Matrix::new(&a, 0, [2, 2], 3), Matrix::new(&b, 0, [2, 2], 2).transposed());
        multiply(&mut out, 1, 4, a, b);
        assert_eq!(out, [0.5, 17.0, 23.0, 0.5, 0.5, 39.0, 53.0, 0.5]);
    }
}
