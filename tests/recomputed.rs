//! A step computed in parts, or with its layers computed twice, is the step.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use tuwen::encoder::Tape;
use tuwen::train::downstream::WithAssembly;
use tuwen::train::objective::{Assembly, Objective};
use tuwen::train::{Architecture, ModelGradients, Parameters};

use crate::albef_fixture::{everything, small_albef};
use crate::downstream_fixture::small as downstream_small;
use crate::fixture::{device, small};
use crate::golden::workspace;

/// Losses, and the gradient of every parameter.
struct Step {
    losses: Vec<f32>,
    gradients: Vec<Option<Vec<f32>>>,
}

struct Read<'a>(&'a ModelGradients, Vec<Option<Vec<f32>>>);

impl ModuleVisitor for Read<'_> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.1.push(self.0.of(parameter).map(|gradient| gradient.into_data().iter::<f32>().collect()));
    }
}

/// The step after `before` others, so that a queue has something in it.
fn step<A: Architecture>(assembly: &A, before: u64) -> Step {
    let mut state = assembly.start(&device().autodiff());
    let mut loader = assembly.loader().unwrap();
    let mut optimizer = tuwen::train::Optimizer::new(assembly.settings().optimizer.clone());
    for at in 0..=before {
        let examples = loader.next_batch().unwrap().items;
        let parameters = Parameters::of(assembly.model(&state));
        let tape = Tape::new(assembly.settings().compute.recompute);
        let losses = assembly.losses(&mut state, &examples, at, &tape).unwrap();
        let gradients = parameters.gradients(tape, &losses.total().unwrap());
        if at == before {
            let mut read = Read(&gradients, Vec::new());
            assembly.model(&state).visit(&mut read);
            let losses = losses.iter().map(|loss| loss.value.clone().into_scalar::<f32>()).collect();
            return Step { losses, gradients: read.1 };
        }
        // Nothing moves, so that what is compared differs by one step's rounding alone.
        (state, _) = assembly.advance(state, &mut optimizer, &gradients, 0.0);
    }
    unreachable!("the last step returns")
}

fn norm(values: impl Iterator<Item = f32>) -> f64 {
    values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt()
}

fn assert_same(whole: &Step, other: &Step, how: &str) {
    assert!(!whole.losses.is_empty() && whole.gradients.iter().flatten().count() > 20);
    for (a, b) in whole.losses.iter().zip(&other.losses) {
        assert!((a - b).abs() <= 1e-5 * a.abs(), "{how}: losses {:?} and {:?}", whole.losses, other.losses);
    }
    let all = norm(whole.gradients.iter().flatten().flatten().copied());
    assert_eq!(whole.gradients.len(), other.gradients.len());
    for (index, (a, b)) in whole.gradients.iter().zip(&other.gradients).enumerate() {
        let (Some(a), Some(b)) = (a, b) else {
            assert_eq!(a.is_some(), b.is_some(), "{how}: the gradient of parameter {index}");
            continue;
        };
        let apart = norm(a.iter().zip(b).map(|(a, b)| a - b));
        // Some gradients are zero but for rounding, such as that of a key's bias.
        let allowed = 1e-5 * norm(a.iter().copied()) + 1e-7 * all;
        assert!(apart <= allowed, "{how}: parameter {index} is {apart:e} apart, {allowed:e} allowed");
    }
}

const LAYERS: &str = "compute.recompute=\"layers\"";

/// Whole, in 4 parts of 8, and in parts that do not come out even.
fn parts() -> [String; 2] {
    [8, 9].map(|rows| format!("compute.recompute={{rows={rows}}}"))
}

fn albef(set: &[&str]) -> Step {
    let stage = everything(40, 0.4);
    let assembly = small_albef(&[&[stage.as_str(), "data.loader.batch_size=32"], set].concat()).unwrap();
    step(&assembly, 2)
}

fn unibert(set: &[&str]) -> Step {
    let assembly = small(&[&["data.loader.batch_size=32"], set].concat()).unwrap();
    step(&assembly, 0)
}

const NO_DROPOUT: [&str; 2] =
    ["model.encoder.hidden_dropout_prob=0.0", "model.encoder.attention_probs_dropout_prob=0.0"];

/// The queue, the soft targets of the momentum encoder, hard negatives of the whole batch, hidden words.
#[test]
fn albef_accumulated_over_parts_is_the_whole_batch() {
    let whole = albef(&[]);
    for rows in parts() {
        assert_same(&whole, &albef(&[&rows]), &rows);
        assert_same(&whole, &albef(&[&rows, "savings={one_batch=\"off\", packed_texts=\"off\"}"]), "without savings");
    }
}

/// Frames are told from all frames of the batch, and clips are paired with titles from anywhere in it.
#[test]
fn unibert_accumulated_over_parts_is_the_whole_batch() {
    let whole = unibert(&NO_DROPOUT);
    for rows in parts() {
        assert_same(&whole, &unibert(&[&NO_DROPOUT[..], &[&rows]].concat()), &rows);
    }
}

#[test]
fn layers_computed_twice_drop_the_same_values() {
    let dropout = ["model.encoder.hidden_dropout_prob=0.1", "model.encoder.attention_probs_dropout_prob=0.1"];
    assert_same(&unibert(&dropout), &unibert(&[&dropout[..], &[LAYERS]].concat()), LAYERS);
    let dropout = ["model.encoder.text.hidden_dropout_prob=0.1", "model.encoder.text.attention_probs_dropout_prob=0.1"];
    assert_same(&albef(&dropout), &albef(&[&dropout[..], &[LAYERS]].concat()), LAYERS);
}

/// What an own task makes of a tape, by those of fine-tuning: pairs of clips, alignment, a head on fused states, a decoder.
#[test]
fn downstream_layers_computed_twice_are_the_step() {
    const ROWS: &str = "compute.recompute={rows=3}"; // of 8
    for (name, all) in [
        ("unibert-pairs-tiny", [LAYERS, ROWS].as_slice()),
        ("albef-retrieval-tiny", &[LAYERS, ROWS]),
        ("albef-ve-tiny", &[LAYERS]),
        ("albef-vqa-tiny", &[LAYERS]),
    ] {
        let of = |set: &[&str]| downstream_small(name, set).unwrap().assemble(&workspace(), FirstStep).unwrap();
        let whole = of(&[]);
        all.iter().for_each(|how| assert_same(&whole, &of(&[how]), &format!("{name}, {how}")));
    }
}

struct FirstStep;

impl WithAssembly for FirstStep {
    type Output = Step;
    fn with<O: Objective>(self, assembly: &Assembly<O>) -> Step {
        step(assembly, 0)
    }
}

#[test]
fn downstream_tasks_refuse_what_they_do_not_compute_twice() {
    let told = |name, how: &str| downstream_small(name, &[how]).unwrap_err().to_string();
    let rows = told("albef-ve-tiny", &parts()[0]);
    assert!(rows.contains("`compute.recompute` is `{ rows = … }`, expected `\"nothing\"` or `\"layers\"`: "), "{rows}");
    let layers = told("albef-nlvr2-tiny", LAYERS);
    assert!(layers.contains("`compute.recompute` is `\"layers\"`, expected `\"nothing\"`: the task keeps"), "{layers}");
    assert!(layers.contains("`Objective::forward_on`, which hands its tape to the encoder"), "{layers}");
}
