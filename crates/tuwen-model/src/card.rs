//! The card that goes with an exported model: what it is, how it is used, what it learned from, how good it is.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use tuwen_train::{Recipe, Trained};

use crate::results::{heldout_results, results_tables};

/// A `README.md` for an exported model: what can be read from the run's folder, and what only its maker knows marked so.
/// Relative paths of its data are looked for where the program runs and then under `root`.
pub fn model_card(trained: &Trained, run: &Path, root: &Path) -> String {
    let (recipe, mut card) = (&trained.recipe, String::new());
    let kind = match recipe {
        Recipe::Albef(_) => "An ALBEF (two streams, aligned before they are fused, arXiv:2107.07651)",
        Recipe::UniBert(_) => "A UniBERT (a single stream over clips and titles)",
    };
    let (name, steps) = (recipe.name(), trained.position.step);
    let numbers = trained.parameters();
    let _ = write!(
        card,
        "# {name}\n\n{kind}\nof {numbers} numbers after {steps} steps of the recipe `{name}`, trained with tuwen. `recipe.toml` holds \
         every number of\nits training, `tokenizer.json` its vocabulary; `manifest.json` vouches for the files.\n\n"
    );
    card += &usage(recipe);
    card += "\n## Training\n\n";
    card += &training(trained, run);
    card += "\n## Licence of the sources\n\n";
    card += &licences(trained, root);
    let _ = write!(card, "\n## Results on held-out records, after {steps} steps\n\n");
    let untested = || "Not known: no run lies beside the weights, or it was not tested then.\n".to_string();
    card += &heldout_results(run, steps).map_or_else(untested, |results| results_tables(&results));
    card
}

/// Commands and lines of code for what the recipe trains.
fn usage(recipe: &Recipe) -> String {
    let (matches, fills) = recipe_trains(recipe);
    let (what, layout, code) = match recipe {
        Recipe::Albef(_) => ("PICTURE", "albef", IN_CODE_ALBEF),
        Recipe::UniBert(_) => ("RECORDS#NAME", "unibert", IN_CODE_UNIBERT),
    };
    let mut commands = match recipe {
        Recipe::Albef(_) => {
            vec!["tuwen embed PICTURES --text TEXT".to_string(), "tuwen search PICTURES TEXT".to_string()]
        }
        Recipe::UniBert(_) => vec!["tuwen embed RECORDS".to_string()],
    };
    if matches {
        commands.push(match recipe {
            Recipe::Albef(_) => "tuwen search PICTURES TEXT --rerank 16".to_string(),
            Recipe::UniBert(_) => "tuwen search RECORDS TEXT".to_string(),
        });
        commands.push(format!("tuwen match {what} TEXT"));
    }
    if fills {
        commands.push(format!("tuwen fill {what} \"a [MASK] face\""));
    }
    let commands: String = commands.iter().map(|command| format!("$ {command} --model THIS_FOLDER\n")).collect();
    format!(
        "```console\n{commands}$ tuwen convert THIS_FOLDER OUT --to {layout}    # for the reference's own code\n```\n\n\
         ```rust\nlet model = tuwen::model::Model::open(\"THIS_FOLDER\".as_ref(), &tuwen::device::Device::flex())?;\n{code}```\n"
    )
}

const IN_CODE_ALBEF: &str = "\
let pictures = tuwen::model::Pictures::open(\"PICTURES\".as_ref())?;
let images = model.embed_images(&[pictures.read(0)?])?; // unit vectors [n, E]
let texts = model.embed_texts(&[\"TEXT\"])?; // in the same space
";

const IN_CODE_UNIBERT: &str = "\
let clips = tuwen::model::Clips::open(model.recipe(), \"RECORDS\".as_ref())?;
let (name, clip) = clips.read(0)?;
let embeddings = model.embed_clips(&[clip])?; // of clips with their titles: unit vectors [n, E]
";

/// Whether matching and hidden words are trained.
fn recipe_trains(recipe: &Recipe) -> (bool, bool) {
    match recipe {
        Recipe::Albef(recipe) => {
            (recipe.trains(|stage| stage.itm.is_some()), recipe.trains(|stage| stage.mlm.is_some()))
        }
        Recipe::UniBert(recipe) => (recipe.tasks.itm.is_some(), recipe.tasks.mlm.is_some()),
    }
}

/// Seed, steps, program and data.
fn training(trained: &Trained, run: &Path) -> String {
    let (data, position) = (trained.recipe.data(), &trained.position);
    let seed = match &trained.recipe {
        Recipe::Albef(recipe) => recipe.seed,
        Recipe::UniBert(recipe) => recipe.seed,
    };
    let mut text = format!(
        "- seed {seed}, {} steps of {} records, {} steps skipped\n",
        position.step, data.loader.batch_size, position.skipped_steps
    );
    let print = std::fs::read(run.join("run.json")).ok();
    let print: Option<Value> = print.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let last = print.as_ref().and_then(|file| file["processes"].as_array()?.last());
    let told = |key: &str| last.and_then(|process| process[key].as_str());
    if let (Some(code), Some(device)) = (told("code"), told("device")) {
        let _ = writeln!(text, "- by {code}, on {device}");
    }
    for (name, path) in [("train", &data.train), ("heldout", &data.heldout)] {
        let print = last.map(|process| &process["data"][name]);
        let digest =
            print.and_then(|print| print["digest"].as_str()).map_or(String::new(), |d| format!(", digest `{d}`"));
        let _ = writeln!(text, "- {name}: `{}`{digest}", path.display());
    }
    text
}

/// The files of the folder `licenses` beside the training records.
fn licences(trained: &Trained, root: &Path) -> String {
    let folder = trained.recipe.data().train.parent().map(|parent| parent.join("licenses"));
    let found = folder.as_ref().map(|folder| if folder.exists() { folder.clone() } else { root.join(folder) });
    let entries = found.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    match (folder, names.is_empty()) {
        (Some(folder), false) => names.iter().fold(String::new(), |mut text, name| {
            let _ = writeln!(text, "- `{}`", folder.join(name).display());
            text
        }),
        _ => "Not known: no folder `licenses` lies beside the records. To be written by hand.\n".to_string(),
    }
}
