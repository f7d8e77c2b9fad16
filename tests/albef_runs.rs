//! Whole ALBEF runs: what they leave behind, how they go on, and what never changes their course.

use std::path::Path;

use tuwen::encoder::{Weights, read_weights};
use tuwen::train::albef::Assembly;
use tuwen::train::{Architecture, Checkpoint, StartFrom, Summary};

use crate::albef_fixture::{batches, everything, small_albef, two_stages};
use crate::fixture::{device, run};

const SHORT: [&str; 4] =
    ["schedule.duration={steps=12}", "checkpoint.every=5", "checkpoint.keep=9", "evaluation.every=6"];

fn short(set: &[&str]) -> Assembly {
    small_albef(&[&SHORT, set].concat()).unwrap()
}

fn weights(run: &Path, file: &str, step: u64) -> Weights {
    read_weights(&run.join(format!("checkpoints/step-{step:08}/{file}")), |_| true).unwrap()
}

/// Each language twice, alignment alone before re-ranked, over 20 pictures.
fn assert_retrieval(summary: &Summary) {
    let found: Vec<_> = summary.heldout.retrieval.iter().map(|r| (r.language.as_str(), r.reranked)).collect();
    assert_eq!(found, [("en", None), ("en", Some(4)), ("zh", None), ("zh", Some(4))]);
    for result in &summary.heldout.retrieval {
        for row in [&result.table.i2t, &result.table.t2i] {
            assert_eq!((row.queries, row.candidates), (20, 20), "{}", result.language);
            assert!(row.recall.iter().all(|recall| (0.0..=100.0).contains(recall)), "{:?}", row.recall);
            assert!((row.chance[0] - 5.0).abs() < 1e-9, "one of 20: {:?}", row.chance);
        }
    }
    // Re-ranking among the nearest 4 brings nothing in from beyond, so who was not among 5 is not among 5 now.
    for language in summary.heldout.retrieval.chunks(2) {
        for (plain, reranked) in
            [(&language[0].table.i2t, &language[1].table.i2t), (&language[0].table.t2i, &language[1].table.t2i)]
        {
            assert_eq!(plain.recall[1..], reranked.recall[1..], "R@5 and R@10 of {}", language[0].language);
        }
    }
}

#[test]
fn albef_run_leaves_metrics_a_summary_and_pictures_of_what_it_finds() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, skipped) = run(&short(&[&everything(20, 0.4)]), folder.path(), StartFrom::Scratch).unwrap();
    assert_eq!((summary.steps, skipped.len()), (12, 0));
    assert_eq!(summary.heldout.tasks.keys().collect::<Vec<_>>(), ["ita", "itm", "mlm"]);
    for (task, result) in &summary.heldout.tasks {
        assert!(result.loss.is_finite() && result.predictions > 0, "{task}: {result:?}");
        assert!((0.0..=1.0).contains(&result.accuracy) && result.chance > 0.0, "{task}: {result:?}");
    }
    assert_eq!(summary.heldout.tasks["itm"].predictions, 3 * 20, "a match and two negatives for each pair");
    assert_retrieval(&summary);
    let metrics = std::fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap();
    assert_eq!(metrics.lines().count(), 12 + 2);
    let written = std::fs::read_to_string(folder.path().join("summary.json")).unwrap();
    assert_eq!(written, serde_json::to_string_pretty(&summary).unwrap());
    for language in ["en", "zh"] {
        let bytes = std::fs::read(folder.path().join(format!("retrieval-{language}.png"))).unwrap();
        let sheet = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png).unwrap().into_rgb8();
        let colours: std::collections::BTreeSet<[u8; 3]> = sheet.pixels().map(|pixel| pixel.0).collect();
        assert!(colours.len() > 500, "{language}: {} colours", colours.len()); // drawings, not a frame and letters
    }
    for companion in ["recipe.toml", "tokenizer.json", "manifest.json"] {
        assert!(folder.path().join("checkpoints/step-00000012").join(companion).exists(), "{companion}");
    }
}

