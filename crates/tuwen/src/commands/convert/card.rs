//! The card of an export: what the weights are, what they were trained on and how, what they can do, and whose the
//! sources are.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use tuwen_model::{heldout_results, results_tables, run_of};
use tuwen_train::Recipe;

use super::Output;
use super::input::Input;

/// The text of `README.md`.
pub(super) fn write(input: &Input, output: &Output, program: &str) -> String {
    let name = input.recipe.as_ref().map_or("Converted weights", Recipe::name);
    let mut card = format!("# {name}\n\n- Read from {}.\n- Written by {program}.\n", input.describe());
    for line in input.remarks().iter().chain(&output.notes) {
        let _ = writeln!(card, "- {line}");
    }
    let _ = write!(card, "\n## Load it\n\n```\n{}```\n", output.usage);
    match &input.recipe {
        Some(recipe) => data(&mut card, &mut recipe.clone(), (input.trained.folder.as_deref(), input.trained.step)),
        None => {
            card +=
                "\n## Data, recipe, metrics\n\nUnknown: the file says nothing of them. Its licence is its origin's.\n"
        }
    }
    card
}

fn data(card: &mut String, recipe: &mut Recipe, (folder, step): (Option<&Path>, Option<u64>)) {
    let run = folder.map(run_of);
    let read = |name: &str| run.as_ref().and_then(|run| std::fs::read_to_string(run.join(name)).ok());
    *card += "\n## Data\n\n";
    for path in [recipe.data_mut().train.clone(), recipe.data_mut().heldout.clone()] {
        let _ = writeln!(card, "- `{}`{}", path.display(), licences(&path));
    }
    let origin = read("run.json").and_then(|text| serde_json::from_str::<Value>(&text).ok()).unwrap_or_default();
    origins(card, &origin);
    let seed = match recipe {
        Recipe::Albef(recipe) => recipe.seed,
        Recipe::UniBert(recipe) => recipe.seed,
    };
    let _ = write!(
        card,
        "\n## Recipe\n\nSeed {seed}; every number:\n\n```toml\n{}```\n",
        recipe.resolved_toml().unwrap_or_default()
    );
    *card += "\n## Results on held-out records\n\n";
    let results = run.zip(step).and_then(|(run, step)| heldout_results(&run, step));
    *card += &results
        .map_or("Not known: no run lies beside the weights that was tested then.\n".to_string(), |found| {
            results_tables(&found)
        });
}

/// The licence files in the folder of a data set.
fn licences(data: &Path) -> String {
    let folder = if data.is_dir() { data } else { data.parent().unwrap_or(data) };
    let entries = std::fs::read_dir(folder.join("licenses")).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    if names.is_empty() { ": no licence stands beside it".into() } else { format!(": licences {}", names.join(", ")) }
}

/// Digests of the data, and the files the run began with.
fn origins(card: &mut String, origin: &Value) {
    let Some(first) = origin["processes"].as_array().and_then(|processes| processes.first()) else { return };
    for (name, print) in first["data"].as_object().into_iter().flatten() {
        let (files, bytes, digest) = (&print["files"], &print["bytes"], print["digest"].as_str().unwrap_or_default());
        let _ = writeln!(card, "- {name}: {files} files, {bytes} bytes, digest `{digest}`");
    }
    for file in first["init"].as_array().into_iter().flatten() {
        let text = |key: &str| file[key].as_str().unwrap_or_default();
        let path =
            Path::new(text("path")).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let _ = writeln!(
            card,
            "- `{}`: began with `{path}`, SHA-256 `{}`; its licence is its origin's",
            text("key"),
            text("sha256")
        );
    }
}
