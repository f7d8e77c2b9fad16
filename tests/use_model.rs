//! A trained model in use: what it says does not depend on how many ask at a time, and is what the run's own tests see.

use std::path::{Path, PathBuf};

use tuwen::encoder::read_weights;
use tuwen::model::{Clip, Index, Model, ModelError, Pictures};
use tuwen::train::albef::{Assembly, encode, retrieve};
use tuwen::train::{Architecture, Checkpoint, StartFrom, Summary, Trained, Which, averaged_weights};
use tuwen::vision::Image;

use crate::albef_fixture::{everything, picture, small_albef};
use crate::fixture::{device, run, small};
use crate::golden::workspace;

/// How far a result may move when others are computed beside it. On the CPU padding is left out, so only the order of sums in a
/// product changes; values are at most 1.
const BESIDE: f32 = 1e-6;

/// A run of a few steps with a running average of the weights and a momentum encoder; returns its assembly.
pub(crate) fn short_run(folder: &Path) -> Assembly {
    let set = [&everything(20, 0.4), "optimizer.average=0.5", "schedule.duration={steps=4}", "checkpoint.every=2"];
    let assembly = small_albef(&set).unwrap();
    run(&assembly, folder, StartFrom::Scratch).unwrap();
    assembly
}

pub(crate) fn heldout() -> PathBuf {
    workspace().join("datasets/emoji/heldout.tar")
}

fn open(folder: &Path) -> Model {
    Model::open(folder, &device()).unwrap()
}

fn images(count: usize) -> Vec<Image> {
    let pictures = Pictures::open(&heldout()).unwrap();
    (0..count).map(|number| pictures.read(number).unwrap()).collect()
}

fn furthest(some: &[f32], others: &[f32]) -> f32 {
    assert_eq!(some.len(), others.len());
    some.iter().zip(others).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

const TEXTS: [&str; 5] = ["a red circle", "红色的圆", "woman firefighter: medium skin tone", "", "狗"];

#[test]
fn one_at_a_time_or_many_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    short_run(folder.path());
    let (model, images) = (open(folder.path()).with_batch(3), images(7));
    let all = model.embed_images(&images).unwrap();
    assert_eq!((all.len(), all.size()), (7, 8));
    for (row, image) in all.rows().zip(&images) {
        assert!((row.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-5, "unit length");
        let alone = model.embed_images(std::slice::from_ref(image)).unwrap();
        assert!(furthest(alone.values(), row) <= BESIDE, "{}", furthest(alone.values(), row));
    }
    let all = model.embed_texts(&TEXTS).unwrap();
    let scores = model.match_scores(&images[0], &TEXTS).unwrap();
    let image = model.embed_images(&images[..1]).unwrap();
    for (place, text) in TEXTS.iter().enumerate() {
        let alone = model.embed_texts(&[text]).unwrap();
        assert!(furthest(alone.values(), all.row(place)) <= BESIDE, "{text}");
        let score = model.match_scores(&images[0], &[text]).unwrap()[0];
        assert!((score.probability - scores[place].probability).abs() <= BESIDE, "{text}");
        let cosine: f32 = alone.values().iter().zip(image.values()).map(|(a, b)| a * b).sum();
        assert!((score.cosine - cosine).abs() <= BESIDE, "{text}");
    }
    assert_eq!(all.rank(all.row(1), 1)[0].place, 1);
}

#[test]
fn a_model_in_use_is_the_one_that_its_run_tests() {
    let folder = tempfile::tempdir().unwrap();
    let assembly = short_run(folder.path());
    let newest = Checkpoint::newest(&folder.path().join("checkpoints"), |_| ()).unwrap();
    let tested = averaged_weights(&newest.model, &newest.optimizer);
    let weight = "encoder.text_projection.weight";
    assert_ne!(tested[weight], newest.model[weight], "the average is another");
    let state = assembly.restore(assembly.start(&device().autodiff()), &tested).unwrap();
    let heldout = assembly.heldout_pairs(&mut |reason| panic!("{reason}")).unwrap();
    let (gallery, pad) = (&heldout.gallery, assembly.text.tokenizer.special_ids().pad);
    let valid = burn::module::Module::valid(&state.model);
    let found = retrieve(&encode(&valid, &gallery.pictures, &gallery.captions[1].1, (pad, 8)), 8).unwrap();

    let model = open(folder.path());
    let pictures: Vec<Image> = gallery.pictures.iter().map(|picture| picture.image.clone()).collect();
    let texts: Vec<&str> = gallery.captions[1].1.iter().map(|caption| caption.text.as_str()).collect();
    let (pictures, texts) = (model.embed_images(&pictures).unwrap(), model.embed_texts(&texts).unwrap());
    for (number, picture) in pictures.rows().enumerate() {
        let cosine = |text: &[f32]| picture.iter().zip(text).map(|(a, b)| a * b).sum::<f32>();
        let cosines: Vec<f32> = texts.rows().map(cosine).collect();
        assert!(furthest(&cosines, found.i2t.row(number)) <= BESIDE);
    }
}

#[test]
fn a_stream_keeps_its_order_and_a_bad_item_costs_itself_alone() {
    let folder = tempfile::tempdir().unwrap();
    short_run(folder.path());
    let (model, pictures) = (open(folder.path()).with_batch(2), folder.path().join("pictures"));
    std::fs::create_dir(&pictures).unwrap();
    for (name, bytes) in [
        ("a.png", picture(1)),
        ("b.png", b"no picture".to_vec()),
        ("c.png", picture(3)),
        ("d.jpg", picture(4)),
        ("e.png", vec![]),
    ] {
        std::fs::write(pictures.join(name), bytes).unwrap();
    }
    let pictures = Pictures::open(&pictures).unwrap();
    let rows: Vec<Result<Vec<f32>, ModelError>> =
        model.image_stream(0..5, |number| pictures.read(number)).unwrap().collect();
    let told = |number: usize| rows[number].as_ref().err().map(ToString::to_string).unwrap_or_default();
    assert!(told(1).starts_with("b.png: ") && told(4).starts_with("e.png: "), "{} {}", told(1), told(4));
    for number in [0, 2, 3] {
        let alone = model.embed_images(&[pictures.read(number).unwrap()]).unwrap();
        assert!(furthest(alone.values(), rows[number].as_ref().unwrap()) <= BESIDE);
    }
    let texts: Vec<Vec<f32>> = model.text_stream(TEXTS).unwrap().map(Result::unwrap).collect();
    assert!(furthest(&texts.concat(), model.embed_texts(&TEXTS).unwrap().values()) <= BESIDE);
}

#[test]
fn hidden_words_are_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    short_run(folder.path());
    let (model, images) = (open(folder.path()), images(1));
    let blanks = model.fill_mask("a [MASK] 的 [MASK]", Some(&images[0]), 3).unwrap();
    assert_eq!(blanks.len(), 2);
    for blank in &blanks {
        let probabilities: Vec<f32> = blank.guesses.iter().map(|guess| guess.probability).collect();
        assert!(probabilities.len() == 3 && probabilities.is_sorted_by(|a, b| a >= b), "{blanks:?}");
        assert!(blank.guesses.iter().all(|guess| !guess.word.is_empty() && !guess.word.starts_with('[')), "{blanks:?}");
    }
    let beside_nothing = model.fill_mask("a [MASK] 的 [MASK]", None, 3).unwrap();
    assert_ne!(blanks, beside_nothing, "the picture has a say");
    let whole = model.fill_mask("a [MASK]", None, usize::MAX).unwrap();
    let sum: f32 = whole[0].guesses.iter().map(|guess| guess.probability).sum();
    assert!(sum > 0.9 && sum <= 1.0 + 1e-5, "{sum}");
    assert!(matches!(model.fill_mask("a face", None, 3), Err(ModelError::NothingMasked { .. })));
    let maps = model.word_maps(&images[0], "a red circle").unwrap();
    let words: Vec<&str> = maps.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(words, ["a", "red", "circle"]);
    assert!(
        maps.iter().all(|word| word.map.len().isqrt().pow(2) == word.map.len() && word.map.iter().all(|v| *v >= 0.0))
    );
}

