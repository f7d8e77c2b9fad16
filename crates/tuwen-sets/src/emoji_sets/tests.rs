//! The sets as a whole: read again by the readers of the official formats, nothing held out in training, the same twice.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use tuwen_annotation::*;

use super::*;
use crate::fixture::{emoji_folder, parts};

fn small() -> EmojiSets {
    EmojiSets { fours: 20, keyword_threes: 20, tone_threes: 6, rounds: 1, ..EmojiSets::default() }
}

/// The sets of [`small`], written once for all tests.
fn once() -> &'static (tempfile::TempDir, SetSizes) {
    static ONCE: OnceLock<(tempfile::TempDir, SetSizes)> = OnceLock::new();
    ONCE.get_or_init(|| written(&small()))
}

fn written(sets: &EmojiSets) -> (tempfile::TempDir, SetSizes) {
    let folder = tempfile::tempdir().unwrap();
    let sizes = write_emoji_sets(&emoji_folder(), folder.path(), sets).unwrap();
    (folder, sizes)
}

/// Every list as the readers see it: how many records, and which pictures they name.
fn read(folder: &Path, part: &str) -> BTreeMap<&'static str, (usize, HashSet<String>)> {
    let file = |name: &str| folder.join(name.replace("PART", part));
    let (images, canvases) = (Images::below(folder.join("images")), Images::below(folder.join("canvases")));
    let answers = AnswerList::read(&file("vqa/answer_list.json")).unwrap();
    let questions =
        read_questions(&file("vqa/vqa_PART.json"), &images, KnownAnswers::Of(&answers)).unwrap().strict().unwrap();
    let statements = read_statements(&file("nlvr/nlvr_PART.json"), &images).unwrap().strict().unwrap();
    let sentences = read_entailment(&file("entailment/ve_PART.json"), &images).unwrap().strict().unwrap();
    let lines = read_snli_ve(&file("entailment/snli_ve_PART.jsonl"), &images).unwrap().strict().unwrap();
    assert_eq!(lines, sentences);
    let captions = read_captions(&file("retrieval/retrieval_PART.json"), &images).unwrap().strict().unwrap();
    let split = if part == "heldout" { "test" } else { part };
    let karpathy = read_karpathy(&file("retrieval/dataset_emoji.json"), &images, &[split]).unwrap().strict().unwrap();
    assert!(captions.iter().zip(&karpathy).all(|(a, b)| a.captions == b.captions && a.image == b.image));
    let beside = RefCocoFiles {
        references: file("grounding/refs.json"),
        instances: file("grounding/instances.json"),
        detections: file("grounding/dets.json"),
    };
    let expressions =
        read_expressions(&file("grounding/refcoco+_PART.json"), &beside, &canvases).unwrap().strict().unwrap();
    let fours = |e: &Expression| e.candidates.len() == 4 || (part == "train" && [1, 2].contains(&e.candidates.len()));
    assert!(expressions.iter().all(|e| e.split == part && fours(e) && e.candidates.contains(&e.gold)));
    let weak = read_captions(&file("grounding/refcoco+_PART.json"), &canvases).unwrap().strict().unwrap();
    assert_eq!(weak.iter().map(|canvas| canvas.captions.len()).sum::<usize>(), expressions.len());
    BTreeMap::from([
        ("vqa", (questions.len(), questions.into_iter().map(|q| q.image).collect())),
        ("nlvr", (statements.len(), statements.into_iter().flat_map(|s| s.images).collect())),
        ("entailment", (sentences.len(), sentences.into_iter().map(|s| s.image).collect())),
        ("grounding", (expressions.len(), expressions.into_iter().map(|e| e.image).collect())),
        ("retrieval", (2 * captions.len(), captions.into_iter().map(|c| c.image).collect())),
    ])
}

#[test]
fn readers_find_what_was_written_and_nothing_held_out_is_in_training() {
    let (folder, sizes) = once();
    let parts = ["train", "val", "heldout"].map(|part| (part, read(folder.path(), part)));
    for (part, read) in &parts {
        for (task, (records, _)) in read {
            let written: usize = sizes.0.iter().filter(|s| s.task == *task && s.part == *part).map(|s| s.records).sum();
            assert_eq!(*records, written, "{task} {part}");
        }
    }
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        for (task, (_, images)) in &parts[a].1 {
            assert!(images.is_disjoint(&parts[b].1[task].1), "{task}: {} and {}", parts[a].0, parts[b].0);
        }
    }
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(
                files(&path)
                    .into_iter()
                    .map(|(name, bytes)| (path.file_name().unwrap().into(), name, bytes))
                    .map(|(folder, name, bytes): (PathBuf, PathBuf, Vec<u8>)| (folder.join(name), bytes)),
            );
        } else {
            found.insert(path.file_name().unwrap().into(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_other_lists() {
    let again = written(&small()).0;
    assert!(files(once().0.path()) == files(again.path()));
    let parts = parts();
    assert_ne!(questions(&parts[0], 42), questions(&parts[0], 43));
    assert_ne!(statements(&parts[2], 42, 8), statements(&parts[2], 43, 8));
}

#[test]
fn a_source_without_its_fields_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_emoji_sets(folder.path(), &folder.path().join("out"), &small()).unwrap_err().to_string();
    assert!(error.contains("train.tar"), "{error}");
}
