//! `plan` as a user calls it.

use serde_json::Value;

use crate::fixture::{SHRINK, run, small};
use crate::golden::workspace;
use crate::program::{program, said};

/// What it prints and what it writes.
fn plan(recipe: &str, arguments: &[&str]) -> (String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("plan.json");
    let mut all = vec!["plan", recipe, "--json", json.to_str().unwrap()];
    all.extend(arguments);
    let output = program(&all).current_dir(workspace()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    (said(&output), serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap())
}

#[test]
fn a_small_run_is_planned_and_measured() {
    let set: Vec<&str> = SHRINK.iter().flat_map(|set| ["--set", set]).collect();
    let (text, json) = plan("unibert-tiny", &[&["--steps", "2"], &set[..]].concat());
    for section in ["parameters", "operations of a step", "memory", "time, from 2 steps", "the run", "what fits"] {
        assert!(text.contains(section), "{section} in {text}");
    }
    assert_eq!((&json["records"], &json["steps"], &json["batch"]), (&962.into(), &1600.into(), &8.into()));
    let stage = &json["stages"][0];
    assert!(stage["seconds"].as_f64().unwrap() > 0.0);
    let sum =
        |parts: &Value, of: &str| parts.as_array().unwrap().iter().map(|part| part[of].as_u64().unwrap()).sum::<u64>();
    assert!(sum(&stage["operations"], "amount") > 0);
    assert_eq!(json["memory"]["activations"].as_u64().unwrap(), 4 * sum(&stage["kept"], "amount"));
    assert!(json["measured"]["peak"].as_u64() > json["measured"]["base"].as_u64());

    // The model is the one that is trained: its file holds four bytes a number, and the names.
    let folder = tempfile::tempdir().unwrap();
    run(&small(&["schedule.duration={steps=1}"]).unwrap(), folder.path(), tuwen::train::StartFrom::Scratch).unwrap();
    let checkpoint = tuwen::train::Checkpoint::load(&folder.path().join("checkpoints/step-00000001")).unwrap();
    let trained: usize = checkpoint.model.values().map(|tensor| tensor.values.len()).sum();
    assert_eq!(sum(&json["parameters"], "numbers"), trained as u64);
}

#[test]
fn a_recipe_whose_records_are_not_there_is_planned_too() {
    let (text, json) = plan("albef-base", &["--steps", "0", "--memory", "80"]);
    assert!(text.contains("no file there") && text.contains("nothing was measured"), "{text}");
    assert!(text.contains("into 80.00 GB: batches of up to"), "{text}");
    assert!(json["records"].is_null() && json["steps"].is_null() && json["measured"].is_null());
    let batch = json["largest_batch"].as_u64().unwrap();
    assert!((100..512).contains(&batch), "{batch}");
    assert!(!workspace().join("pretrain").exists());
}

#[test]
fn nothing_is_written_for_a_recipe_that_makes_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("synth").display().to_string();
    let at = |key: &str, place: &str| format!("{key}={path:?}").replace("synth", &format!("synth{place}"));
    let set = [at("data.synthetic.folder", ""), at("data.train", "/train"), at("data.heldout", "/heldout")];
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    let (text, _) = plan("unibert-synth", &[&["--steps", "0"], &set[..]].concat());
    assert!(text.contains("its synthetic records are not written yet"), "{text}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}
