//! How alike a predicted and a real frame are.

use burn::tensor::Tensor;
use serde::{Deserialize, Deserializer, Serialize};

/// What is meant by alike. In a recipe: `"dot_product"`, or `cosine = { temperature = 0.1 }`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FrameSimilarity {
    /// `p · f`, what QQ UniBERT trains with.
    DotProduct,
    /// `p · f / (‖p‖ ‖f‖ τ)`, which QQ UniBERT holds ready (τ 0.1) and no job of it uses.
    Cosine {
        /// τ, above 0.
        #[serde(deserialize_with = "above_zero")]
        temperature: f64,
    },
}

fn above_zero<'de, S: Deserializer<'de>>(source: S) -> Result<f64, S::Error> {
    let value = f64::deserialize(source)?;
    if value > 0.0 && value.is_finite() {
        return Ok(value);
    }
    Err(serde::de::Error::custom(format_args!("`temperature` is `{value}`, expected a finite number above 0")))
}

/// Each prediction against each frame: logits `[M, N]`.
pub fn similarity(
    predicted: Tensor<2>, // [M, D]
    frames: Tensor<2>,    // [N, D]
    measure: &FrameSimilarity,
) -> Tensor<2> {
    match measure {
        FrameSimilarity::DotProduct => predicted.matmul(frames.transpose()),
        FrameSimilarity::Cosine { temperature } => {
            unit_rows(predicted).matmul(unit_rows(frames).transpose()).div_scalar(*temperature)
        }
    }
}

/// `x / max(‖x‖, 1e-12)`, so that a row of zeros (a black frame) stays zeros. The bound is put on the square, where
/// its gradient is 0 and not 0 · ∞.
fn unit_rows(rows: Tensor<2>) -> Tensor<2> {
    let norms = rows.clone().square().sum_dim(1).clamp_min(1e-24).sqrt(); // [rows, 1]
    rows / norms
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    const COSINE: FrameSimilarity = FrameSimilarity::Cosine { temperature: 0.1 };

    fn similarities(measure: &FrameSimilarity) -> Vec<f32> {
        let device = Device::flex();
        let predicted = Tensor::from_floats([[3.0, 4.0]], &device);
        let frames = Tensor::from_floats([[2.0, 0.0], [0.0, -7.0], [0.0, 0.0]], &device);
        similarity(predicted, frames, measure).try_into_vec_as().unwrap()
    }

    #[test]
    fn raw_and_normalised() {
        assert_eq!(similarities(&FrameSimilarity::DotProduct), [6.0, -28.0, 0.0]);
        for (value, expected) in similarities(&COSINE).iter().zip([0.6 / 0.1, -0.8 / 0.1, 0.0]) {
            assert!((value - expected).abs() < 1e-5, "{value} is not {expected}");
        }
    }

    #[test]
    fn a_prediction_of_zeros_has_no_nan_gradient() {
        let device = Device::flex();
        let predicted = Tensor::<2>::zeros([1, 2], &device.clone().autodiff()).require_grad();
        let frames = Tensor::from_floats([[1.0, 0.0]], &device);
        let gradients = similarity(predicted.clone(), frames, &COSINE).sum().backward();
        let gradient: Vec<f32> = predicted.grad(&gradients).unwrap().try_into_vec_as().unwrap();
        assert!(gradient.iter().all(|g| g.is_finite()), "{gradient:?}");
    }

    #[test]
    fn recipe_spelling() {
        let read = |json: &str| serde_json::from_str::<FrameSimilarity>(json).map_err(|e| e.to_string());
        assert_eq!(read(r#""dot_product""#), Ok(FrameSimilarity::DotProduct));
        assert_eq!(read(r#"{"cosine": {"temperature": 0.1}}"#), Ok(COSINE));
        assert_eq!(serde_json::to_string(&COSINE).unwrap(), r#"{"cosine":{"temperature":0.1}}"#);
        assert!(read(r#"{"cosine": {"temperature": 0.1, "scale": 2}}"#).unwrap_err().contains("scale"));
        let refused = read(r#"{"cosine": {"temperature": 0}}"#).unwrap_err();
        assert!(refused.starts_with("`temperature` is `0`, expected a finite number above 0"), "{refused}");
    }
}
