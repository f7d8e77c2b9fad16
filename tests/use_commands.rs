//! The commands that use a model, as a user calls them.

use std::path::Path;

use tuwen::encoder::open_weights;

use crate::albef_fixture::picture;
use crate::program::{called, done, program, text};
use crate::use_model::{heldout, short_run};

#[test]
fn a_search_is_ranked_drawn_and_the_second_one_reads_what_the_first_computed() {
    let folder = tempfile::tempdir().unwrap();
    let (run, sheet, pictures) = (folder.path().join("run"), folder.path().join("sheet.png"), heldout());
    short_run(&run);
    let search = ["search", text(&pictures), "红色的圆", "--model", text(&run), "--top", "7", "--sheet", text(&sheet)];
    let first = done(&search);
    let scores: Vec<f32> =
        first.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).skip(1).collect();
    assert!(scores.len() == 7 && scores.is_sorted_by(|a, b| a >= b), "{first}");
    assert!(first.starts_with("387 pictures; nearest to `红色的圆`:"), "{first}");
    assert!(image::open(&sheet).unwrap().width() > 500);
    let kept: Vec<_> = std::fs::read_dir(run.join("embeddings")).unwrap().map(|entry| entry.unwrap()).collect();
    let changed = kept[0].metadata().unwrap().modified().unwrap();
    assert_eq!(done(&search), first);
    assert_eq!((kept.len(), kept[0].path().metadata().unwrap().modified().unwrap()), (1, changed), "written once");
}

#[test]
fn embeddings_go_into_files_and_broken_pictures_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (run, pictures) = (folder.path().join("run"), folder.path().join("pictures"));
    short_run(&run);
    std::fs::create_dir(&pictures).unwrap();
    std::fs::write(pictures.join("a.png"), picture(1)).unwrap();
    std::fs::write(pictures.join("b.png"), "no picture").unwrap();
    let (lines, tensors) = (folder.path().join("e.jsonl"), folder.path().join("e.safetensors"));
    let (model, out) = (text(&run), [text(&lines), text(&tensors)]);
    let embed = ["embed", text(&pictures), "--text", "红色的圆", "--model", model, "--out", out[0], "--out", out[1]];
    let output = called(&embed);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("skipped b.png: ") && told.contains("embedded    2, each of 8 numbers; 1 skipped"), "{told}");
    let lines = std::fs::read_to_string(lines).unwrap();
    let names: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| format!("{} {}", line["name"].as_str().unwrap(), line["embedding"].as_array().unwrap().len()))
        .collect();
    assert_eq!(names, ["a.png 8", "红色的圆 8"]);
    let bytes = std::fs::read(tensors).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("embeddings").unwrap().shape(), [2, 8]);
}

#[test]
fn matching_filling_and_exporting_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let (run, image, lean) = (folder.path().join("run"), folder.path().join("a.png"), folder.path().join("lean"));
    short_run(&run);
    std::fs::write(&image, picture(1)).unwrap();
    let model = text(&run);
    let matched = done(&["match", text(&image), "a dog", "红色的圆", "--model", model]);
    assert!(matched.lines().count() == 3 && matched.contains("%") && matched.ends_with("红色的圆\n"), "{matched}");
    done(&["export", model, text(&lean)]);
    let filled = done(&["fill", text(&image), "a [MASK] face", "--model", text(&lean), "--top", "3"]);
    assert_eq!(filled.lines().count(), 4, "{filled}");
    an_export_is_converted_as_its_run_is(folder.path(), &run, &lean);
    a_card_tells_what_the_run_measured(folder.path(), &run, &lean);
    let error = called(&["match", " ", "a", "--model", model]);
    assert_eq!(error.status.code(), Some(1), "{error:?}");
    let error = called(&["match", text(&folder.path().join("no.png")), "a", "--model", model]);
    let told = String::from_utf8_lossy(&error.stderr).into_owned();
    assert!(error.status.code() == Some(1) && told.contains("no.png: "), "{told}");
}

/// From within a run's checkpoints the run is found; beside an export there is none.
fn a_card_tells_what_the_run_measured(folder: &Path, run: &Path, export: &Path) {
    let card = |folder: &Path| std::fs::read_to_string(folder.join("README.md")).unwrap();
    let (within, again) = (folder.join("within"), folder.join("again"));
    let mut command = program(&["export", "step-00000004", text(&within)]);
    let output = command.current_dir(run.join("checkpoints")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(card(&within).contains("| itm |"), "{}", card(&within));
    done(&["export", text(export), text(&again)]);
    let unknown = "Not known: no run lies beside the weights, or it was not tested then.";
    assert!(card(&again).contains(unknown), "{}", card(&again));
}

/// Momentum encoders, which the run has and its export has not, apart.
fn an_export_is_converted_as_its_run_is(folder: &Path, run: &Path, export: &Path) {
    let converted = |from: &Path, name: &str| {
        let out = folder.join(name);
        done(&["convert", text(from), text(&out), "--to", "albef"]);
        let mut weights = open_weights(&out.join("model.safetensors")).unwrap().weights;
        weights.retain(|name, _| !["_m.", "_queue"].iter().any(|part| name.contains(part)));
        weights
    };
    let (of_run, of_export) = (converted(run, "of-run"), converted(export, "of-export"));
    assert!(of_run.len() > 50 && of_run == of_export);
}
