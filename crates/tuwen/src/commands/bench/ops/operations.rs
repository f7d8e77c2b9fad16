//! The operations with their inputs: numbers that both sides make by the same rule.

use std::cell::Cell;

use burn::module::Param;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use tuwen_ops::{
    AdamW, AdamWForm, Dropout, Embedding, LayerNorm, Linear, Moments, adamw_step, attention, cross_entropy, embed,
    linear_gelu, naive, residual_norm, self_attention, soft_cross_entropy, tied_linear,
};

use crate::commands::CommandError;

const BATCH: usize = 8;
const TOKENS: usize = 64;
const PATCHES: usize = 197;
const HIDDEN: usize = 256;
const INNER: usize = 1024;
const HEADS: usize = 4;
const WORDS: usize = 8192;
const MASKED: usize = 80;

/// Which of our two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The kernel.
    Fused,
    /// Burn's operations one after the other.
    Composed,
}

/// An operation on fixed inputs.
pub(super) struct Operation {
    /// In the Python script.
    pub(super) name: &'static str,
    /// In the table.
    pub(super) what: &'static str,
    /// The result's sum, and the sum of the magnitudes of its first gradient.
    pass: Box<dyn Fn(Way) -> [Tensor<1>; 2]>,
    /// What is timed, if that is not the pass.
    timed: Option<Box<dyn Fn(Way)>>,
}

impl Operation {
    /// Once forward and backward.
    pub(super) fn run(&self, way: Way) {
        match &self.timed {
            Some(timed) => timed(way),
            None => drop((self.pass)(way)),
        }
    }

    /// Two numbers that tell whether two ways do the same.
    pub(super) fn probe(&self, way: Way) -> Result<[f64; 2], CommandError> {
        let [result, gradient] = (self.pass)(way).map(|number| number.into_data().iter::<f64>().next());
        Ok([result.ok_or("no result")?, gradient.ok_or("no gradient")?])
    }
}

/// Numbers between −1 and 1; the rule is the Python script's too.
fn numbers<const D: usize>(dims: [usize; D], seed: usize) -> Tensor<D> {
    let count: usize = dims.iter().product();
    let values: Vec<f32> = (0..count).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f32 / 504.5 - 1.0).collect();
    Tensor::from_data(TensorData::new(values, dims), &Device::flex())
}

fn ids<const D: usize>(dims: [usize; D], below: usize) -> Tensor<D, Int> {
    let count: usize = dims.iter().product();
    let values: Vec<i32> = (0..count).map(|i| (i * 7919 % below) as i32).collect();
    Tensor::from_data(TensorData::new(values, dims), &Device::flex())
}

/// The last quarter of every second row is padding.
fn mask() -> Tensor<2, Bool> {
    let real = |i: usize| (i / TOKENS).is_multiple_of(2) || i % TOKENS < TOKENS * 3 / 4;
    let values: Vec<bool> = (0..BATCH * TOKENS).map(real).collect();
    Tensor::from_data(TensorData::new(values, [BATCH, TOKENS]), &Device::flex())
}

fn leaf<const D: usize>(tensor: &Tensor<D>) -> Tensor<D> {
    tensor.clone().autodiff().require_grad()
}

fn parameter<const D: usize>(tensor: Tensor<D>) -> Param<Tensor<D>> {
    Param::from_tensor(tensor.autodiff().require_grad())
}

/// Forward and backward of `of`, with the gradient of its first input.
fn pass<const D: usize, const E: usize>(input: &Tensor<D>, of: impl Fn(Tensor<D>) -> Tensor<E>) -> [Tensor<1>; 2] {
    let input = leaf(input);
    let sum = of(input.clone()).sum();
    let gradients = sum.backward();
    let gradient = input.grad(&gradients).map_or_else(|| Tensor::zeros([1], &Device::flex()), |g| g.abs().sum());
    [sum.inner(), gradient]
}

fn operation(name: &'static str, what: &'static str, pass: impl Fn(Way) -> [Tensor<1>; 2] + 'static) -> Operation {
    Operation { name, what, pass: Box::new(pass), timed: None }
}

/// All of them.
pub(super) fn operations() -> Vec<Operation> {
    [layers(), attentions(), losses()].into_iter().flatten().collect()
}

fn layers() -> Vec<Operation> {
    let states = numbers([BATCH, TOKENS, HIDDEN], 1);
    let branch = numbers([BATCH, TOKENS, HIDDEN], 2);
    // The plain sum of a normalised row is a constant, so each number gets a weight.
    let weights = numbers::<3>([BATCH, TOKENS, HIDDEN], 16);
    let other_weights = weights.clone();
    let layer = Linear { weight: parameter(numbers([HIDDEN, INNER], 3)), bias: parameter(numbers([INNER], 4)) };
    let norm = || LayerNorm::init(HIDDEN, 1e-12, &Device::flex().autodiff());
    let (norm, again) = (norm(), norm());
    let table = Embedding { weight: parameter(numbers([WORDS, HIDDEN], 5)) };
    let (places, input, wide) = (ids([BATCH, TOKENS], WORDS), states.clone(), layer.clone());
    vec![
        operation("linear", "linear, 512 × 256 → 1024", move |way| {
            pass(&input, |x| match way {
                Way::Fused => wide.forward(x),
                Way::Composed => naive::linear(x, wide.weight.val(), wide.bias.val()),
            })
        }),
        operation("linear_gelu", "linear and GELU, 512 × 256 → 1024", {
            let input = states.clone();
            move |way| {
                pass(&input, |x| match way {
                    Way::Fused => linear_gelu(&layer, x),
                    Way::Composed => naive::linear_gelu(x, layer.weight.val(), layer.bias.val()),
                })
            }
        }),
        operation("layer_norm", "LayerNorm, 512 × 256", {
            let input = states.clone();
            move |way| {
                pass(&input, |x| {
                    let normal = match way {
                        Way::Fused => norm.forward(x),
                        Way::Composed => naive::layer_norm(x, norm.weight.val(), norm.bias.val(), 1e-12),
                    };
                    normal * weights.clone()
                })
            }
        }),
        operation("residual_norm", "LayerNorm of a sum, 512 × 256", move |way| {
            let off = Dropout::off();
            pass(&states, |x| {
                let normal = match way {
                    Way::Fused => residual_norm(&again, x, branch.clone(), (&off, 0.0)),
                    Way::Composed => {
                        let parameters = (again.weight.val(), again.bias.val(), 1e-12);
                        naive::residual_norm(x, branch.clone(), parameters, (&off, 0.0))
                    }
                };
                normal * other_weights.clone()
            })
        }),
        operation("embedding", "embedding, 512 of 8192 × 256", move |way| {
            let weight = table.weight.val();
            let rows = match way {
                Way::Fused => embed(&table, places.clone(), None),
                Way::Composed => naive::embed(weight.clone(), places.clone(), None),
            };
            let sum = rows.sum();
            let gradients = sum.backward();
            let gradient = weight.grad(&gradients).map_or_else(|| sum.clone().inner(), |g| g.abs().sum());
            [sum.inner(), gradient]
        }),
    ]
}

