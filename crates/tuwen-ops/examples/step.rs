//! One training step of a small encoder with a word head, fused operations against their compositions, interleaved.
//!
//! `cargo run --release -p tuwen-ops --example step [ROUNDS] [fused]` prints the best and the median step of each and
//! their ratio; with `fused` the compositions are left out, for a profiler.

use std::time::{Duration, Instant};

use burn::tensor::{Bool, Device, Distribution, Int, Tensor};
use tuwen_ops as fused;
use tuwen_ops::{AdamW, AdamWForm, Dropout, Embedding, LayerNorm, Linear, Moments, naive};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 32;
const LENGTH: usize = 32;
const HIDDEN: usize = 128;
const LAYERS: usize = 3;
const HEADS: usize = 4;
const WORDS: usize = 4000;
const MASKED: usize = 150;
const RATE: f64 = 0.1;
const EPSILON: f64 = 1e-12;

#[derive(Clone, Copy, PartialEq)]
enum Path {
    Composed,
    Fused,
}

/// A flat list of the parameters: table, then norm, then six maps and norms a layer, then the head.
struct Model {
    matrices: Vec<Tensor<2>>,
    vectors: Vec<Tensor<1>>,
    matrix_moments: Vec<Option<Moments<2>>>,
    vector_moments: Vec<Option<Moments<1>>>,
}

impl Model {
    fn init(device: &Device) -> Self {
        let mut shapes = vec![[WORDS, HIDDEN]];
        for _ in 0..LAYERS {
            shapes.extend([[HIDDEN, 3 * HIDDEN], [HIDDEN, HIDDEN], [HIDDEN, 4 * HIDDEN], [4 * HIDDEN, HIDDEN]]);
        }
        shapes.push([HIDDEN, WORDS]);
        let normal = Distribution::Normal(0.0, 0.02);
        let matrices = shapes.iter().map(|shape| Tensor::random(*shape, normal, device).require_grad());
        let mut vectors = Vec::new();
        for [_, outputs] in &shapes[1..] {
            vectors.push(Tensor::zeros([*outputs], device).require_grad());
        }
        for _ in 0..=2 * LAYERS {
            vectors.push(Tensor::ones([HIDDEN], device).require_grad());
            vectors.push(Tensor::zeros([HIDDEN], device).require_grad());
        }
        let matrices: Vec<_> = matrices.collect();
        let (matrix_moments, vector_moments) = (vec![None; matrices.len()], vec![None; vectors.len()]);
        Self { matrices, vectors, matrix_moments, vector_moments }
    }

    fn linear(&self, index: usize) -> Linear {
        let mut linear = Linear::init(1, 1, &Device::flex().autodiff());
        linear.weight = burn::module::Param::from_tensor(self.matrices[index + 1].clone());
        linear.bias = burn::module::Param::from_tensor(self.vectors[index].clone());
        linear
    }

    fn norm(&self, index: usize) -> LayerNorm {
        let mut norm = LayerNorm::init(1, EPSILON, &Device::flex().autodiff());
        let first = 4 * LAYERS + 1 + 2 * index;
        norm.weight = burn::module::Param::from_tensor(self.vectors[first].clone());
        norm.bias = burn::module::Param::from_tensor(self.vectors[first + 1].clone());
        norm
    }

    fn loss(&self, path: Path, batch: &Batch, dropout: &Dropout) -> Tensor<1> {
        let table = Embedding { weight: burn::module::Param::from_tensor(self.matrices[0].clone()) };
        let mut states = match path {
            Path::Fused => fused::embed(&table, batch.ids.clone(), Some(0)),
            Path::Composed => naive::embed(table.weight.val(), batch.ids.clone(), Some(0)),
        };
        states = match path {
            Path::Fused => dropout.at(9).apply(self.norm(2 * LAYERS).forward(states), RATE),
            Path::Composed => naive::dropout(composed_norm(&self.norm(2 * LAYERS), states), &dropout.at(9), RATE),
        };
        for layer in 0..LAYERS {
            let maps = [0, 1, 2, 3].map(|map| self.linear(4 * layer + map));
            let norms = [0, 1].map(|norm| self.norm(2 * layer + norm));
            let dropout = dropout.at(layer as u64);
            states = match path {
                Path::Fused => fused_block(states, &batch.mask, (&maps, &norms), &dropout),
                Path::Composed => composed_block(states, &batch.mask, (&maps, &norms), &dropout),
            };
        }
        let states = states.reshape([BATCH * LENGTH, HIDDEN]).select(0, batch.places.clone());
        let head = self.linear(4 * LAYERS);
        match path {
            Path::Fused => fused::cross_entropy(head.forward(states), batch.labels.clone()),
            Path::Composed => naive::cross_entropy(composed_linear(&head, states), batch.labels.clone()),
        }
    }

    fn step(&mut self, path: Path, batch: &Batch, step: u64) -> f32 {
        let loss = self.loss(path, batch, &Dropout::training(1, step));
        let gradients = loss.backward();
        let moving = AdamW {
            form: AdamWForm::Torch,
            learning_rate: 1e-3,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.01,
            gradient_scale: 1.0,
        };
        for (weight, moments) in self.matrices.iter_mut().zip(&mut self.matrix_moments) {
            move_one(weight, moments, &gradients, path, step, &moving);
        }
        for (weight, moments) in self.vectors.iter_mut().zip(&mut self.vector_moments) {
            move_one(weight, moments, &gradients, path, step, &moving);
        }
        loss.into_scalar()
    }
}

