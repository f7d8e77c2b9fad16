//! Gradients against central differences, for the tests of every loss.

use burn::tensor::{Device, Tensor, TensorData};

/// Holds the gradient of `value` at a point of these numbers to `(f(x+h) − f(x−h)) / 2h`.
pub(crate) fn assert_gradient(at: &[f32], value: impl Fn(Tensor<1>) -> Tensor<1>) {
    let tensor = |values: &[f32], device: &Device| {
        Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
    };
    let point = tensor(at, &Device::flex().autodiff()).require_grad();
    let gradient = point.grad(&value(point.clone()).backward()).unwrap();
    for (entry, gradient) in gradient.try_into_vec_as::<f32>().unwrap().into_iter().enumerate() {
        let moved = |step: f32| {
            let mut moved = at.to_vec();
            moved[entry] += step;
            value(tensor(&moved, &Device::flex())).into_scalar::<f32>()
        };
        let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2;
        assert!((gradient - difference).abs() < 2e-3, "entry {entry}: {gradient} is not {difference}");
    }
}
