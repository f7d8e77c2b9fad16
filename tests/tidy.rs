//! The house rules that can be checked: module docs, file sizes, the arrows between crates, the crate table.

use std::path::{Path, PathBuf};

use crate::golden::workspace;

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && name != ".git" && name != "golden" {
            files(&path, ending, found);
        } else if name.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

fn manifests() -> Vec<(String, toml::Table)> {
    let mut paths = Vec::new();
    files(&workspace().join("crates"), "Cargo.toml", &mut paths);
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap().parse::<toml::Table>().unwrap();
    let manifests: Vec<_> = paths
        .iter()
        .map(|path| (path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned(), read(path)))
        .collect();
    assert!(manifests.len() >= 13);
    manifests
}

fn dependencies(manifest: &toml::Table) -> Vec<String> {
    manifest["dependencies"].as_table().unwrap().keys().cloned().collect()
}

#[test]
fn every_file_says_what_it_is_and_stays_short() {
    let mut sources = Vec::new();
    for folder in ["crates", "xtask", "tests"] {
        files(&workspace().join(folder), ".rs", &mut sources);
    }
    assert!(sources.len() > 100);
    for path in sources {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{}: expected a first line that says what it is", path.display());
        let lines = text.lines().count();
        assert!(lines <= 300, "{}: {lines} lines, expected at most 300", path.display());
    }
}

#[test]
fn an_own_task_is_sixty_lines() {
    let text = std::fs::read_to_string(workspace().join("crates/tuwen/examples/own_task.rs")).unwrap();
    assert!(text.lines().count() <= 60);
}

#[test]
fn arrows_point_down_only() {
    const HOST: [&str; 8] = [
        "tuwen-random",
        "tuwen-text",
        "tuwen-vision",
        "tuwen-data",
        "tuwen-annotation",
        "tuwen-recipe",
        "tuwen-ensemble",
        "tuwen-weights",
    ];
    const TASKS: [&str; 6] = ["tuwen-mlm", "tuwen-mfm", "tuwen-itm", "tuwen-ita", "tuwen-tag", "tuwen-downstream"];
    for (name, manifest) in manifests() {
        for dependency in dependencies(&manifest) {
            let forbidden = match name.as_str() {
                n if HOST.contains(&n) => {
                    dependency.starts_with("burn") || dependency.starts_with("tuwen-") && dependency != "tuwen-random"
                }
                n if TASKS.contains(&n) => {
                    dependency.starts_with("tuwen-")
                        && !["tuwen-core", "tuwen-ops", "tuwen-random"].contains(&dependency.as_str())
                }
                // Measures look at pictures, and at nothing that computes.
                "tuwen-eval" => {
                    dependency.starts_with("burn")
                        || dependency.starts_with("tuwen-")
                            && !["tuwen-random", "tuwen-vision"].contains(&dependency.as_str())
                }
                // Sets are made of records and pictures, and written as annotations.
                "tuwen-sets" => {
                    dependency.starts_with("burn")
                        || dependency.starts_with("tuwen-")
                            && !["tuwen-annotation", "tuwen-data", "tuwen-random", "tuwen-vision"]
                                .contains(&dependency.as_str())
                }
                // A doctor sees records as training would, and nothing that computes.
                "tuwen-doctor" => {
                    dependency.starts_with("burn")
                        || dependency.starts_with("tuwen-")
                            && !["tuwen-data", "tuwen-text", "tuwen-vision"].contains(&dependency.as_str())
                }
                // A report reads what runs wrote, never the trainer that wrote it.
                "tuwen-report" => {
                    dependency.starts_with("burn")
                        || dependency.starts_with("tuwen-")
                            && !["tuwen-data", "tuwen-eval", "tuwen-health", "tuwen-recipe"]
                                .contains(&dependency.as_str())
                }
                // Monitors are handed numbers, and know nothing of where they come from.
                "tuwen-health" => dependency.starts_with("burn") || dependency.starts_with("tuwen-"),
                "tuwen-core" | "tuwen-ops" => dependency.starts_with("tuwen-") && dependency != "tuwen-random",
                "tuwen-encoder" => TASKS.contains(&dependency.as_str()) || dependency == "tuwen-train",
                "tuwen-train" => ["tuwen", "tuwen-model"].contains(&dependency.as_str()),
                // A model in use needs what it was trained by, and nothing that looks at runs or data sets.
                "tuwen-model" => {
                    ["tuwen", "tuwen-doctor", "tuwen-health", "tuwen-report"].contains(&dependency.as_str())
                }
                _ => false,
            };
            assert!(!forbidden, "{name} depends on {dependency}");
        }
    }
}

#[test]
fn the_architecture_page_has_every_crates_sentence() {
    let page = std::fs::read_to_string(workspace().join("ARCHITECTURE.md")).unwrap();
    assert!(page.lines().count() <= 150);
    for (name, manifest) in manifests() {
        let sentence = manifest["package"]["description"].as_str().unwrap();
        assert!(page.contains(&format!("| `{name}` | {sentence} |")), "{name}: {sentence}");
    }
}

#[test]
fn each_recipe_opens_with_what_it_is_and_its_command() {
    for (name, text) in tuwen::train::RECIPES.iter().chain(tuwen::train::OVERLAYS) {
        let remarks: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(remarks.len() >= 2, "{name}");
        assert!(
            remarks
                .iter()
                .any(|line| ["train", "downstream"].iter().any(|c| line.contains(&format!("cargo xtask {c}")))),
            "{name}: no command"
        );
    }
}