#[test]
fn albef_run_that_was_interrupted_goes_on_as_if_nothing_had_happened() {
    // A queue of 20 is no multiple of the batch of 8: it has begun anew by step 3, in the middle of a batch.
    for first in [
        "ita={weight=1.0, loss=\"in_batch\"}", // momentum encoder and queue begin with the second stage
        "ita={weight=1.0, loss={queue=20}}, alpha={alpha=0.3, ramp=4}",
    ] {
        let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let assembly = short(&[&two_stages(first), "model.encoder.text.hidden_dropout_prob=0.1"]);
        run(&assembly, whole.path(), StartFrom::Scratch).unwrap();
        run(&assembly, broken.path(), StartFrom::Scratch).unwrap();
        let momentum = |step| weights(whole.path(), "model.safetensors", step);
        let of_teacher = |step| momentum(step).keys().filter(|name| name.starts_with("momentum.")).count();
        assert_eq!(of_teacher(5) > 0, first.contains("queue"));
        assert!(of_teacher(12) > 0 && momentum(12).contains_key("queue.keys"));
        for newest in [10, 5] {
            for later in [10, 12].into_iter().filter(|&step| step > newest) {
                let _ = std::fs::remove_dir_all(broken.path().join(format!("checkpoints/step-{later:08}")));
            }
            let found = &Checkpoint::list(&broken.path().join("checkpoints"))[0];
            assert!(found.ends_with(format!("step-{newest:08}")), "{}", found.display());
            run(&assembly, broken.path(), StartFrom::NewestCheckpoint).unwrap();
            for file in ["model.safetensors", "optimizer.safetensors"] {
                assert!(
                    weights(whole.path(), file, 12) == weights(broken.path(), file, 12),
                    "{file} after going on from {newest}, with {first}"
                );
            }
            let metrics = |folder: &Path| std::fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
            assert_eq!(metrics(whole.path()), metrics(broken.path()), "from {newest}, with {first}");
        }
    }
}

#[test]
fn albef_batches_do_not_depend_on_the_workers() {
    let two_epochs = |workers: usize| {
        let assembly = small_albef(&[&format!("data.loader.workers={workers}"), "data.loader.batch_size=200"]).unwrap();
        batches(&assembly, 2 * assembly.train.len().div_ceil(200))
    };
    let one = two_epochs(1);
    assert_ne!(one[0], one[one.len() / 2], "the second epoch has an order of its own");
    for workers in [2, 5] {
        assert!(two_epochs(workers) == one, "{workers} workers");
    }
}

#[test]
fn albef_separator_policy_is_trained_with_and_kept() {
    for (layout, separator) in [("cls_title", false), ("cls_title_sep", true)] {
        let folder = tempfile::tempdir().unwrap();
        let set = format!("text.layout.layout={layout}");
        let assembly = small_albef(&[&set, "schedule.duration={steps=2}"]).unwrap();
        let sep = assembly.text.tokenizer.special_ids().sep;
        for example in &batches(&assembly, 1)[0] {
            assert_eq!(
                example.text.input_ids.last() == Some(&sep),
                separator,
                "{layout}: {:?}",
                example.text.input_ids
            );
        }
        let (summary, _) = run(&assembly, folder.path(), StartFrom::Scratch).unwrap();
        assert_eq!(summary.steps, 2);
        let path = folder.path().join("checkpoints/step-00000002/recipe.toml");
        let kept: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        assert_eq!(kept["text"]["layout"]["layout"].as_str(), Some(layout));
        let read = tuwen::train::find_recipe(path.to_str().unwrap(), &[], &[]).unwrap().albef().unwrap();
        assert_eq!(read, assembly.recipe);
    }
}

#[test]
fn albef_seed_mode_trains_and_writes_out_what_it_stands_for() {
    let folder = tempfile::tempdir().unwrap();
    let assembly = small_albef(&["compat=seed", &everything(20, 0.4), "schedule.duration={steps=2}"]).unwrap();
    let queue = assembly.start(&device()).queue.unwrap();
    assert_eq!((queue.len(), queue.keys().iter().flatten().count()), (20, 0), "full of vectors that belong to nobody");
    let (summary, _) = run(&assembly, folder.path(), StartFrom::Scratch).unwrap();
    assert!(summary.heldout.tasks.values().all(|result| result.loss.is_finite()), "{:?}", summary.heldout.tasks);
    let kept = std::fs::read_to_string(folder.path().join("checkpoints/step-00000002/recipe.toml")).unwrap();
    let kept: toml::Table = kept.parse().unwrap();
    assert_eq!(kept["tasks"]["positives"].as_str(), Some("own_pair_only"));
    assert_eq!(kept["momentum"]["queue_start"].as_str(), Some("seed"));
    assert_eq!(kept["tasks"]["masking"]["random_words"].as_str(), Some("seed"));
}
