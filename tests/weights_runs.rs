//! Runs that begin with weights from elsewhere, and exports of runs.

use std::path::Path;

use tuwen::encoder::{Weights, import_bert, open_weights, read_weights, write_weights};
use tuwen::recipe::Override;
use tuwen::train::albef::Assembly;
use tuwen::train::{StartFrom, TrainError, check_recipe};

use crate::albef_fixture::{everything, small_albef};
use crate::fixture::{run, watched};
use crate::golden::{Golden, workspace};
use crate::program::{program, said};

const SHORT: [&str; 4] =
    ["schedule.duration={steps=2}", "schedule.warmup={steps=0}", "checkpoint.every=1", "evaluation.every=2"];

/// A BERT of the golden's layers and the fixture's width and vocabulary, and its file.
fn bert_file(folder: &Path, assembly: &Assembly) -> String {
    let text = &assembly.recipe.model.encoder.text;
    let (wide, words) = (text.hidden_size, text.vocab_size);
    let mut weights = Weights::new();
    for (name, tensor) in Golden::open("weights_bert.safetensors").under("weights/") {
        let shape: Vec<usize> = tensor
            .shape
            .iter()
            .map(|&length| match length {
                24 => wide,
                40 if name.contains("dense") => text.intermediate_size,
                40 => words,
                other => other,
            })
            .collect();
        let count = shape.iter().product();
        let values = tensor.values.iter().copied().cycle().take(count).collect();
        weights.insert(name, tuwen::encoder::HostTensor { shape, values });
    }
    let path = folder.join("bert.safetensors");
    write_weights(&path, &weights, Default::default()).unwrap();
    path.display().to_string()
}

fn short(set: &[&str]) -> Result<Assembly, TrainError> {
    let stages = everything(20, 0.4);
    let layers = [
        "model.encoder.text.text_layers=2",
        "model.encoder.text.fusion_layers=1",
        "model.encoder.text.max_position_embeddings=16",
        "text.layout.max_length=16",
        stages.as_str(),
    ];
    small_albef(&[&SHORT, &layers[..], set].concat())
}

fn saved(run: &Path, step: u64) -> Weights {
    read_weights(&run.join(format!("checkpoints/step-{step:08}/model.safetensors")), |_| true).unwrap()
}

#[test]
fn weights_of_a_bert_begin_both_halves_of_the_text_side_and_a_resumed_run_needs_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = bert_file(folder.path(), &short(&[]).unwrap());
    let set = format!("init.text={file:?}");
    // Nothing moves at a rate of 0, so the checkpoint holds the first weights.
    let still = ["optimizer.learning_rate=0.0", "optimizer.weight_decay=0.0", set.as_str()];
    let assembly = short(&still).unwrap();
    let target = folder.path().join("run");
    let mut notices = Vec::new();
    watched(&assembly, &target, StartFrom::Scratch, &mut |event| {
        if let tuwen::train::Event::Notice(notice) = event {
            notices.push(notice.to_string());
        }
    })
    .unwrap();
    assert!(notices[0].contains("`init.text`: 2 text layers and 1 fusion layers, its layers 0 to 2"), "{notices:?}");
    assert!(notices[0].contains("not used: ") && notices[0].contains("pooler.dense.weight"), "{notices:?}");
    let (ours, bert) = (saved(&target, 2), import_bert(&open_weights(Path::new(&file)).unwrap().weights).unwrap());
    for (place, source) in [
        ("encoder.text_embeddings.word.weight", "text_embeddings.word.weight"),
        ("encoder.text_layers.1.attention.query_key_value.weight", "layers.1.attention.query_key_value.weight"),
        ("encoder.fusion_layers.0.attention.query_key_value.weight", "layers.2.attention.query_key_value.weight"),
        ("encoder.fusion_layers.0.output_norm.bias", "layers.2.output_norm.bias"),
        ("mlm.transform.weight", "mlm.transform.weight"),
    ] {
        assert_eq!(ours[place], bert.weights[source], "{place}");
    }
    let drawn = saved_first(&short(&still[..2]).unwrap(), &folder.path().join("drawn"));
    let cross = "encoder.fusion_layers.0.cross_attention.query.weight";
    assert_eq!(ours[cross], drawn[cross], "cross-attention is drawn as without a file");
    let origin = std::fs::read_to_string(target.join("run.json")).unwrap();
    assert!(origin.contains("\"key\": \"init.text\"") && origin.contains("\"sha256\""), "{origin}");
    std::fs::remove_file(&file).unwrap();
    let longer = short(&[&still[..], &["schedule.duration={steps=3}"]].concat()).unwrap();
    assert_eq!(run(&longer, &target, StartFrom::NewestCheckpoint).unwrap().0.steps, 3);
    assert_eq!(saved(&target, 3)["mlm.transform.weight"], bert.weights["mlm.transform.weight"]);
    let gone = run(&assembly, &folder.path().join("again"), StartFrom::Scratch).unwrap_err().to_string();
    assert!(gone.contains("bert.safetensors: no weights there"), "{gone}");
}

fn saved_first(assembly: &Assembly, folder: &Path) -> Weights {
    run(assembly, folder, StartFrom::Scratch).unwrap();
    saved(folder, 1)
}

