//! Cross-entropy over the vocabulary, at masked positions only.

use burn::tensor::{Int, Tensor};
use tuwen_ops::{cross_entropy, distilled_targets, soft_cross_entropy};

/// `−(1/M) Σₘ log softmax(logitsₘ)[labelsₘ]`.
pub fn mlm_loss(
    logits: Tensor<2>,      // [M, V]
    labels: Tensor<1, Int>, // [M]
) -> Tensor<1> {
    cross_entropy(logits, labels)
}

/// `(1−α)·CE + α·(−(1/M) Σₘ softmax(teacherₘ) · log softmax(logitsₘ))`, softmax over the vocabulary: ALBEF,
/// arXiv:2107.07651 §3.3. No gradient reaches the teacher. ALBEF's code took the student's over the sequence instead
/// until 2022-03, so its released weights were trained that way.
pub fn soft_mlm_loss(
    logits: Tensor<2>,         // [M, V]
    labels: Tensor<1, Int>,    // [M]
    teacher_logits: Tensor<2>, // [M, V]
    alpha: f64,
) -> Tensor<1> {
    soft_cross_entropy(logits, distilled_targets(labels, teacher_logits, alpha))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn one_masked_token_of_three_words() {
        let device = Device::flex();
        let logits = Tensor::from_floats([[2.0_f32.ln(), 0.0, 0.0]], &device); // odds 2 : 1 : 1
        for (label, expected) in [(0, 2.0_f32), (1, 4.0)] {
            let loss = mlm_loss(logits.clone(), Tensor::from_ints([label], &device)).into_scalar::<f32>();
            assert!((loss - expected.ln()).abs() < 1e-6, "{loss}");
        }
    }

    #[test]
    fn a_teacher_takes_its_share() {
        let device = Device::flex();
        let logits = || Tensor::<2>::from_floats([[2.0_f32.ln(), 0.0, 0.0], [0.0; 3]], &device); // 2 : 1 : 1, 1 : 1 : 1
        let teacher = || Tensor::from_floats([[0.0, 2.0_f32.ln(), 0.0], [9.0, 0.0, 0.0]], &device); // 1 : 2 : 1, sure
        let loss = |alpha| soft_mlm_loss(logits(), Tensor::from_ints([0, 1], &device), teacher(), alpha);
        let hard = (2.0_f32.ln() + 3.0_f32.ln()) / 2.0;
        let soft = (0.25 * 2.0_f32.ln() + 0.75 * 4.0_f32.ln() + 3.0_f32.ln()) / 2.0;
        for alpha in [0.0, 0.4, 1.0] {
            let (loss, expected) =
                (loss(alpha).into_scalar::<f32>(), (1.0 - alpha as f32) * hard + alpha as f32 * soft);
            assert!((loss - expected).abs() < 1e-6, "{alpha}: {loss} is not {expected}");
        }
    }

    #[test]
    fn the_teacher_learns_nothing() {
        let device = Device::flex().autodiff();
        let tensor = || Tensor::<2>::from_floats([[1.0, 2.0, 3.0]], &device).require_grad();
        let (student, teacher) = (tensor(), tensor());
        let loss = soft_mlm_loss(student.clone(), Tensor::from_ints([0], &device), teacher.clone(), 0.4);
        let gradients = loss.backward();
        assert!(student.grad(&gradients).is_some() && teacher.grad(&gradients).is_none());
    }

    fn assert_gradient(at: [[f32; 3]; 2], loss: impl Fn(Tensor<2>) -> Tensor<1>) {
        let device = Device::flex();
        let point = Tensor::<2>::from_floats(at, &device.clone().autodiff()).require_grad();
        let gradient = point.grad(&loss(point.clone()).backward()).unwrap();
        for (entry, gradient) in gradient.try_into_vec_as::<f32>().unwrap().into_iter().enumerate() {
            let value = |step: f32| {
                let mut moved = at;
                moved[entry / 3][entry % 3] += step;
                loss(Tensor::from_floats(moved, &device)).into_scalar::<f32>()
            };
            let difference = (value(1e-2) - value(-1e-2)) / 2e-2;
            assert!((gradient - difference).abs() < 1e-4, "entry {entry}: {gradient} is not {difference}");
        }
    }

    #[test]
    fn gradients_equal_central_differences() {
        let (device, at) = (Device::flex(), [[0.3, -1.2, 2.0], [0.0, 0.5, -0.7]]);
        let labels = || Tensor::from_ints([1, 2], &device);
        assert_gradient(at, |logits| mlm_loss(logits, labels()));
        let teacher = || Tensor::from_floats([[1.0, 0.0, -1.0], [0.2, 0.3, 0.4]], &device);
        assert_gradient(at, |logits| soft_mlm_loss(logits, labels(), teacher(), 0.4));
    }
}
