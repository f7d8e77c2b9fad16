//! Steps that are not finite: skipped, counted, and the first bad tensor is named.

use std::path::Path;

use tuwen::train::{Architecture, Checkpoint, Event, StartFrom, Summary, TrainError};

use crate::albef_fixture::small_albef;
use crate::fixture::{run, small, watched};

const SHORT: [&str; 4] =
    ["schedule.duration={steps=4}", "checkpoint.every=1", "checkpoint.keep=9", "optimizer.max_skipped_steps=0"];

/// Trains three steps, writes `value` into a number of the weight `name` in its checkpoint, and goes on from there.
fn poisoned<A: Architecture>(
    assembly: &A,
    folder: &Path,
    name: &str,
    value: f32,
) -> (Result<Summary, TrainError>, Vec<String>) {
    run(assembly, folder, StartFrom::Scratch).unwrap();
    let checkpoints = folder.join("checkpoints");
    std::fs::remove_dir_all(checkpoints.join("step-00000004")).unwrap();
    let mut checkpoint = Checkpoint::load(&checkpoints.join("step-00000003")).unwrap();
    *checkpoint.model.get_mut(name).unwrap().values.last_mut().unwrap() = value;
    checkpoint.save(&checkpoints, &[]).unwrap();
    let mut bad = Vec::new();
    let done = watched(assembly, folder, StartFrom::NewestCheckpoint, &mut |event| {
        if let Event::SkippedStep(step, tensor) = event {
            bad.push(format!("{step}: {tensor}"));
        }
    });
    (done, bad)
}

#[test]
fn a_weight_that_is_no_number_is_named_in_both_architectures() {
    let folder = tempfile::tempdir().unwrap();
    let assert_named = |(done, bad): (Result<Summary, TrainError>, Vec<String>), name: &str| {
        assert_eq!(bad, [format!("4: weight `{name}`")]);
        let error = done.unwrap_err().to_string();
        let expected = format!("step 4: weight `{name}` is not finite; 1 steps were skipped so, expected at most 0; ");
        assert!(error.starts_with(&expected), "{error}");
    };
    let name = "encoder.layers.0.feed_forward.output.weight";
    let unibert = small(&SHORT).unwrap();
    assert_named(poisoned(&unibert, &folder.path().join("unibert"), name, f32::NAN), name);
    let albef = small_albef(&SHORT).unwrap();
    assert_named(poisoned(&albef, &folder.path().join("albef"), "temperature", f32::NAN), "temperature");
}

#[test]
fn a_loss_that_overflows_is_named_where_all_weights_are_finite() {
    let folder = tempfile::tempdir().unwrap();
    // A cosine divided by this is beyond any float, and the alignment loss is ∞ − ∞.
    let (done, bad) = poisoned(&small_albef(&SHORT).unwrap(), folder.path(), "temperature", 1e-42);
    assert_eq!(bad, ["4: loss `ita`"]);
    assert!(matches!(done, Err(TrainError::NotFinite { step: 4, skipped: 1, limit: 0, .. })));
}