fn attentions() -> Vec<Operation> {
    let packed = numbers([BATCH, TOKENS, 3 * HIDDEN], 6);
    let (query, key, value) = (
        numbers([BATCH, TOKENS, HIDDEN], 7),
        numbers([BATCH, PATCHES, HIDDEN], 8),
        numbers([BATCH, PATCHES, HIDDEN], 9),
    );
    let (padding, all) = (mask(), Tensor::<2, Bool>::full([BATCH, PATCHES], true, &Device::flex()));
    vec![
        operation("self_attention", "self-attention with padding, 8 × 64, 4 heads of 64", move |way| {
            let off = Dropout::off();
            pass(&packed, |x| match way {
                Way::Fused => self_attention(x, &padding, HEADS, (&off, 0.0)),
                Way::Composed => naive::self_attention(x, &padding, HEADS, (&off, 0.0)),
            })
        }),
        operation("cross_attention", "cross-attention, 8 × 64 to 197, 4 heads of 64", move |way| {
            let off = Dropout::off();
            let (key, value) = (leaf(&key), leaf(&value));
            pass(&query, |x| match way {
                Way::Fused => attention(x, key.clone(), value.clone(), &all, HEADS, (&off, 0.0)),
                Way::Composed => naive::attention(x, key.clone(), value.clone(), &all, HEADS, (&off, 0.0)),
            })
        }),
    ]
}

fn losses() -> Vec<Operation> {
    let (logits, soft_logits) = (numbers([MASKED, WORDS], 10), numbers([MASKED, WORDS], 10));
    let targets = numbers([MASKED, WORDS], 11).add_scalar(1.0).div_scalar(WORDS as f64);
    let labels = ids([MASKED], WORDS);
    let (states, table, bias) =
        (numbers([MASKED, HIDDEN], 12), parameter(numbers([WORDS, HIDDEN], 5)), parameter(numbers([WORDS], 13)));
    vec![
        operation("tied_linear", "tied decoder, 80 × 256 → 8192", move |way| {
            pass(&states, |x| match way {
                Way::Fused => tied_linear(x, table.val(), bias.val()),
                Way::Composed => naive::tied_linear(x, table.val(), bias.val()),
            })
        }),
        operation("cross_entropy", "cross-entropy, 80 × 8192", move |way| {
            pass(&logits, |x| match way {
                Way::Fused => cross_entropy(x, labels.clone()),
                Way::Composed => naive::cross_entropy(x, labels.clone()),
            })
        }),
        operation("soft_cross_entropy", "cross-entropy of soft targets, 80 × 8192", move |way| {
            pass(&soft_logits, |x| match way {
                Way::Fused => soft_cross_entropy(x, targets.clone()),
                Way::Composed => naive::soft_cross_entropy(x, targets.clone()),
            })
        }),
        optimizer(),
    ]
}

/// Probed by its first step; timed from where the last one left off, as in a run.
fn optimizer() -> Operation {
    let (gradient, start) = (numbers([WORDS * HIDDEN], 14), numbers([WORDS * HIDDEN], 15));
    let (again, fresh) = (gradient.clone(), start.clone());
    let states = [Way::Fused, Way::Composed].map(|_| Cell::new(Some((fresh.clone() + 0.0, Moments::zeros(&fresh)))));
    let pass = move |way| {
        let (moved, moments) = adamw(way, (start.clone(), Moments::zeros(&start)), &gradient);
        [moved.abs().sum(), moments.second.sum()]
    };
    let timed = move |way| {
        let state = &states[usize::from(way == Way::Composed)];
        state.set(state.take().map(|before| adamw(way, before, &again)));
    };
    Operation { timed: Some(Box::new(timed)), ..operation("adamw", "AdamW, 2 million numbers", pass) }
}

fn adamw(way: Way, (weight, moments): (Tensor<1>, Moments<1>), gradient: &Tensor<1>) -> (Tensor<1>, Moments<1>) {
    let options = AdamW {
        form: AdamWForm::Torch,
        learning_rate: 1e-3,
        betas: [0.9, 0.999],
        epsilon: 1e-8,
        weight_decay: 0.01,
        gradient_scale: 1.0,
    };
    match way {
        Way::Fused => adamw_step(weight, gradient.clone(), moments, 1, &options),
        Way::Composed => naive::adamw_step(weight, gradient.clone(), moments, 1, &options),
    }
}
