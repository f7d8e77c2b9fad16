//! Whole runs: what they leave behind, how they go on, and what never changes their course.

use std::path::Path;

use tuwen::encoder::{Weights, read_weights};
use tuwen::train::unibert::Example;
use tuwen::train::{Checkpoint, StartFrom};

use crate::fixture::{run, small};

fn weights(run: &Path, file: &str, step: u64) -> Weights {
    read_weights(&run.join(format!("checkpoints/step-{step:08}/{file}")), |_| true).unwrap()
}

const SHORT: [&str; 4] =
    ["schedule.duration={steps=12}", "checkpoint.every=5", "checkpoint.keep=9", "evaluation.every=6"];

#[test]
fn a_run_leaves_weights_metrics_and_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, skipped) = run(&small(&SHORT).unwrap(), folder.path(), StartFrom::Scratch).unwrap();
    assert_eq!((summary.steps, skipped.len()), (12, 0));
    assert_eq!(summary.heldout.tasks.keys().collect::<Vec<_>>(), ["itm", "mfm", "mlm", "tag"]);
    for (task, result) in &summary.heldout.tasks {
        assert!(result.loss.is_finite() && result.predictions > 0, "{task}: {result:?}");
        assert!((0.0..=1.0).contains(&result.accuracy) && result.chance > 0.0, "{task}: {result:?}");
    }
    let metrics = std::fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap();
    assert_eq!(metrics.lines().count(), 12 + 2);
    let written = std::fs::read_to_string(folder.path().join("summary.json")).unwrap();
    assert_eq!(written, serde_json::to_string_pretty(&summary).unwrap());
    // A checkpoint can be used without the run around it.
    for companion in ["recipe.toml", "tokenizer.json", "tags.txt", "manifest.json"] {
        assert!(folder.path().join("checkpoints/step-00000012").join(companion).exists(), "{companion}");
    }
}

#[test]
fn an_interrupted_run_goes_on_as_if_nothing_had_happened() {
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let assembly = small(&SHORT).unwrap();
    run(&assembly, whole.path(), StartFrom::Scratch).unwrap();
    run(&assembly, broken.path(), StartFrom::Scratch).unwrap();
    // As if it had been killed between step 10 and the end.
    std::fs::remove_dir_all(broken.path().join("checkpoints/step-00000012")).unwrap();
    let newest = Checkpoint::list(&broken.path().join("checkpoints"));
    assert!(newest[0].ends_with("step-00000010"));
    run(&assembly, broken.path(), StartFrom::NewestCheckpoint).unwrap();
    for file in ["model.safetensors", "optimizer.safetensors"] {
        assert_eq!(weights(whole.path(), file, 12), weights(broken.path(), file, 12), "{file}");
    }
    let metrics = |folder: &Path| std::fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    assert_eq!(metrics(whole.path()), metrics(broken.path()));
}

#[test]
fn a_folder_with_a_run_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let assembly = small(&["schedule.duration={steps=1}"]).unwrap();
    run(&assembly, folder.path(), StartFrom::Scratch).unwrap();
    let error = run(&assembly, folder.path(), StartFrom::Scratch).unwrap_err().to_string();
    assert!(error.contains("holds a run already"), "{error}");
}

#[test]
fn nothing_to_resume_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = run(&small(&SHORT).unwrap(), folder.path(), StartFrom::NewestCheckpoint).unwrap_err().to_string();
    assert!(error.ends_with("no whole checkpoint to resume"), "{error}");
}

#[test]
fn workers_never_change_a_batch() {
    let two_epochs = |workers: usize| -> Vec<Vec<Example>> {
        let assembly = small(&[&format!("data.loader.workers={workers}")]).unwrap();
        let mut loader = assembly.training_loader().unwrap();
        (0..2 * (assembly.train.len() / 8)).map(|_| loader.next_batch().unwrap().items).collect()
    };
    let one = two_epochs(1);
    assert_ne!(one[0], one[one.len() / 2], "the second epoch has an order of its own");
    for workers in [2, 7] {
        assert!(two_epochs(workers) == one, "{workers} workers");
    }
}

#[test]
fn stopping_at_a_cursor_and_going_on_gives_the_same_remainder() {
    let assembly = small(&[]).unwrap();
    let mut loader = assembly.training_loader().unwrap();
    let mut cursors = Vec::new();
    let batches: Vec<Vec<Example>> = (0..130)
        .map(|_| {
            let batch = loader.next_batch().unwrap();
            cursors.push(batch.cursor_after);
            batch.items
        })
        .collect();
    for stop in [0, 60, 119, 120, 127] {
        let mut resumed = assembly.training_loader().unwrap().resume(cursors[stop]).unwrap();
        for expected in &batches[stop + 1..] {
            assert!(resumed.next_batch().unwrap().items == *expected, "after batch {stop}");
        }
    }
}
