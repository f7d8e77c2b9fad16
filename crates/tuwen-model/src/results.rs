//! What a run measured on its held-out records, for the cards of exported and converted models.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tuwen_train::Evaluation;

/// A line of `metrics.jsonl` that tells of a test.
#[derive(Deserialize)]
struct Tested {
    step: u64,
    heldout: Evaluation,
}

/// The run that the weights in `folder` come from, by its full path: two levels up for a checkpoint, else the folder itself.
pub fn run_of(folder: &Path) -> PathBuf {
    // Two levels up from `step-00000400` alone there is nothing to see.
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let is_run = |folder: &Path| folder.join("run.json").exists();
    let above = folder.parent().and_then(Path::parent).filter(|run| !is_run(&folder) && is_run(run));
    above.map(Path::to_path_buf).unwrap_or(folder)
}

/// What the run in `folder` measured after `step`; nothing where it was not tested then, or its `metrics.jsonl` can't be read.
pub fn heldout_results(folder: &Path, step: u64) -> Option<Evaluation> {
    let lines = BufReader::new(File::open(folder.join("metrics.jsonl")).ok()?).lines().map_while(Result::ok);
    let tests = lines.filter(|line| line.contains("\"heldout\"")).filter_map(|line| serde_json::from_str(&line).ok());
    tests.filter(|test: &Tested| test.step == step).last().map(|test| test.heldout)
}

/// The measures as tables in Markdown, each value beside what guessing reaches and the number of answers it is of.
pub fn results_tables(results: &Evaluation) -> String {
    let mut text = String::new();
    if !results.tasks.is_empty() {
        text += "| task | loss | accuracy | guessing | answers |\n|---|---|---|---|---|\n";
    }
    for (task, result) in &results.tasks {
        let (accuracy, chance) = (share(result.accuracy), share(result.chance));
        let (loss, answers) = (finite(result.loss, format!("{:.3}", result.loss)), result.predictions);
        let _ = writeln!(text, "| {task} | {loss} | {accuracy} | {chance} | {answers} |");
    }
    if !results.retrieval.is_empty() {
        text += "\n| retrieval | R@1 | R@5 | R@10 | guessing | queries | among |\n|---|---|---|---|---|---|---|\n";
    }
    for found in &results.retrieval {
        let how = found.reranked.map_or(String::new(), |nearest| format!(", the nearest {nearest} re-ranked"));
        for (way, row) in [("picture to text", &found.table.i2t), ("text to picture", &found.table.t2i)] {
            let ([r1, r5, r10], [c1, c5, c10]) = (row.recall, row.chance);
            let _ = writeln!(
                text,
                "| {}, {way}{how} | {r1:.1} % | {r5:.1} % | {r10:.1} % | {c1:.1}, {c5:.1}, {c10:.1} % | {} | {} |",
                found.language, row.queries, row.candidates
            );
        }
    }
    if !results.metrics.is_empty() {
        text += "\n| measure | value | guessing |\n|---|---|---|\n";
    }
    for (name, measure) in &results.metrics {
        let chance = measure.chance.map_or("not known".to_string(), |chance| format!("{chance:.4}"));
        let value = finite(measure.value, format!("{:.4}", measure.value));
        let _ = writeln!(text, "| {name} | {value} | {chance} |");
    }
    text.trim_start().to_string()
}

fn share(value: f64) -> String {
    finite(value, format!("{:.1} %", 100.0 * value))
}

/// `shown`, where the value is one.
fn finite(value: f64, shown: String) -> String {
    if value.is_finite() { shown } else { "not finite".to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuwen_train::{Measure, TaskResult};

    const LINE: &str =
        r#"{"heldout":{"tasks":{"itm":{"loss":0.5,"accuracy":0.75,"chance":0.5,"predictions":8}}},"step":"#;

    #[test]
    fn the_test_after_a_step_is_the_last_one_written() {
        let folder = tempfile::tempdir().unwrap();
        let later = LINE.replace("0.75", "0.875");
        let lines = format!("{{\"step\":4,\"loss/itm\":1.0}}\n{LINE}4}}\n{LINE}8}}\n{later}8}}\n{LINE}12");
        std::fs::write(folder.path().join("metrics.jsonl"), lines).unwrap();
        let accuracy = |step| heldout_results(folder.path(), step).map(|results| results.tasks["itm"].accuracy);
        assert_eq!([4, 8, 12, 6].map(accuracy), [Some(0.75), Some(0.875), None, None]);
        assert_eq!(heldout_results(&folder.path().join("nowhere"), 4), None);
    }

    #[test]
    fn what_was_not_finite_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let metrics = r#""metrics":{"cider":{"value":null},"iou":{"value":0.25,"chance":0.125}}"#;
        let tasks = LINE.replace("0.5,\"accuracy\"", "null,\"accuracy\"").replace("}}},\"step", "}},METRICS},\"step");
        let line = format!("{}4}}\n", tasks.replace("METRICS", metrics));
        std::fs::write(folder.path().join("metrics.jsonl"), line).unwrap();
        let tables = results_tables(&heldout_results(folder.path(), 4).unwrap());
        let rows = ["| itm | not finite | 75.0 % | 50.0 % | 8 |", "| cider | not finite | not known |"];
        for row in rows.iter().chain(&["| iou | 0.2500 | 0.1250 |"]) {
            assert!(tables.contains(row), "{row} in\n{tables}");
        }
    }

    #[test]
    fn a_run_is_found_from_its_checkpoints_and_nothing_else_is_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().canonicalize().unwrap().join("run");
        let (checkpoint, export) = (run.join("checkpoints/step-4"), folder.path().join("a/b"));
        std::fs::create_dir_all(&checkpoint).unwrap();
        std::fs::create_dir_all(&export).unwrap();
        std::fs::write(run.join("run.json"), "{}").unwrap();
        assert_eq!(run_of(&checkpoint), run);
        assert_eq!(run_of(&run), run);
        assert_eq!(run_of(&run.join("checkpoints/../checkpoints/step-4")), run);
        assert_eq!(run_of(&export), export.canonicalize().unwrap());
        assert_eq!(run_of(Path::new("nowhere")), Path::new("nowhere"));
    }

    #[test]
    fn every_value_stands_beside_chance() {
        let itm = TaskResult { loss: 0.5, accuracy: 0.75, chance: 0.5, predictions: 8 };
        let measures = [("cider", None), ("iou", Some(0.125))].map(|(name, chance)| (name.to_string(), chance));
        let metrics = measures.map(|(name, chance)| (name, Measure { value: 0.25, chance })).into();
        let results = Evaluation { tasks: [("itm".to_string(), itm)].into(), metrics, ..Evaluation::default() };
        let tables = results_tables(&results);
        for row in
            ["| itm | 0.500 | 75.0 % | 50.0 % | 8 |", "| cider | 0.2500 | not known |", "| iou | 0.2500 | 0.1250 |"]
        {
            assert!(tables.contains(row), "{row} in\n{tables}");
        }
        assert!(!tables.contains("retrieval"));
    }
}
