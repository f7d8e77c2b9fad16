//! The card that goes with an exported model: what it is, what it learned from, how good it is.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use tuwen_train::{Recipe, Summary, Trained};

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
         every number of\nits training, `tokenizer.json` its vocabulary; `manifest.json` vouches for the files.\n\n\
         ```console\n$ tuwen search PICTURES TEXT --model THIS_FOLDER\n```\n\n## Data\n\n"
    );
    card.push_str(&data(trained, run));
    card.push_str("\n## Licence of the sources\n\n");
    card.push_str(&licences(trained, root));
    card.push_str("\n## Results on held-out records\n\n");
    card.push_str(&results(run, steps).unwrap_or_else(|| "Not known for this checkpoint.\n".to_string()));
    card
}

fn data(trained: &Trained, run: &Path) -> String {
    let data = trained.recipe.data();
    let mut text = String::new();
    let print = std::fs::read(run.join("run.json")).ok();
    let print: Option<Value> = print.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let last = print.as_ref().and_then(|file| file["processes"].as_array()?.last());
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

/// What `summary.json` says, if it is of these steps.
fn results(run: &Path, steps: u64) -> Option<String> {
    let bytes = std::fs::read(run.join("summary.json")).ok()?;
    let summary: Summary = serde_json::from_slice(&bytes).ok()?;
    if summary.steps != steps {
        return None;
    }
    let mut text = "| task | loss | accuracy | guessing |\n|---|---|---|---|\n".to_string();
    for (task, result) in &summary.heldout.tasks {
        let (accuracy, chance) = (100.0 * result.accuracy, 100.0 * result.chance);
        let _ = writeln!(text, "| {task} | {:.3} | {accuracy:.1} % | {chance:.1} % |", result.loss);
    }
    if !summary.heldout.retrieval.is_empty() {
        text.push_str(
            "\n| retrieval | R@1, picture to text | R@1, text to picture | mean of six |\n|---|---|---|---|\n",
        );
    }
    for found in &summary.heldout.retrieval {
        let how = found.reranked.map_or(String::new(), |nearest| format!(", the nearest {nearest} re-ranked"));
        let (i2t, t2i, mean) = (found.table.i2t.recall[0], found.table.t2i.recall[0], found.table.mean_recall);
        let _ = writeln!(text, "| {}{how} | {i2t:.1} % | {t2i:.1} % | {mean:.1} % |", found.language);
    }
    Some(text)
}
