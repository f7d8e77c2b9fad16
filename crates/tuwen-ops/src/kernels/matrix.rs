//! Matrix products over strided views, on the `gemm` crate.

use std::marker::PhantomData;
use std::ops::Range;

use super::buffer::unfilled;
use super::parallel::{each, rows_per_block};
use super::vectorised;

/// A matrix to read: `rows × columns` numbers at strides inside a slice.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    strides: [usize; 2],
}

impl<'a> Matrix<'a> {
    /// Rows of `columns` numbers, `stride` apart; as many as `values` holds.
    pub(crate) fn new(values: &'a [f32], columns: usize, stride: usize) -> Self {
        assert!(0 < columns && columns <= stride && columns <= values.len(), "a row must fit");
        let rows = (values.len() - columns) / stride + 1;
        Self { values, rows, columns, strides: [stride, 1] }
    }

    /// Rows and columns changed places; nothing moves.
    pub(crate) fn transposed(self) -> Self {
        let Self { values, rows, columns, strides: [down, across] } = self;
        Self { values, rows: columns, columns: rows, strides: [across, down] }
    }

    /// Some of the rows.
    pub(crate) fn rows(self, range: Range<usize>) -> Self {
        assert!(range.start < range.end && range.end <= self.rows, "rows must be there");
        Self { values: &self.values[range.start * self.strides[0]..], rows: range.len(), ..self }
    }

    /// Some of the columns.
    pub(crate) fn columns(self, range: Range<usize>) -> Self {
        self.transposed().rows(range).transposed()
    }
}

/// A matrix to write, its rows contiguous and `stride` apart. Parts of it that don't overlap can go to different
/// threads.
pub(crate) struct MatrixMut<'a> {
    start: *mut f32,
    rows: usize,
    columns: usize,
    stride: usize,
    lifetime: PhantomData<&'a mut [f32]>,
}

// SAFETY: it is a mutable borrow of the numbers in its rows and of nothing else, and `f32` is `Send`.
#[allow(unsafe_code)]
unsafe impl Send for MatrixMut<'_> {}

impl<'a> MatrixMut<'a> {
    /// Rows of `columns` numbers without gaps.
    pub(crate) fn new(values: &'a mut [f32], columns: usize) -> Self {
        assert!(columns > 0 && values.len().is_multiple_of(columns), "whole rows only");
        let rows = values.len() / columns;
        Self { start: values.as_mut_ptr(), rows, columns, stride: columns, lifetime: PhantomData }
    }

    /// The matrix cut into parts of `width` columns; the last may be narrower.
    #[allow(unsafe_code)]
    pub(crate) fn column_parts(self, width: usize) -> impl Iterator<Item = MatrixMut<'a>> {
        (0..self.columns).step_by(width).map(move |column| MatrixMut {
            // SAFETY: `column` lies in the first row. Each column goes to one part only, and `self` is used up.
            start: unsafe { self.start.add(column) },
            columns: width.min(self.columns - column),
            ..self
        })
    }

    /// The matrix cut into parts of `height` rows; the last may be lower.
    #[allow(unsafe_code)]
    pub(crate) fn row_parts(self, height: usize) -> impl Iterator<Item = MatrixMut<'a>> {
        (0..self.rows).step_by(height).map(move |row| MatrixMut {
            // SAFETY: `row` exists. Each row goes to one part only, and `self` is used up.
            start: unsafe { self.start.add(row * self.stride) },
            rows: height.min(self.rows - row),
            ..self
        })
    }
}

/// What a product does to what is in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Overwrites it.
    Fresh,
    /// Is added to it.
    Added,
}