fn move_one<const D: usize>(
    place: &mut Tensor<D>,
    moments: &mut Option<Moments<D>>,
    gradients: &burn::tensor::Gradients,
    path: Path,
    step: u64,
    moving: &AdamW,
) {
    let Some(gradient) = place.grad(gradients) else { return };
    let empty = Tensor::zeros([0; D], &Device::flex());
    let weight = std::mem::replace(place, empty).inner();
    let old = moments.take().unwrap_or_else(|| Moments::zeros(&weight));
    let (weight, new) = match path {
        Path::Fused => fused::adamw_step(weight, gradient, old, step, moving),
        Path::Composed => naive::adamw_step(weight, gradient, old, step, moving),
    };
    (*place, *moments) = (weight.autodiff().require_grad(), Some(new));
}

struct Batch {
    ids: Tensor<2, Int>,
    mask: Tensor<2, Bool>,
    places: Tensor<1, Int>,
    labels: Tensor<1, Int>,
}

fn fused_block(
    states: Tensor<3>,
    mask: &Tensor<2, Bool>,
    (maps, norms): (&[Linear; 4], &[LayerNorm; 2]),
    dropout: &Dropout,
) -> Tensor<3> {
    let mixed = fused::self_attention(maps[0].forward(states.clone()), mask, HEADS, (&dropout.at(0), RATE));
    let states = fused::residual_norm(&norms[0], states, maps[1].forward(mixed), (&dropout.at(1), RATE));
    let inner = fused::linear_gelu(&maps[2], states.clone());
    fused::residual_norm(&norms[1], states, maps[3].forward(inner), (&dropout.at(2), RATE))
}

fn composed_block(
    states: Tensor<3>,
    mask: &Tensor<2, Bool>,
    (maps, norms): (&[Linear; 4], &[LayerNorm; 2]),
    dropout: &Dropout,
) -> Tensor<3> {
    let packed = composed_linear(&maps[0], states.clone());
    let mixed = naive::self_attention(packed, mask, HEADS, (&dropout.at(0), RATE));
    let branch = naive::dropout(composed_linear(&maps[1], mixed), &dropout.at(1), RATE);
    let states = composed_norm(&norms[0], states + branch);
    let inner = naive::gelu(composed_linear(&maps[2], states.clone()));
    let branch = naive::dropout(composed_linear(&maps[3], inner), &dropout.at(2), RATE);
    composed_norm(&norms[1], states + branch)
}

fn composed_linear<const D: usize>(map: &Linear, input: Tensor<D>) -> Tensor<D> {
    naive::linear(input, map.weight.val(), map.bias.val())
}

fn composed_norm(norm: &LayerNorm, input: Tensor<3>) -> Tensor<3> {
    naive::layer_norm(input, norm.weight.val(), norm.bias.val(), EPSILON)
}

impl Batch {
    fn new(device: &Device) -> Self {
        let numbers = |count: usize, below: usize| (0..count).map(|i| (i * 7919 % below) as i64).collect::<Vec<_>>();
        let ids = Tensor::<1, Int>::from_ints(numbers(BATCH * LENGTH, WORDS).as_slice(), device);
        let places = Tensor::<1, Int>::arange(0..LENGTH as i64, device).unsqueeze::<2>().repeat_dim(0, BATCH);
        Self {
            ids: ids.reshape([BATCH, LENGTH]),
            mask: places.lower_elem((LENGTH - 5) as i64),
            places: Tensor::from_ints(numbers(MASKED, BATCH * LENGTH).as_slice(), device),
            labels: Tensor::from_ints(numbers(MASKED, WORDS).as_slice(), device),
        }
    }
}

fn main() {
    let rounds: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(30);
    let fused_only = std::env::args().nth(2).is_some_and(|text| text == "fused");
    let device = Device::flex();
    let batch = Batch::new(&device);
    let mut models = [Path::Composed, Path::Fused].map(|path| {
        device.seed(1);
        (path, Model::init(&device.clone().autodiff()), Vec::<Duration>::new())
    });
    for step in 1..=rounds {
        let losses = models.each_mut().map(|(path, model, times)| {
            let started = Instant::now();
            let skipped = fused_only && *path == Path::Composed;
            let loss = if skipped { f32::NAN } else { model.step(*path, &batch, step) };
            times.push(started.elapsed());
            loss
        });
        if step == 1 || step == rounds {
            println!("step {step}: composed loss {:.6}, fused loss {:.6}", losses[0], losses[1]);
        }
    }
    let [composed, fused] = models.map(|(_, _, mut times)| {
        times.sort();
        [times[0], times[times.len() / 2]].map(|time| time.as_secs_f64() * 1e3)
    });
    for (name, [composed, fused]) in ["best", "median"].into_iter().zip([0, 1].map(|i| [composed[i], fused[i]])) {
        println!("{name}: composed {composed:.1} ms, fused {fused:.1} ms, ratio {:.2}", composed / fused);
    }
}
