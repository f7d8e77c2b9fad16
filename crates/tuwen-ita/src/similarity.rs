//! How alike each feature of one side is to each of the other.

use burn::tensor::Tensor;

/// `student · keysᵀ / τ`, `[B, K]`. `keys` may be outside of autodiff while the others are inside; they are constants
/// then. The gradient reaches τ.
pub fn similarities(
    student: Tensor<2>,     // [B, E]
    keys: Tensor<2>,        // [K, E]
    temperature: Tensor<1>, // [1]
) -> Tensor<2> {
    student.matmul(keys.transpose()) / temperature.unsqueeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::differences::assert_gradient;
    use burn::tensor::Device;

    #[test]
    fn products_over_the_temperature() {
        let device = Device::flex();
        let student = Tensor::from_floats([[1.0, 0.0], [0.6, 0.8]], &device);
        let keys = Tensor::from_floats([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], &device);
        let values = similarities(student, keys, Tensor::from_floats([0.5], &device));
        let expected = Tensor::<2>::from_floats([[2.0, 0.0, -2.0], [1.2, 1.6, -1.2]], &device);
        assert!(values.all_close(expected, None, Some(1e-6)));
    }

    #[test]
    fn a_student_inside_of_autodiff_meets_keys_outside() {
        let device = Device::flex();
        let keys = Tensor::<2>::from_floats([[0.5, 1.0], [-1.0, 0.2], [0.3, 0.3]], &device);
        let weights = Tensor::<2>::from_floats([[1.0, -2.0, 0.5], [0.3, 0.7, -1.0]], &device);
        assert_gradient(&[0.4, -0.6, 1.0, 0.2], |point| {
            let temperature = Tensor::from_floats([0.7], &Device::flex());
            (similarities(point.reshape([2, 2]), keys.clone(), temperature) * weights.clone()).sum()
        });
        let student = Tensor::<2>::from_floats([[0.4, -0.6], [1.0, 0.2]], &device);
        assert_gradient(&[0.7], |temperature| {
            (similarities(student.clone(), keys.clone(), temperature) * weights.clone()).sum()
        });
    }
}
