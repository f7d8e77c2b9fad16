//! `y = x · W + b` and its three gradients.

use super::buffer::unfilled;
use super::maths::add_to;
use super::matrix::{Matrix, MatrixMut, Place, multiply_parallel, transpose};
use super::parallel::{each, rows_per_block, sum_in_order};
use super::vectorised;

/// Rows from which on copying the weight transposed costs less than multiplying by its transposed view.
const ROWS_WORTH_A_TRANSPOSE: usize = 256;

/// `[rows, inputs] · [inputs, outputs] + [outputs]`.
pub(crate) fn forward(input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    let outputs = bias.len();
    product_and_bias(input, weight.len() / outputs, Matrix::new(weight, outputs, outputs), bias)
}

/// The rows of `input` times `right`, plus the bias, which is laid out first and the product added to it.
fn product_and_bias(input: &[f32], inputs: usize, right: Matrix<'_>, bias: &[f32]) -> Vec<f32> {
    let outputs = bias.len();
    let mut output = unfilled(input.len() / inputs * outputs);
    each(output.chunks_mut(rows_per_block(outputs) * outputs), |block| {
        block.chunks_exact_mut(outputs).for_each(|row| row.copy_from_slice(bias));
    });
    let left = Matrix::new(input, inputs, inputs);
    multiply_parallel(left, right, MatrixMut::new(&mut output, outputs), Place::Added);
    output
}

/// `residual + input · weight + bias`, in one place.
pub(crate) fn forward_onto(residual: &[f32], input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    let outputs = bias.len();
    let inputs = weight.len() / outputs;
    let mut output = unfilled(residual.len());
    let block = rows_per_block(outputs) * outputs;
    each(output.chunks_mut(block).zip(residual.chunks(block)), |(output, residual)| {
        add_bias_block(residual, bias, output);
    });
    let (left, right) = (Matrix::new(input, inputs, inputs), Matrix::new(weight, outputs, outputs));
    multiply_parallel(left, right, MatrixMut::new(&mut output, outputs), Place::Added);
    output
}

vectorised! {
    fn add_bias_block(values: &[f32], bias: &[f32], output: &mut [f32]) {
        for (row, output) in values.chunks_exact(bias.len()).zip(output.chunks_exact_mut(bias.len())) {
            for ((sum, value), bias) in output.iter_mut().zip(row).zip(bias) {
                *sum = value + bias;
            }
        }
    }
}

/// `[rows, inputs] · [outputs, inputs]ᵀ + [outputs]`.
pub(crate) fn forward_transposed(input: &[f32], table: &[f32], bias: &[f32]) -> Vec<f32> {
    let inputs = table.len() / bias.len();
    product_and_bias(input, inputs, Matrix::new(table, inputs, inputs).transposed(), bias)
}

/// The gradients of input, table and bias of [`forward_transposed`], each if `needed`.
pub(crate) fn gradients_transposed(
    input: &[f32],
    table: &[f32],
    outputs: usize,
    gradient: &[f32],
    needed: [bool; 3],
) -> [Option<Vec<f32>>; 3] {
    let (rows, inputs) = (gradient.len() / outputs, table.len() / outputs);
    let product = |left, right, count| {
        let mut output = unfilled(count * inputs);
        multiply_parallel(left, right, MatrixMut::new(&mut output, inputs), Place::Fresh);
        output
    };
    let (g, x, t) = (
        Matrix::new(gradient, outputs, outputs),
        Matrix::new(input, inputs, inputs),
        Matrix::new(table, inputs, inputs),
    );
    [
        needed[0].then(|| product(g, t, rows)),
        needed[1].then(|| product(g.transposed(), x, outputs)),
        needed[2].then(|| column_sums(gradient, outputs)),
    ]
}

/// `g · Wᵀ`.
fn input_gradient(gradient: &[f32], weight: &[f32], outputs: usize) -> Vec<f32> {
    let (rows, inputs) = (gradient.len() / outputs, weight.len() / outputs);
    let mut output = unfilled(rows * inputs);
    let (left, place) = (Matrix::new(gradient, outputs, outputs), MatrixMut::new(&mut output, inputs));
    if rows >= ROWS_WORTH_A_TRANSPOSE {
        let transposed = transpose(weight, outputs);
        multiply_parallel(left, Matrix::new(&transposed, inputs, inputs), place, Place::Fresh);
    } else {
        multiply_parallel(left, Matrix::new(weight, outputs, outputs).transposed(), place, Place::Fresh);
    }
    output
}

/// `xᵀ · g`.
fn weight_gradient(input: &[f32], gradient: &[f32], outputs: usize) -> Vec<f32> {
    let inputs = input.len() / (gradient.len() / outputs);
    let mut output = unfilled(inputs * outputs);
    let (left, right) = (Matrix::new(input, inputs, inputs).transposed(), Matrix::new(gradient, outputs, outputs));
    multiply_parallel(left, right, MatrixMut::new(&mut output, outputs), Place::Fresh);
    output
}

vectorised! {
    fn column_sums_block(values: &[f32], sums: &mut [f32]) {
        for row in values.chunks_exact(sums.len()) {
            add_to(sums, row);
        }
    }
}

/// The sum of each of `columns` columns.
fn column_sums(values: &[f32], columns: usize) -> Vec<f32> {
    let parts = each(values.chunks(rows_per_block(columns) * columns), |block| {
        let mut sums = vec![0.0; columns];
        column_sums_block(block, &mut sums);
        sums
    });
    sum_in_order(parts)
}

/// The gradients of input, weight and bias, each if `needed`.
pub(crate) fn gradients(
    input: &[f32],
    weight: &[f32],
    outputs: usize,
    gradient: &[f32],
    needed: [bool; 3],
) -> [Option<Vec<f32>>; 3] {
    [
        needed[0].then(|| input_gradient(gradient, weight, outputs)),
        needed[1].then(|| weight_gradient(input, gradient, outputs)),
        needed[2].then(|| column_sums(gradient, outputs)),
    ]
}
