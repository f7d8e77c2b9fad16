//! One AdamW step of one parameter, in the two forms that the reference systems use.

use burn::backend::Flex;
use burn::tensor::{DType, Tensor};
use serde::{Deserialize, Serialize};

use crate::cpu::elementwise::{self, Coefficients};

/// Which of the two published implementations is followed. They differ by when the decay comes and by what ε is added
/// to (at step 1 the second ε weighs 32 times more).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdamWForm {
    /// `torch.optim.AdamW`: `w ← w·(1−lr·wd)`, then `w ← w − lr·m̂/(√v̂+ε)` (arXiv:1711.05101, algorithm 2).
    Torch,
    /// `transformers.AdamW`, the seed's: `w ← w − lr·√(1−β₂ᵗ)/(1−β₁ᵗ)·m/(√v+ε)`, then `w ← w·(1−lr·wd)`.
    Transformers,
}

/// The numbers of one step.
#[derive(Clone, Copy, Debug)]
pub struct AdamW {
    /// Which implementation.
    pub form: AdamWForm,
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// Decay of the running means of the gradient and its square.
    pub betas: [f64; 2],
    /// ε.
    pub epsilon: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
}

/// The running means of a parameter's gradient and of its square, both the parameter's shape.
#[derive(Clone, Debug)]
pub struct Moments<const D: usize> {
    /// m.
    pub first: Tensor<D>,
    /// v.
    pub second: Tensor<D>,
}

impl<const D: usize> Moments<D> {
    /// Zeros of the parameter's shape, before its first step.
    pub fn zeros(weight: &Tensor<D>) -> Self {
        Self { first: weight.zeros_like(), second: weight.zeros_like() }
    }
}

/// The weight and its moments after step `step` (from 1). All tensors are outside of autodiff. On the embedded CPU
/// backend it is one pass, in place where nobody else holds the buffers.
pub fn adamw_step<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    moments: Moments<D>,
    step: u64,
    options: &AdamW,
) -> (Tensor<D>, Moments<D>) {
    let flex = |tensor: &Tensor<D>| tensor.dtype() == DType::F32 && tensor.clone().try_into_primitive::<Flex>().is_ok();
    if ![&weight, &gradient, &moments.first, &moments.second].into_iter().all(flex) {
        return adamw_step_naive(weight, gradient, moments, step, options);
    }
    let primitive = |tensor: Tensor<D>| tensor.try_into_primitive::<Flex>().map(|tensor| tensor.to_contiguous());
    let parts = (primitive(weight), primitive(gradient), primitive(moments.first), primitive(moments.second));
    let (Ok(mut weight), Ok(gradient), Ok(mut first), Ok(mut second)) = parts else {
        unreachable!("the four were just seen to be on this backend")
    };
    let Some(gradient) = gradient.as_slice::<f32>() else { unreachable!("it was just made contiguous") };
    let coefficients = Coefficients::of(options, step);
    let (w, m, v) = (weight.storage_mut(), first.storage_mut(), second.storage_mut());
    elementwise::adamw(w, gradient, m, v, &coefficients);
    let [weight, first, second] = [weight, first, second].map(Tensor::from_primitive::<Flex>);
    (weight, Moments { first, second })
}

/// The composition of Burn's operations: what other devices compute, and what the kernel is held to.
pub fn adamw_step_naive<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    moments: Moments<D>,
    step: u64,
    options: &AdamW,
) -> (Tensor<D>, Moments<D>) {
    let [beta1, beta2] = options.betas;
    let (correction1, correction2) = (1.0 - beta1.powf(step as f64), 1.0 - beta2.powf(step as f64));
    let first = moments.first.mul_scalar(beta1) + gradient.clone().mul_scalar(1.0 - beta1);
    let second = moments.second.mul_scalar(beta2) + gradient.clone().mul(gradient).mul_scalar(1.0 - beta2);
    let (rate, kept) = (options.learning_rate, 1.0 - options.learning_rate * options.weight_decay);
    let root = second.clone().sqrt();
    let weight = match options.form {
        AdamWForm::Torch => {
            let divisor = root.div_scalar(correction2.sqrt()).add_scalar(options.epsilon);
            weight.mul_scalar(kept) - first.clone().div(divisor).mul_scalar(rate / correction1)
        }
        AdamWForm::Transformers => {
            let divisor = root.add_scalar(options.epsilon);
            let rate = rate * correction2.sqrt() / correction1;
            (weight - first.clone().div(divisor).mul_scalar(rate)).mul_scalar(kept)
        }
    };
    (weight, Moments { first, second })
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn two_steps(form: AdamWForm) -> f32 {
        let device = Device::flex();
        let options = AdamW { form, learning_rate: 0.1, betas: [0.9, 0.99], epsilon: 0.1, weight_decay: 0.5 };
        let mut weight = Tensor::<1>::from_floats([2.0], &device);
        let mut moments = Moments::zeros(&weight);
        for (step, gradient) in [(1, 1.0), (2, -2.0)] {
            (weight, moments) = adamw_step(weight, Tensor::from_floats([gradient], &device), moments, step, &options);
        }
        weight.into_scalar()
    }

    #[test]
    fn torch_form_by_hand() {
        // t=1: m̂ = 1, v̂ = 1.        w = 2·0.95 − 0.1·1/(1+0.1)
        let w: f64 = 2.0 * 0.95 - 0.1 / 1.1;
        // t=2: m = 0.09 − 0.2, v = 0.0099 + 0.04
        let (m, v): (f64, f64) = ((0.09 - 0.2) / 0.19, (0.0099 + 0.04) / 0.0199);
        let w = w * 0.95 - 0.1 * m / (v.sqrt() + 0.1);
        assert!((f64::from(two_steps(AdamWForm::Torch)) - w).abs() < 1e-6);
    }

    #[test]
    fn transformers_form_by_hand() {
        // t=1: m = 0.1, v = 0.01, √v = 0.1
        let w: f64 = (2.0 - 0.1 * 0.1 / 0.1 * 0.1 / (0.1 + 0.1)) * 0.95;
        let (m, v): (f64, f64) = (0.09 - 0.2, 0.0099 + 0.04);
        let w = (w - 0.1 * 0.0199_f64.sqrt() / 0.19 * m / (v.sqrt() + 0.1)) * 0.95;
        assert!((f64::from(two_steps(AdamWForm::Transformers)) - w).abs() < 1e-6);
    }
}
