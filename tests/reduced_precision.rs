//! Products in bf16: the losses stay those of f32.

use tuwen::train::{Architecture, StartFrom};

use crate::albef_fixture::{everything, small_albef};
use crate::fixture::{run, small};
use crate::run_folder::losses_of;

const STEPS: usize = 200;
const WINDOW: usize = 20;

fn curve<A: Architecture>(assembly: &A) -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    run(assembly, folder.path(), StartFrom::Scratch).unwrap();
    let losses = losses_of(folder.path(), "loss/total");
    assert_eq!(losses.len(), STEPS);
    losses.chunks(WINDOW).map(|window| window.iter().sum::<f64>() / WINDOW as f64).collect()
}

/// 2 % of the mean of each 20 steps.
fn assert_near(exact: &[f64], reduced: &[f64]) {
    let apart: Vec<f64> = exact.iter().zip(reduced).map(|(a, b)| (a - b).abs() / a.abs()).collect();
    assert!(apart.iter().all(|apart| *apart <= 0.02), "{exact:?} and {reduced:?}");
    assert!(apart.iter().any(|apart| *apart > 0.0), "nothing was rounded");
    assert!(exact[exact.len() - 1] < exact[0], "nothing was learned: {exact:?}");
}

const LONG: [&str; 4] =
    ["schedule.duration={steps=200}", "schedule.warmup={steps=10}", "evaluation.every=200", "checkpoint.every=200"];
const BF16: &str = "compute.precision=\"bf16\"";

#[test]
fn unibert_in_bf16_for_200_steps() {
    let of = |set: &[&str]| curve(&small(&[&LONG, set].concat()).unwrap());
    assert_near(&of(&[]), &of(&[BF16]));
}

#[test]
fn albef_in_bf16_for_200_steps() {
    let stage = everything(40, 0.4);
    let of = |set: &[&str]| curve(&small_albef(&[&LONG[..], &[&stage], set].concat()).unwrap());
    assert_near(&of(&[]), &of(&[BF16]));
}
