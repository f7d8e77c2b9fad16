//! One Lion step of one parameter.

use burn::tensor::Tensor;

use crate::flex::{Operand, Owned};
use crate::kernels::lion::{self as kernel, Numbers};
use crate::naive;

/// The numbers of one step.
#[derive(Clone, Copy, Debug)]
pub struct Lion {
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// How much of the momentum counts in the direction, and how much of it is kept.
    pub betas: [f64; 2],
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// What the gradient is multiplied by, 1 unless all gradients together are clipped.
    pub gradient_scale: f64,
}

/// The weight and its momentum after a step: `w ← w·(1−lr·wd) − lr·sign(β₁·m + (1−β₁)·g)`, then `m ← β₂·m + (1−β₂)·g`
/// (arXiv:2302.06675, algorithm 2). All tensors are outside of autodiff; those nobody else holds are changed in place.
pub fn lion_step<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    momentum: Tensor<D>,
    options: &Lion,
) -> (Tensor<D>, Tensor<D>) {
    let fits = [&weight, &momentum].iter().all(|tensor| tensor.dims() == gradient.dims() && Owned::fits(tensor));
    let Some(gradient) = Operand::of(&gradient).filter(|_| fits) else {
        return naive::lion_step(weight, gradient, momentum, options);
    };
    let [mut weight, mut momentum] = [weight, momentum].map(Owned::take);
    let [direction, kept] = options.betas.map(|beta| [beta as f32, (1.0 - beta) as f32]);
    let rate = options.learning_rate as f32;
    let left = (1.0 - options.learning_rate * options.weight_decay) as f32;
    let numbers = Numbers { direction, kept, left, rate, gradient: options.gradient_scale as f32 };
    kernel::step(weight.values(), &gradient.values, momentum.values(), numbers);
    (weight.into_tensor(), momentum.into_tensor())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Input, assert_same_results};
    use burn::tensor::Device;

    const OPTIONS: Lion = Lion { learning_rate: 0.1, betas: [0.5, 0.75], weight_decay: 0.5, gradient_scale: 1.0 };

    #[test]
    fn two_steps_by_hand() {
        let floats = |values: [f32; 3]| Tensor::<1>::from_floats(values, &Device::flex());
        let weight = floats([2.0, 2.0, 2.0]);
        let (weight, momentum) = lion_step(weight.clone(), floats([4.0, -1.0, 0.0]), weight.zeros_like(), &OPTIONS);
        // 2·(1 − 0.1·0.5) = 1.9, a step of 0.1 against the sign, none where it is 0; m = 0.25·g.
        let (weight, _) = lion_step(weight, floats([-0.5, 4.0, 0.0]), momentum, &OPTIONS);
        // β₁·m + (1−β₁)·g: 0.5·1 − 0.25 > 0, −0.125 + 2 > 0, 0.
        let expected = [1.8 * 0.95 - 0.1, 2.0 * 0.95 - 0.1, 1.9 * 0.95];
        let found: Vec<f32> = weight.try_into_vec_as().unwrap();
        assert!(found.iter().zip(expected).all(|(a, b): (_, f32)| (a - b).abs() < 1e-6), "{found:?}");
    }

    #[test]
    fn steps_agree_with_the_composition_on_any_number_of_threads() {
        type Step = fn(Tensor<1>, Tensor<1>, Tensor<1>, &Lion) -> (Tensor<1>, Tensor<1>);
        let run = |x: &[Input], step: Step| {
            let [weight, gradient, momentum] = [0, 1, 2].map(|input| x[input].tensor::<1>());
            let (weight, momentum) = step(weight, gradient, momentum, &Lion { gradient_scale: 0.25, ..OPTIONS });
            [weight, momentum].map(|tensor| tensor.try_into_vec_as().unwrap()).to_vec()
        };
        for length in [1, 17, 40_001] {
            let inputs = [1.0, 2.0, 0.5].map(|deviation| Input::normal(&[length], deviation));
            assert_same_results(&inputs, |x| run(x, lion_step), |x| run(x, naive::lion_step));
        }
    }
}