#[test]
fn what_a_run_did_not_learn_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let set = ["stages=[{ita={weight=1.0, loss=\"in_batch\"}}]", "schedule.duration={steps=2}"];
    run(&small_albef(&set).unwrap(), folder.path(), StartFrom::Scratch).unwrap();
    let (model, images) = (open(folder.path()), images(1));
    assert!(!model.matches() && !model.fills());
    let error = model.match_scores(&images[0], &["a"]).unwrap_err().to_string();
    assert_eq!(error, "matching: the recipe `albef-tiny` does not train the task `itm`");
    assert!(matches!(model.fill_mask("[MASK]", None, 1), Err(ModelError::Untrained { task: "mlm", .. })));
    let error = model.embed_clips(&[]).unwrap_err().to_string();
    assert_eq!(error, "embedding clips: the model is an ALBEF, expected a UniBERT");
    let nothing = Model::open(&folder.path().join("nowhere"), &device()).err().unwrap().to_string();
    assert!(nothing.contains("no run's folder, checkpoint or exported folder"), "{nothing}");
}

#[test]
fn an_exported_model_is_the_same_without_its_run() {
    let folder = tempfile::tempdir().unwrap();
    short_run(&folder.path().join("run"));
    let (run, lean) = (folder.path().join("run"), folder.path().join("lean"));
    let trained = Trained::open(&run, Which::Newest, |_| ()).unwrap();
    trained.export(&lean, &tuwen::model::model_card(&trained, &run, &workspace())).unwrap();
    let images = images(2);
    let of_run = open(&run).embed_images(&images).unwrap();
    let summary = std::fs::read_to_string(run.join("summary.json")).unwrap();
    std::fs::remove_dir_all(&run).unwrap();
    assert_eq!(open(&lean).embed_images(&images).unwrap(), of_run);
    let mut names: Vec<String> =
        std::fs::read_dir(&lean).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["README.md", "manifest.json", "model.safetensors", "recipe.toml", "tokenizer.json"]);
    let weights = read_weights(&lean.join("model.safetensors"), |_| true).unwrap();
    assert!(weights.keys().all(|name| !name.starts_with("momentum.") && !name.starts_with("queue.")));
    let card = std::fs::read_to_string(lean.join("README.md")).unwrap();
    let parts =
        ["# albef-tiny", "datasets/emoji/train.tar", "datasets/emoji/licenses/", "- seed 42, 4 steps of 8 records"];
    let summary: Summary = serde_json::from_str(&summary).unwrap();
    let itm = &summary.heldout.tasks["itm"];
    let itm = format!("| itm | {:.3} | {:.1} % | 50.0 % | {} |", itm.loss, 100.0 * itm.accuracy, itm.predictions);
    let measured =
        [&itm, "| zh, text to picture, the nearest 4 re-ranked |", "--rerank", "Model::open(\"THIS_FOLDER\""];
    for part in parts.iter().chain(&measured) {
        assert!(card.contains(part), "`{part}` in\n{card}");
    }
    let again = trained.export(&lean, "").unwrap_err().to_string();
    assert!(again.ends_with("is there already, expected a new folder"), "{again}");
    let file = lean.join("model.safetensors");
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = Model::open(&lean, &device()).err().unwrap().to_string();
    assert!(error.ends_with("model.safetensors was changed after it was written"), "{error}");
}

