//! What is compared of two runs: all they leave behind but the times.

use std::path::Path;

use serde_json::Value;

/// Names of all files under `folder`, and the contents of those that must not differ.
fn content(folder: &Path, prefix: &str, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        if path.is_dir() {
            content(&path, &format!("{name}/"), found);
        } else if name == "summary.json" {
            found.push((name, untimed(&path)));
        } else if name == "run.json" {
            found.push((name, data(&path)));
        } else if name == "timing.jsonl" {
            found.push((name, steps(&path)));
        } else {
            found.push((name, std::fs::read(&path).unwrap()));
        }
    }
}

/// A summary without its times.
fn untimed(path: &Path) -> Vec<u8> {
    let mut summary: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for time in ["training_seconds", "records_per_second", "data_wait_share"] {
        assert!(summary.as_object_mut().unwrap().remove(time).is_some(), "{time}");
    }
    summary.to_string().into_bytes()
}

/// What every process of a run trained on.
fn data(path: &Path) -> Vec<u8> {
    let origins: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let processes = origins["processes"].as_array().unwrap();
    assert!(processes.iter().all(|process| process["data"] == processes[0]["data"]), "{origins}");
    processes[0]["data"].to_string().into_bytes()
}

/// The steps and records of a timing file.
fn steps(path: &Path) -> Vec<u8> {
    let step = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["seconds"].as_f64().unwrap() >= line["waited"].as_f64().unwrap(), "{line}");
        format!("{} {}\n", line["step"], line["records"])
    };
    std::fs::read_to_string(path).unwrap().lines().map(step).collect::<String>().into_bytes()
}

/// Weights, optimizer, momentum encoder, queue, metrics, summary, pictures: each file of one run is in the other, bit for
/// bit, and there is no other file.
pub(crate) fn assert_same_run(one: &Path, other: &Path, what: &str) {
    let [mut one, mut other] = [one, other].map(|folder| {
        let mut found = Vec::new();
        content(folder, "", &mut found);
        found
    });
    one.sort();
    other.sort();
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other), "{what}");
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        let same_text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if name.ends_with(".json") || name.ends_with(".jsonl") {
            assert_eq!(same_text(one), same_text(other), "{name}, {what}");
        }
        assert!(one == other, "{name}, {what}");
    }
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy(&from, &to) } else { _ = std::fs::copy(&from, &to).unwrap() }
    }
}

/// The values that `metrics.jsonl` has under `key`, one for each step.
pub(crate) fn losses_of(folder: &Path, key: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter_map(|line| line.get(key).map(|loss| loss.as_f64().unwrap())).collect()
}