#[test]
fn weights_that_do_not_fit_a_recipe_are_listed_and_nothing_begins() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = short(&[]).unwrap();
    let file = bert_file(folder.path(), &fresh);
    let told = |set: &[&str]| {
        let assembly = short(&[&[format!("init.text={file:?}").as_str()], set].concat()).unwrap();
        run(&assembly, &folder.path().join("run"), StartFrom::Scratch).unwrap_err().to_string()
    };
    let more = told(&["model.encoder.text.fusion_layers=2"]);
    assert!(more.contains("missing: encoder.fusion_layers.1.attention.output.bias"), "{more}");
    let longer = told(&["model.encoder.text.max_position_embeddings=32"]);
    assert!(longer.contains("of another shape: encoder.text_embeddings.position.weight ([16, "), "{longer}");
    let vit = short(&[format!("init.vision={file:?}").as_str()]).unwrap();
    let other = run(&vit, &folder.path().join("run"), StartFrom::Scratch).unwrap_err().to_string();
    assert!(other.ends_with("has names of a BERT of transformers, expected a vision transformer"), "{other}");
    assert!(short(&["init.text=a", "init.from=b"]).err().unwrap().to_string().contains("expected alone"));
}

#[test]
fn weights_of_a_run_are_exported_and_begin_another() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("run");
    run(&short(&[]).unwrap(), &target, StartFrom::Scratch).unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let convert = |from: &str, out: &str, layout: &str| {
        let output = program(&["convert", &path(from), &path(out), "--to", layout]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        said(&output)
    };
    let told = convert("run", "official", "albef");
    assert!(told.contains("wrote") && told.contains("config_bert.json"), "{told}");
    convert("official", "back", "tuwen");
    convert("run", "own", "tuwen");
    convert("run", "bert", "hf-bert");
    let own = open_weights(&folder.path().join("own/model.safetensors")).unwrap().weights;
    let back = open_weights(&folder.path().join("back/model.safetensors")).unwrap().weights;
    assert!(own.len() > 50 && own.iter().all(|(name, tensor)| back[name] == *tensor));
    let card = std::fs::read_to_string(folder.path().join("own/README.md")).unwrap();
    for part in ["## Data", "## Recipe", "## Results on held-out", "| en, text to picture |", "digest `"] {
        assert!(card.contains(part), "{part}: {card}");
    }
    let bert = import_bert(&open_weights(&folder.path().join("bert/model.safetensors")).unwrap().weights).unwrap();
    assert_eq!(bert.weights["text_embeddings.word.weight"], own["encoder.text_embeddings.word.weight"]);
    assert_eq!(bert.weights["layers.1.output_norm.bias"], own["encoder.text_layers.1.output_norm.bias"]);
    let config = std::fs::read_to_string(folder.path().join("bert/config.json")).unwrap();
    assert!(config.contains("\"num_hidden_layers\": 2"), "{config}");
    let lean = program(&["export", &path("run"), &path("lean")]).output().unwrap();
    assert!(lean.status.success(), "{lean:?}");
    for from in ["run", "own", "official", "lean"] {
        let still = ["optimizer.learning_rate=0.0", "optimizer.weight_decay=0.0", "schedule.duration={steps=1}"];
        let set = format!("init.from={:?}", path(from));
        let first =
            saved_first(&short(&[&still[..], &[&set]].concat()).unwrap(), &folder.path().join(format!("on-{from}")));
        assert!(own.iter().all(|(name, tensor)| first[name] == *tensor), "{from}");
    }
    let full = program(&["convert", &path("run"), &path("own"), "--to", "tuwen"]).output().unwrap();
    assert!(String::from_utf8_lossy(&full.stderr).contains("expected a new or empty folder"), "{full:?}");
}

#[test]
fn weights_of_a_run_broken_off_elsewhere_are_no_run_to_go_on_with() {
    let file = workspace().join("tests/golden/weights_albef.pth").display().to_string();
    let output = program(&["train", "albef-tiny", "--resume", &file]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("a run of another program can't be gone on with") && told.contains("init.from"), "{told}");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out").display().to_string();
    let output = program(&["convert", &file, &out, "--to", "tuwen"]).output().unwrap();
    assert!(said(&output).contains("not converted: epoch, lr_scheduler, optimizer"), "{output:?}");
    let malicious = workspace().join("tests/golden/weights_malicious.pth").display().to_string();
    let other = folder.path().join("other").display().to_string();
    let output = program(&["convert", &malicious, &other, "--to", "albef"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("`posix.system`"), "{output:?}");
}

#[test]
fn weights_that_are_not_there_are_explained_by_recipe_check() {
    let elsewhere = Override::parse("init.text=\"no/such/model.safetensors\"").unwrap();
    let check = check_recipe("albef-minilm", &[], &[elsewhere], &workspace()).unwrap();
    let fault = check.faults.iter().map(ToString::to_string).find(|fault| fault.contains("init.text")).unwrap();
    assert!(fault.contains("no/such/model.safetensors: no weights there; the remarks of the recipe"), "{fault}");
    let scratch = Override::parse("init={}").unwrap();
    assert!(check_recipe("albef-minilm", &[], &[scratch], &workspace()).unwrap().faults.is_empty());
}
