//! Recipes and sets of downstream tasks that can't be used, each with what is said of it.

use tuwen::train::{StartFrom, find_any_recipe, find_recipe};

use crate::downstream_fixture::{run, sets, small};
use crate::golden::workspace;
use crate::program::program;

fn refused(name: &str, set: &str) -> String {
    match small(name, &[set]) {
        Err(error) => error.to_string(),
        Ok(recipe) => {
            let folder = tempfile::tempdir().unwrap();
            run(recipe, folder.path(), StartFrom::Scratch).map(|_| ()).unwrap_err().to_string()
        }
    }
}

#[test]
fn downstream_recipes_that_contradict_themselves_are_refused_by_key() {
    for (name, set, expected) in [
        ("albef-ve-tiny", "task.data.trian=1", "did you mean `task.data.train`?"),
        (
            "albef-ve-tiny",
            "task.albef.vision.side=32",
            "`task.albef.vision.side` is 32, expected `model.encoder.vision.image_size` = 64",
        ),
        (
            "albef-ve-tiny",
            "task.distillation={momentum=1.0, alpha={alpha=0.4, ramp=1}}",
            "`task.distillation.momentum` is 1",
        ),
        ("albef-vqa-tiny", "task.decoder_layers=0", "`task.decoder_layers` is 0, expected at least 1"),
        ("albef-vqa-tiny", "task.answering={rank={candidates=0}}", "`task.answering.rank.candidates` is 0"),
        ("albef-refcoco-tiny", "task.layer=1", "`task.layer` is 1, expected below"),
        (
            "albef-retrieval-tiny",
            "task.alignment.losses={ita={weight=1.0, loss=\"in_batch\"}}",
            "`task.alignment.losses` lacks `ita` or `itm`",
        ),
        ("albef-retrieval-tiny", "task.alignment.temperature=7.0", "`task.alignment.temperature` is 7"),
        ("albef-assignment-tiny", "task.temperature=0.0", "`task.temperature` is 0, expected a finite number above 0"),
        ("unibert-pairs-tiny", "task.data.clips=[]", "`task.data.clips` is empty"),
        ("unibert-pairs-tiny", "loader.batch_size=0", "`loader.batch_size` is 0, expected at least 1"),
    ] {
        let error = refused(name, set);
        assert!(error.contains(expected), "{name}, {set}: {error}");
    }
}

#[test]
fn downstream_sets_that_cant_be_used_name_file_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let empty = file("empty.json", "[]");
    let missing = file("missing.json", "[{\"image\": \"nowhere\", \"sentence\": \"a\", \"label\": \"neutral\"}]");
    let unknown = file("pairs.tsv", "1\t2\t0.5\n");
    let none = file("none.json", "[]");
    for (name, set, expected) in [
        ("albef-ve-tiny", format!("task.data.train={{albef={empty:?}}}"), "empty.json"),
        ("albef-ve-tiny", format!("task.data.train={{albef={missing:?}}}"), "nowhere.jpg"),
        ("albef-ve-tiny", "task.data.train={albef=\"no/list.json\"}".to_string(), "no/list.json"),
        ("albef-vqa-tiny", format!("task.answers={none:?}"), "none.json"),
        ("unibert-pairs-tiny", format!("task.data.pairs={{by_number={unknown:?}}}"), "clip `1` is not in the set"),
    ] {
        let error = refused(name, &set);
        assert!(error.contains(expected), "{name}, {set}: {error}");
    }
    // A record that can't be used costs itself.
    let good = std::fs::read_to_string(sets().join("emoji/entailment/ve_train.json")).unwrap();
    let spoilt = file("spoilt.json", &good.replacen("\"label\":\"", "\"label\":\"not ", 1));
    let run_folder = tempfile::tempdir().unwrap();
    let set = format!("task.data.train={{albef={spoilt:?}}}");
    let (_, said) = run(small("albef-ve-tiny", &[&set]).unwrap(), run_folder.path(), StartFrom::Scratch).unwrap();
    assert!(
        said[0].contains("spoilt.json: 1 of ") && said[0].contains("records are left out, the first: record 0"),
        "{said:?}"
    );
}

#[test]
fn downstream_recipes_are_found_by_their_architecture() {
    let error = find_recipe("albef-vqa", &[], &[]).unwrap_err().to_string();
    assert_eq!(error, "`albef-vqa` is a recipe of a downstream task, expected one of pre-training");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.toml");
    std::fs::write(&path, "architecture = \"albef-vqaa\"\n").unwrap();
    let error = find_any_recipe(path.to_str().unwrap(), &[], &[]).unwrap_err().to_string();
    assert!(
        error.contains("`architecture` is `albef-vqaa`") && error.ends_with("did you mean `albef-vqa`?"),
        "{error}"
    );
}

#[test]
fn downstream_and_ensemble_commands_answer_what_they_are_asked() {
    let call = |arguments: &[&str]| {
        let output = program(arguments).current_dir(workspace()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, error) = call(&["downstream", "retrival", "--from", "nowhere"]);
    assert!(
        code == Some(1) && error.contains("no task `retrival`") && error.contains("did you mean `retrieval`?"),
        "{error}"
    );
    let (code, error) = call(&["downstream", "ve", "--from", "nowhere"]);
    assert!(code == Some(1) && error.contains("nowhere"), "{error}");
    let (code, error) = call(&["ensemble", "a", "b", "--out", "c", "--weights", "1"]);
    assert!(code == Some(1) && error.contains("1 weights for 2 runs, expected one for each"), "{error}");
    let (code, error) = call(&["train", "albef-vqa-tiny", "--data", "x"]);
    assert!(code == Some(1) && error.contains("--data and --heldout are for pre-training"), "{error}");
    let (code, error) = call(&["plan", "albef-vqa"]);
    assert!(code == Some(1) && error.contains("expected one of pre-training"), "{error}");
}