#[test]
fn kept_embeddings_are_those_of_the_same_model_and_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    short_run(&folder.path().join("run"));
    let (model, place) = (open(&folder.path().join("run")), folder.path().join("pictures"));
    std::fs::create_dir(&place).unwrap();
    for (name, tint) in [("a.png", 1), ("b.png", 90), ("c.png", 200)] {
        std::fs::write(place.join(name), picture(tint)).unwrap();
    }
    std::fs::write(place.join("broken.png"), "no picture").unwrap();
    let cache = Index::cache_beside(&folder.path().join("run"), &place);
    let index = |cache: Option<&Path>| {
        let mut embedded = 0;
        let index = Index::open(&model, Pictures::open(&place).unwrap(), cache, &mut |now| embedded = now.all).unwrap();
        (index.embeddings().clone(), index.skipped().len(), embedded)
    };
    let (fresh, ..) = index(None);
    assert_eq!(index(Some(&cache)), (fresh.clone(), 1, 4));
    assert_eq!(index(Some(&cache)), (fresh.clone(), 1, 0), "nothing is computed again, not even that one is broken");
    std::fs::write(place.join("b.png"), picture(91)).unwrap();
    std::fs::remove_file(place.join("broken.png")).unwrap();
    let (changed, skipped, embedded) = index(Some(&cache));
    assert_eq!((skipped, embedded, changed.row(0)), (0, 1, fresh.row(0)));
    assert_eq!(index(Some(&cache)).2, 0);
    let bytes = std::fs::read(&cache).unwrap();
    for damaged in [&bytes[..bytes.len() / 2], b"", b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F{}"] {
        std::fs::write(&cache, damaged).unwrap();
        assert_eq!(index(Some(&cache)).2, 3, "a damaged file is made anew");
    }
}

#[test]
fn clips_are_embedded_matched_and_their_titles_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    let assembly = small(&["schedule.duration={steps=2}"]).unwrap();
    run(&assembly, folder.path(), StartFrom::Scratch).unwrap();
    let model = open(folder.path()).with_batch(2);
    let clip = |number: usize| {
        let record = assembly.heldout.read(number).unwrap();
        Clip { title: record.titles[0].text.clone(), visual: record.visual }
    };
    let mut clips: Vec<Clip> = (0..3).map(clip).collect();
    let all = model.embed_clips(&clips).unwrap();
    let scores = model.match_clips(&clips).unwrap();
    for (number, clip) in clips.iter().enumerate() {
        let alone = std::slice::from_ref(clip);
        assert!(furthest(model.embed_clips(alone).unwrap().values(), all.row(number)) <= BESIDE);
        assert!((model.match_clips(alone).unwrap()[0] - scores[number]).abs() <= BESIDE);
        assert!((0.0..=1.0).contains(&scores[number]));
    }
    clips[1].visual = tuwen::data::Visual::Image(b"no picture".to_vec());
    let rows: Vec<bool> = model.clip_stream(clips.clone()).unwrap().map(|row| row.is_ok()).collect();
    assert_eq!(rows, [true, false, true]);
    clips[0].title = "a [MASK] cat".to_string();
    let blanks = model.fill_title(&clips[0], 4).unwrap();
    assert!(blanks.len() == 1 && blanks[0].guesses.len() == 4, "{blanks:?}");
    let error = model.embed_texts(&["a"]).unwrap_err().to_string();
    assert_eq!(error, "embedding texts: the model is a UniBERT, expected an ALBEF");
}
