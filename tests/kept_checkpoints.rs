//! Which checkpoints a run leaves behind.

use serde_json::Value;
use tuwen::train::{Checkpoint, StartFrom};

use crate::fixture::{run, small};

const RULES: [&str; 7] = [
    "schedule.duration={steps=12}",
    "schedule.warmup={steps=1}",
    "evaluation.every=2",
    "checkpoint.every=3",
    "checkpoint.keep=1",
    "checkpoint.keep_every=6",
    "checkpoint.best=\"mlm.accuracy\"",
];

#[test]
fn the_last_every_sixth_and_the_best() {
    let folder = tempfile::tempdir().unwrap();
    run(&small(&RULES).unwrap(), folder.path(), StartFrom::Scratch).unwrap();
    let metrics = std::fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap();
    let lines = metrics.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let tests =
        lines.filter_map(|line| Some((line["step"].as_u64()?, line["heldout"]["tasks"]["mlm"]["accuracy"].as_f64()?)));
    let first_best = |best: (u64, f64), test: (u64, f64)| if test.1 > best.1 { test } else { best };
    let (best, value) = tests.fold((0, f64::NEG_INFINITY), first_best);
    let mut expected = vec![6, 12, best];
    expected.sort_unstable_by(|a, b| b.cmp(a));
    expected.dedup();
    let kept = Checkpoint::list(&folder.path().join("checkpoints"));
    let positions: Vec<_> = kept.iter().map(|path| Checkpoint::load(path).unwrap().position).collect();
    assert_eq!(positions.iter().map(|position| position.step).collect::<Vec<_>>(), expected);
    let noted = positions[0].best.unwrap();
    assert_eq!((noted.step, noted.value), (best, value));
}

#[test]
fn a_measure_that_no_test_has_is_refused_with_the_nearest() {
    let set = [&RULES[..6], &["checkpoint.best=\"mlm.acuracy\""]].concat();
    let folder = tempfile::tempdir().unwrap();
    let error = run(&small(&set).unwrap(), folder.path(), StartFrom::Scratch).unwrap_err().to_string();
    assert!(error.contains("checkpoint.best") && error.contains("did you mean `mlm.accuracy`?"), "{error}");
}
