//! A class for each pair of picture and text: visual entailment (SNLI-VE, arXiv:1901.06706) has three, NLVR2 two.
//!
//! `L = −(1/B) Σᵦ log softmax(xᵦ)[cᵦ]`, `x = relu(h·W + b)·U + d`   ALBEF, arXiv:2107.07651, section 4

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, activation::relu};
use tuwen_ops::{Linear, cross_entropy, distilled_targets, soft_cross_entropy};

/// `relu(h · hidden) · output`, H to H to the classes (`cls_head` of ALBEF's fine-tuned checkpoints).
#[derive(Module, Debug)]
pub struct ClassHead {
    /// H to H.
    pub hidden: Linear,
    /// H to the classes.
    pub output: Linear,
}

impl ClassHead {
    /// A fresh head.
    pub fn init(hidden_size: usize, classes: usize, device: &Device) -> Self {
        Self {
            hidden: Linear::init(hidden_size, hidden_size, device),
            output: Linear::init(hidden_size, classes, device),
        }
    }

    /// Fused `[CLS]` states `[B, H]` to logits `[B, classes]`.
    pub fn forward(&self, states: Tensor<2>) -> Tensor<2> {
        self.output.forward(relu(self.hidden.forward(states)))
    }
}

/// `−(1/B) Σᵦ log softmax(xᵦ)[labelsᵦ]`.
pub fn class_loss(
    logits: Tensor<2>,      // [B, classes]
    labels: Tensor<1, Int>, // [B]
) -> Tensor<1> {
    cross_entropy(logits, labels)
}

/// `(1−α)·class_loss + α·(−(1/B) Σᵦ softmax(teacherᵦ) · log softmax(xᵦ))`. No gradient reaches the teacher.
pub fn soft_class_loss(
    logits: Tensor<2>,         // [B, classes]
    labels: Tensor<1, Int>,    // [B]
    teacher_logits: Tensor<2>, // [B, classes]
    alpha: f64,
) -> Tensor<1> {
    soft_cross_entropy(logits, distilled_targets(labels, teacher_logits, alpha))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Param;

    #[test]
    fn nothing_below_zero_passes() {
        let device = Device::flex();
        let linear = |weight: [[f32; 2]; 2]| Linear {
            weight: Param::from_tensor(Tensor::from_floats(weight, &device)),
            bias: Param::from_tensor(Tensor::zeros([2], &device)),
        };
        let head = ClassHead { hidden: linear([[1.0, -1.0], [0.0, 1.0]]), output: linear([[1.0, 0.0], [10.0, 1.0]]) };
        // Hidden (2, −2 + 1) → (2, 0); then (2, 0).
        let logits: Vec<f32> = head.forward(Tensor::from_floats([[2.0, 1.0]], &device)).try_into_vec_as().unwrap();
        assert_eq!(logits, [2.0, 0.0]);
    }

    #[test]
    fn a_teacher_takes_its_share() {
        let device = Device::flex();
        let logits = || Tensor::<2>::from_floats([[2.0_f32.ln(), 0.0, 0.0]], &device); // odds 2 : 1 : 1
        let teacher = Tensor::from_floats([[0.0, 0.0, 2.0_f32.ln()]], &device); // 1 : 1 : 2
        let label = || Tensor::from_ints([0], &device);
        let hard = class_loss(logits(), label()).into_scalar::<f32>();
        let soft = soft_class_loss(logits(), label(), teacher, 0.4).into_scalar::<f32>();
        assert!((hard - 2.0_f32.ln()).abs() < 1e-6);
        let expected = 0.6 * 2.0_f32.ln() + 0.4 * (0.25 * 2.0_f32.ln() + 0.75 * 4.0_f32.ln());
        assert!((soft - expected).abs() < 1e-6, "{soft} is not {expected}");
    }
}
