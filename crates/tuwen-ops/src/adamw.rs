//! One AdamW step of one parameter, in the two forms that the reference systems use.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::flex::{Operand, Owned, record};
use crate::kernels::adamw::{self as kernel, Numbers};
use crate::naive;

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
    /// What the gradient is multiplied by, 1 unless all gradients together are clipped.
    pub gradient_scale: f64,
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

impl AdamW {
    /// The step as `w ← (w·before − rate·m/(√v·root + ε))·after`.
    fn numbers(&self, step: u64) -> Numbers {
        let [correction1, correction2] = self.betas.map(|beta| 1.0 - beta.powf(step as f64));
        let kept = (1.0 - self.learning_rate * self.weight_decay) as f32;
        let rate = self.learning_rate / correction1;
        let (kept, rate, root) = match self.form {
            AdamWForm::Torch => ([kept, 1.0], rate, 1.0 / correction2.sqrt()),
            AdamWForm::Transformers => ([1.0, kept], rate * correction2.sqrt(), 1.0),
        };
        let [first, second] = self.betas.map(|beta| [beta as f32, (1.0 - beta) as f32]);
        let [rate, root, epsilon, gradient] =
            [rate, root, self.epsilon, self.gradient_scale].map(|number| number as f32);
        Numbers { first, second, kept, rate, root, epsilon, gradient }
    }
}

/// The weight and its moments after step `step` (from 1). All tensors are outside of autodiff. Where nobody else holds
/// the weight and the moments, they are changed in place.
pub fn adamw_step<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    moments: Moments<D>,
    step: u64,
    options: &AdamW,
) -> (Tensor<D>, Moments<D>) {
    let owned = [&weight, &moments.first, &moments.second];
    let fits = owned.iter().all(|tensor| tensor.dims() == gradient.dims() && Owned::fits(tensor));
    let Some(gradient) = Operand::of(&gradient).filter(|_| fits) else {
        return naive::adamw_step(weight, gradient, moments, step, options);
    };
    let [mut weight, mut first, mut second] = [weight, moments.first, moments.second].map(Owned::take);
    kernel::step(weight.values(), &gradient.values, first.values(), second.values(), options.numbers(step));
    (weight.into_tensor(), Moments { first: first.into_tensor(), second: second.into_tensor() })
}

/// `Σ x²`, as a gradient's norm needs it; no gradient passes.
pub fn sum_of_squares<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let tensor = tensor.inner();
    let Some(x) = Operand::of(&tensor) else { return naive::sum_of_squares(tensor) };
    record([&x], vec![kernel::sum_of_squares(&x.values)], [1], |_, _| [None])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_same_results};
    use burn::tensor::Device;

    fn numbers(form: AdamWForm, betas: [f64; 2]) -> AdamW {
        AdamW { form, learning_rate: 0.1, betas, epsilon: 1e-6, weight_decay: 0.1, gradient_scale: 1.0 }
    }

    fn two_steps(form: AdamWForm) -> f32 {
        let device = Device::flex();
        // Clipping halves gradients of 2 and −4.
        let options = AdamW { epsilon: 0.1, weight_decay: 0.5, gradient_scale: 0.5, ..numbers(form, [0.9, 0.99]) };
        let mut weight = Tensor::<1>::from_floats([2.0], &device);
        let mut moments = Moments::zeros(&weight);
        for (step, gradient) in [(1, 2.0), (2, -4.0)] {
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

    #[test]
    fn steps_agree_with_the_composition_on_any_number_of_threads() {
        type Step = fn(Tensor<1>, Tensor<1>, Moments<1>, u64, &AdamW) -> (Tensor<1>, Moments<1>);
        for form in [AdamWForm::Torch, AdamWForm::Transformers] {
            let options = AdamW { gradient_scale: 0.3, ..numbers(form, [0.9, 0.999]) };
            let run = |x: &[Input], step: Step| {
                let [weight, gradient, first, second] = [0, 1, 2, 3].map(|input| x[input].tensor::<1>());
                let (weight, moments) = step(weight, gradient.clone(), Moments { first, second }, 1, &options);
                let (weight, moments) = step(weight, gradient, moments, 2, &options);
                [weight, moments.first, moments.second].map(|tensor| tensor.try_into_vec_as().unwrap()).to_vec()
            };
            for length in [1, 17, 40_001] {
                let [weight, gradient, first] = [1.0, 2.0, 0.5].map(|deviation| Input::normal(&[length], deviation));
                let inputs = [weight, gradient, first, Input::magnitudes(&[length], 0.5)];
                assert_same_results(&inputs, |x| run(x, adamw_step), |x| run(x, naive::adamw_step));
            }
        }
    }

    #[test]
    fn the_weight_moves_in_place_unless_somebody_else_holds_it() {
        let options = numbers(AdamWForm::Torch, [0.9, 0.999]);
        let normal = |length: usize| Input::normal(&[length], 1.0).tensor::<1>();
        let values = |tensor: &Tensor<1>| tensor.clone().try_into_vec_as::<f32>().unwrap();
        let address = |tensor: &Tensor<1>| Operand::of(tensor).map(|operand| operand.values.as_ptr());
        let weight = normal(100);
        let (before, moments) = (address(&weight), Moments::zeros(&weight));
        let (weight, moments) = adamw_step(weight, normal(100), moments, 1, &options);
        assert_eq!(address(&weight), before);
        let (held, kept) = (weight.clone(), values(&weight));
        let (weight, _) = adamw_step(weight, normal(100), moments, 2, &options);
        assert_eq!(values(&held), kept);
        assert_ne!(values(&weight), kept);
    }

    #[test]
    fn squares_add_up() {
        let square = |tensor: Tensor<1>| sum_of_squares(tensor).into_scalar::<f32>();
        assert_eq!(square(Tensor::from_floats([3.0, -4.0], &Device::flex().autodiff())), 25.0);
        for length in [1, 17, 40_001] {
            let run = |x: &[Input], squares: fn(Tensor<1>) -> Tensor<1>| {
                vec![squares(x[0].tensor()).try_into_vec_as().unwrap()]
            };
            let inputs = [Input::normal(&[length], 1.0)];
            assert_same_results(&inputs, |x| run(x, sum_of_squares), |x| run(x, naive::sum_of_squares));
        }
    }
}
