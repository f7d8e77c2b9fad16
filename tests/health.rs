//! What the monitors of a run say of bad settings, and where it stands.

use std::sync::Arc;
use std::time::Duration;

use tuwen::data::{DataError, Record, Source};
use tuwen::train::{Event, Finding, StartFrom, Turn};

use crate::fixture::{run, small, watched};

/// Looks often enough for runs of a few steps.
const CLOSE: [&str; 3] = ["health.every=5", "health.window=10", "schedule.duration={steps=20}"];
/// No word is ever masked.
const UNMASKED: [&str; 2] = ["tasks.mlm.masking.probability=0.0", "tasks.mlm.masking.at_least=\"none\""];

#[test]
fn nothing_masked_is_said_once_and_stands_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let assembly = small(&[&CLOSE[..], &UNMASKED].concat()).unwrap();
    let mut findings: Vec<Finding> = Vec::new();
    let summary = watched(&assembly, folder.path(), StartFrom::Scratch, &mut |event| {
        if let Event::Finding(finding) = event {
            findings.push(finding.clone());
        }
    })
    .unwrap();
    let of_words: Vec<_> = findings.iter().filter(|finding| finding.monitor == "masked_words").collect();
    assert_eq!(of_words.len(), 1, "{findings:?}");
    assert_eq!((of_words[0].step, of_words[0].turn), (10, Turn::Began));
    assert_eq!(of_words[0].sentence, "no words were masked in the last 10 steps: nothing is learned from them");
    assert!(of_words[0].advice.starts_with("`tasks.mlm.masking.probability` is 0"), "{}", of_words[0].advice);
    let lines = std::fs::read_to_string(folder.path().join("health.jsonl")).unwrap();
    let written: Vec<Finding> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(written, findings);
    assert_eq!(summary.findings["masked_words"], 1);
}

#[test]
fn a_resumed_run_finds_what_an_uninterrupted_one_does() {
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // What hangs on the clock may differ.
    let saved = ["checkpoint.every=7", "checkpoint.keep=9", "health.waiting=1.0", "health.stall=1e9"];
    let assembly = small(&[&CLOSE[..], &UNMASKED, &saved].concat()).unwrap();
    run(&assembly, whole.path(), StartFrom::Scratch).unwrap();
    run(&assembly, broken.path(), StartFrom::Scratch).unwrap();
    // As if it had been killed before its second checkpoint: the finding at step 10 is to be made again.
    for step in [14, 20] {
        std::fs::remove_dir_all(broken.path().join(format!("checkpoints/step-{step:08}"))).unwrap();
    }
    let (summary, _) = run(&assembly, broken.path(), StartFrom::NewestCheckpoint).unwrap();
    for file in ["health.jsonl", "metrics.jsonl"] {
        let [whole, broken] = [&whole, &broken].map(|run| std::fs::read_to_string(run.path().join(file)).unwrap());
        assert_eq!(whole, broken, "{file}");
    }
    assert_eq!(summary.findings["masked_words"], 1);
}

/// Records that take their time.
struct Slow(Arc<dyn Source>);

impl Source for Slow {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn read(&self, index: usize) -> Result<Record, DataError> {
        std::thread::sleep(Duration::from_millis(25));
        self.0.read(index)
    }
}

#[test]
fn a_slow_source_is_called_that() {
    let folder = tempfile::tempdir().unwrap();
    let set = ["health.every=5", "health.window=10", "schedule.duration={steps=15}", "data.loader.workers=1"];
    let mut assembly = small(&set).unwrap();
    assembly.train = Arc::new(Slow(Arc::clone(&assembly.train)));
    let mut said = Vec::new();
    watched(&assembly, folder.path(), StartFrom::Scratch, &mut |event| match event {
        Event::Finding(finding) if finding.monitor == "data_bound" => said.push(finding.clone()),
        _ => {}
    })
    .unwrap();
    assert_eq!(said.len(), 1);
    assert!(said[0].sentence.contains("% of the last 10 steps' time went by waiting for data"), "{}", said[0].sentence);
    assert!(said[0].advice.starts_with("`data.loader.workers` is 1"), "{}", said[0].advice);
}

#[test]
fn off_leaves_no_file_and_wrong_numbers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let off = ["health.watch=\"off\"", "schedule.duration={steps=2}"];
    let (summary, _) = run(&small(&off).unwrap(), folder.path(), StartFrom::Scratch).unwrap();
    assert!(summary.findings.is_empty() && !folder.path().join("health.jsonl").exists());
    let refused = |set: &str| small(&[set]).err().map(|error| error.to_string()).unwrap_or_default();
    let message = refused("health.every=0");
    assert!(message.contains("`health.every` is 0, expected at least 1"), "{message}");
    let message = refused("health.windows=5");
    assert!(message.contains("window"), "{message}");
}