/// `output = left · right`, or `+=`, on the calling thread.
#[allow(unsafe_code)]
pub(crate) fn multiply(left: Matrix<'_>, right: Matrix<'_>, output: &mut MatrixMut<'_>, place: Place) {
    let (m, n, k) = (left.rows, right.columns, left.columns);
    assert!(k == right.rows && m == output.rows && n == output.columns, "shapes of a product");
    let [[left_row, left_column], [right_row, right_column]] = [left.strides, right.strides].map(|s| s.map(signed));
    // SAFETY: a `Matrix` holds all its rows and columns inside its slice, a `MatrixMut` those of its borrow, nothing
    // else writes there meanwhile, and the shapes were compared above.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            output.start,
            1,
            signed(output.stride),
            place == Place::Added,
            left.values.as_ptr(),
            left_column,
            left_row,
            right.values.as_ptr(),
            right_column,
            right_row,
            1.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

fn signed(stride: usize) -> isize {
    stride as isize // A slice is at most `isize::MAX` bytes long.
}

/// As [`multiply`], its longer side cut into up to 8 parts of 2¹⁹ multiplications, some 10 µs, at least. The number of
/// parts is a power of two, which two or four threads share evenly.
pub(crate) fn multiply_parallel(left: Matrix<'_>, right: Matrix<'_>, output: MatrixMut<'_>, place: Place) {
    let (rows, columns) = (output.rows, output.columns);
    let parts = ((rows * columns * left.columns) >> 20).next_power_of_two().min(8);
    if columns > rows {
        let width = columns.div_ceil(parts).next_multiple_of(64);
        each(output.column_parts(width).enumerate(), |(part, mut output)| {
            let range = part * width..part * width + output.columns;
            multiply(left, right.columns(range), &mut output, place);
        });
    } else {
        let height = rows.div_ceil(parts).next_multiple_of(24);
        each(output.row_parts(height).enumerate(), |(part, mut output)| {
            let range = part * height..part * height + output.rows;
            multiply(left.rows(range), right, &mut output, place);
        });
    }
}

vectorised! {
    /// `output[c, r] = input[r, c]` for the rows of one part of the output, tile by tile.
    fn transpose_part(input: &[f32], columns: usize, first: usize, output: &mut [f32]) {
        const TILE: usize = 16;
        let rows = input.len() / columns;
        let parts = output.len() / rows;
        for column in (0..parts).step_by(TILE) {
            for row in (0..rows).step_by(TILE) {
                for c in column..(column + TILE).min(parts) {
                    let target = &mut output[c * rows + row..c * rows + (row + TILE).min(rows)];
                    for (r, value) in target.iter_mut().enumerate() {
                        *value = input[(row + r) * columns + first + c];
                    }
                }
            }
        }
    }
}

/// Rows of `columns` numbers, copied so that the columns come first.
pub(crate) fn transpose(input: &[f32], columns: usize) -> Vec<f32> {
    let rows = input.len() / columns;
    let mut output = unfilled(input.len());
    let block = rows_per_block(rows);
    each(output.chunks_mut(block * rows).enumerate(), |(part, output)| {
        transpose_part(input, columns, part * block, output);
    });
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|i| (i * 37 % 11) as f32 - 5.0).collect()
    }

    #[test]
    fn products_of_views_by_hand() {
        // [1 2; 3 4] in rows of 3, times its own transpose: [5 11; 11 25].
        let values = [1.0, 2.0, 0.0, 3.0, 4.0, 0.0];
        let matrix = Matrix::new(&values, 2, 3);
        let mut output = [100.0; 4];
        multiply(matrix, matrix.transposed(), &mut MatrixMut::new(&mut output, 2), Place::Fresh);
        assert_eq!(output, [5.0, 11.0, 11.0, 25.0]);
        multiply(matrix, matrix.transposed(), &mut MatrixMut::new(&mut output, 2), Place::Added);
        assert_eq!(output, [10.0, 22.0, 22.0, 50.0]);
    }

    #[test]
    fn cut_products_are_whole() {
        // Small whole numbers: exact in any order. Both cuts, and sizes that no part divides.
        for (m, n, k) in [(517, 131, 130), (131, 517, 130), (1, 3, 2), (300, 300, 99)] {
            let (left, right) = (numbers(m * k), numbers(k * n));
            let mut output = vec![f32::NAN; m * n];
            let views = (Matrix::new(&left, k, k), Matrix::new(&right, n, n));
            multiply_parallel(views.0, views.1, MatrixMut::new(&mut output, n), Place::Fresh);
            for (i, value) in output.iter().enumerate().step_by(61) {
                let expected: f32 = (0..k).map(|j| left[i / n * k + j] * right[j * n + i % n]).sum();
                assert_eq!(*value, expected);
            }
        }
    }

    #[test]
    fn transposing_moves_rows_to_columns() {
        for (rows, columns) in [(1, 5), (17, 40), (300, 129)] {
            let input = numbers(rows * columns);
            let output = transpose(&input, columns);
            assert!((0..input.len()).all(|i| output[i % columns * rows + i / columns] == input[i]));
        }
    }
}
