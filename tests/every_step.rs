//! k steps, an interruption and the rest are the whole run, for every k.

use std::path::Path;

use tuwen::train::{Architecture, StartFrom};

use crate::albef_fixture::{small_albef, two_stages};
use crate::fixture::{run, small};
use crate::run_folder::{assert_same_run, copy};

const STEPS: u64 = 9;

/// Two passes begin within them, and one evaluation falls between.
const EVERY: [&str; 7] = [
    "schedule.duration={steps=9}",
    "checkpoint.every=1",
    "checkpoint.keep=99",
    "evaluation.every=4",
    "schedule.warmup={steps=3}",
    "optimizer.average=0.9",
    "checkpoint.best=\"mlm.loss\"",
];

/// A run as it is found when it was broken off after step `k` and before the next checkpoint.
fn broken_off(whole: &Path, k: u64, part: &Path) {
    for step in 1..=k {
        let checkpoint = format!("checkpoints/step-{step:08}");
        copy(&whole.join(&checkpoint), &part.join(&checkpoint));
    }
    for file in ["recipe.toml", "metrics.jsonl", "timing.jsonl"] {
        std::fs::copy(whole.join(file), part.join(file)).unwrap();
    }
}

fn assert_every_step_is_a_place_to_go_on_from<A: Architecture>(assembly: &A) {
    let whole = tempfile::tempdir().unwrap();
    run(assembly, whole.path(), StartFrom::Scratch).unwrap();
    for k in 1..STEPS {
        let part = tempfile::tempdir().unwrap();
        broken_off(whole.path(), k, part.path());
        run(assembly, part.path(), StartFrom::NewestCheckpoint).unwrap();
        assert_same_run(whole.path(), part.path(), &format!("after going on from step {k}"));
    }
}

#[test]
fn unibert_goes_on_from_every_step() {
    let set = ["model.encoder.hidden_dropout_prob=0.1", "model.encoder.attention_probs_dropout_prob=0.1"];
    let set = [&EVERY[..], &set, &["data.loader.batch_size=240", "compute.recompute={rows=100}"]].concat();
    let lion = ["optimizer.form=\"lion\"", "optimizer.epsilon=0.0", "optimizer.learning_rate=1e-4"];
    let set = [&set[..], &lion].concat();
    assert_every_step_is_a_place_to_go_on_from(&small(&set).unwrap());
}

#[test]
fn albef_goes_on_from_every_step() {
    let stages = two_stages("ita={weight=1.0, loss={queue=20}}, alpha={alpha=0.3, ramp=4}");
    let set = [
        stages.as_str(),
        "model.encoder.text.hidden_dropout_prob=0.1",
        "model.encoder.text.attention_probs_dropout_prob=0.1",
        "vision.augment={operations=2, magnitude=7, probability=0.5}",
        "vision.flip=half",
        "compute.recompute={rows=3}",
    ];
    assert_every_step_is_a_place_to_go_on_from(&small_albef(&[&EVERY[..], &set].concat()).unwrap());
}
