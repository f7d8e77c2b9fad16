//! Whole runs of downstream tasks: what they leave behind, what they begin with, how they go on.

use std::path::Path;

use tuwen::eval::DownstreamResults;
use tuwen::train::{Checkpoint, StartFrom};

use crate::downstream_fixture::{begun_with, run, small};
use crate::run_folder::assert_same_run;

const TASKS: [(&str, &str); 6] = [
    ("albef-retrieval-tiny", "recall@1"),
    ("albef-ve-tiny", "accuracy"),
    ("albef-vqa-tiny", "accuracy"),
    ("albef-nlvr2-tiny", "accuracy"),
    ("albef-refcoco-tiny", "accuracy"),
    ("unibert-pairs-tiny", "spearman"),
];

fn result(folder: &Path) -> DownstreamResults {
    serde_json::from_slice(&std::fs::read(folder.join("downstream.json")).unwrap()).unwrap()
}

#[test]
fn downstream_tasks_leave_a_result_with_examples() {
    for (name, metric) in TASKS {
        let folder = tempfile::tempdir().unwrap();
        let (summary, said) = run(small(name, &[]).unwrap(), folder.path(), StartFrom::Scratch).unwrap();
        assert_eq!((summary.steps, said), (4, Vec::<String>::new()), "{name}");
        let DownstreamResults { results, examples } = result(folder.path());
        let row = &results.rows[0];
        assert_eq!((row.task.as_str(), row.measure.as_str()), (name, metric));
        assert!(row.interval.low <= row.value && row.value <= row.interval.high, "{name}: {row:?}");
        // JSON was in between, which may cost the last bit.
        assert!((summary.heldout.metrics[metric].value - row.value).abs() < 1e-12, "{name}");
        assert!(!examples.is_empty(), "{name}");
        for example in &examples {
            assert!(!example.pictures.is_empty() && !example.expected.is_empty(), "{name}: {example:?}");
            for picture in &example.pictures {
                assert!(folder.path().join(picture).is_file(), "{name}: {picture}");
            }
        }
        let page = tuwen::report::report(&[folder.path().to_owned()]).unwrap().html;
        assert!(page.contains("Downstream tasks"), "{name}");
    }
}

#[test]
fn downstream_runs_that_were_interrupted_go_on_as_if_nothing_had_happened() {
    let distilled = "task.distillation={momentum=0.9, alpha={alpha=0.4, ramp=3}}";
    let queued = "task.alignment.losses={ita={weight=1.0, loss={queue=20}}, itm={weight=1.0, hardness=1.0}, \
                  alpha={alpha=0.4, ramp=3}}";
    for (name, set) in [("albef-ve-tiny", distilled), ("albef-retrieval-tiny", queued)] {
        let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let recipe = || small(name, &[set, "task.albef.model.encoder.text.hidden_dropout_prob=0.1"]).unwrap();
        run(recipe(), whole.path(), StartFrom::Scratch).unwrap();
        run(recipe(), broken.path(), StartFrom::Scratch).unwrap();
        // As a process leaves it that was killed after its second step.
        std::fs::remove_dir_all(broken.path().join("checkpoints/step-00000004")).unwrap();
        for file in ["summary.json", "downstream.json"] {
            std::fs::remove_file(broken.path().join(file)).unwrap();
        }
        run(recipe(), broken.path(), StartFrom::NewestCheckpoint).unwrap();
        assert_same_run(whole.path(), broken.path(), name);
    }
}

#[test]
fn downstream_tasks_begin_with_an_earlier_run_or_say_why_not() {
    let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(small("albef-retrieval-tiny", &[]).unwrap(), before.path(), StartFrom::Scratch).unwrap();
    let still = ["optimizer.learning_rate=0.0", "optimizer.weight_decay=0.0"];
    for (name, layers) in [("albef-ve-tiny", 1), ("albef-vqa-tiny", 1), ("albef-assignment-tiny", 2)] {
        let recipe = begun_with(small(name, &still).unwrap(), before.path());
        let (_, said) = run(recipe, &after.path().join(name), StartFrom::Scratch).unwrap();
        assert!(said[0].starts_with("`init.from`: ") && said[0].contains(" tensors taken"), "{said:?}");
        let weights = |folder: &Path| Checkpoint::newest(&folder.join("checkpoints"), |_| ()).unwrap().model;
        let (theirs, ours) = (weights(before.path()), weights(&after.path().join(name)));
        let query = |layer: usize| format!("encoder.fusion_layers.{layer}.cross_attention.query.weight");
        for layer in 0..layers {
            assert_eq!(ours[&query(layer)], theirs[&query(0)], "{name}");
        }
        if name == "albef-vqa-tiny" {
            assert_eq!(
                ours["decoder.fusion_layers.0.attention.output.weight"],
                theirs["encoder.fusion_layers.0.attention.output.weight"]
            );
            assert_eq!(ours["head.bias"], theirs["mlm.bias"]);
        }
    }
    let wide = small("albef-ve-tiny", &["task.albef.model.encoder.embedding_size=16"]).unwrap();
    let error = run(begun_with(wide, before.path()), &after.path().join("wide"), StartFrom::Scratch).unwrap_err();
    assert!(
        error.to_string().contains("of another shape: encoder.text_projection.bias ([8], expected [16])"),
        "{error}"
    );
    let nothing = begun_with(small("albef-ve-tiny", &[]).unwrap(), &after.path().join("nowhere"));
    let error = run(nothing, &after.path().join("none"), StartFrom::Scratch).unwrap_err().to_string();
    assert!(error.contains("nowhere: no weights there"), "{error}");
}

#[test]
fn downstream_grounding_does_not_depend_on_batch_mates() {
    let found = |batch: &str| {
        let folder = tempfile::tempdir().unwrap();
        let set = ["schedule.duration={steps=1}", batch, "evaluation.every=1"];
        run(small("albef-refcoco-tiny", &set).unwrap(), folder.path(), StartFrom::Scratch).unwrap();
        let mut examples = result(folder.path()).examples;
        examples.sort_by(|a, b| (&a.text, &a.expected).cmp(&(&b.text, &b.expected)));
        let best = |example: &tuwen::eval::DownstreamExample| example.answers[0].text.clone();
        examples.iter().map(|example| (example.text.clone(), best(example), example.right)).collect::<Vec<_>>()
    };
    assert_eq!(found("evaluation.batch_size=3"), found("evaluation.batch_size=24"));
}
