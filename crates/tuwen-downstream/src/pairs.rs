//! How alike two clips are: the cosine of their embeddings is held to a label.
//!
//! `L = (1/B) Σᵦ (cos(aᵦ, bᵦ) − yᵦ)²`   QQ UniBERT's fine-tuning; y the rank of a pair among all, from 0 to 1

use burn::tensor::Tensor;

/// The shortest length that an embedding is divided by, as in PyTorch's `cosine_similarity`.
const SHORTEST: f64 = 1e-8;

/// `a · b / (|a| |b|)` row by row, `[B]`.
pub fn cosines(
    a: Tensor<2>, // [B, E]
    b: Tensor<2>, // [B, E]
) -> Tensor<1> {
    // The bound stands inside of the root, so that a row of zeros has a gradient.
    let length = |rows: &Tensor<2>| rows.clone().powi_scalar(2).sum_dim(1).clamp_min(SHORTEST * SHORTEST).sqrt();
    let lengths = length(&a) * length(&b);
    ((a * b).sum_dim(1) / lengths).squeeze_dim(1)
}

/// `(1/B) Σᵦ (cosineᵦ − labelᵦ)²`.
pub fn similarity_loss(
    cosines: Tensor<1>, // [B]
    labels: Tensor<1>,  // [B]
) -> Tensor<1> {
    (cosines - labels).powi_scalar(2).mean()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn a_third_a_right_angle_and_nothing() {
        let device = Device::flex().autodiff();
        let a = Tensor::<2>::from_floats([[3.0, 0.0], [0.0, 2.0], [0.0, 0.0]], &device).require_grad();
        let b = Tensor::from_floats([[5.0, 0.0], [1.0, 0.0], [1.0, 1.0]], &device);
        let cosines = cosines(a.clone(), b);
        let values: Vec<f32> = cosines.clone().try_into_vec_as().unwrap();
        assert_eq!(values, [1.0, 0.0, 0.0]);
        let loss = similarity_loss(cosines, Tensor::from_floats([0.5, 0.5, 0.0], &device));
        assert!((loss.clone().into_scalar::<f32>() - 0.5 / 3.0).abs() < 1e-6);
        let slopes: Vec<f32> = a.grad(&loss.backward()).unwrap().try_into_vec_as().unwrap();
        assert!(slopes.iter().all(|slope| slope.is_finite()), "{slopes:?}");
    }
}
