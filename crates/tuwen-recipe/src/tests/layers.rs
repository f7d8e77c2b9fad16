//! One file on top of another, and checks of the whole.

use super::{Optimizer, Recipe, TEXT};
use crate::{Layer, Override, RecipeError, parse_checked, parse_layers};

const BASE: Layer<'_> = Layer { name: "base.toml", text: TEXT };

fn laid(text: &str) -> Result<Recipe, RecipeError> {
    parse_layers(BASE, &[Layer { name: "tiny.toml", text }], &[])
}

#[test]
fn sections_merge_and_values_replace() {
    let recipe = laid("[data]\nmean = [1, 2, 3]").unwrap();
    assert_eq!((recipe.seed, recipe.data.batch_size.get(), recipe.data.mean), (42, 32, Some([1.0, 2.0, 3.0])));
    let recipe = laid("seed = 1\ndata.workers = 2\ntasks.itm.weight = 3").unwrap();
    assert_eq!((recipe.seed, recipe.data.batch_size.get(), recipe.data.workers), (1, 32, 2));
    assert_eq!(recipe.tasks.keys().collect::<Vec<_>>(), ["itm", "mlm"]);
}

#[test]
fn arrays_of_tables_replace() {
    let recipe = laid("[[optimizer.groups]]\npattern = \"all\"\nlr = 1").unwrap();
    assert!(matches!(recipe.optimizer, Optimizer::AdamW { groups, .. } if groups.len() == 1));
}

/// Merging would leave `betas` and `groups`, which `sgd` doesn't know.
#[test]
fn an_inline_table_replaces_as_a_whole() {
    let recipe = laid("optimizer = { kind = \"sgd\", lr = 0.1 }").unwrap();
    assert_eq!(recipe.optimizer, Optimizer::Sgd { lr: 0.1, momentum: None });
    let error = laid("[optimizer]\nkind = \"sgd\"").unwrap_err().to_string();
    assert_eq!(error, "base.toml:8: unknown key `optimizer.betas`; known there: `lr`, `momentum`");
}

#[test]
fn later_layers_win_and_overrides_last() {
    let layers = [Layer { name: "a", text: "seed = 1" }, Layer { name: "b", text: "seed = 2" }];
    let seed = |sets: &[Override]| parse_layers::<Recipe>(BASE, &layers, sets).unwrap().seed;
    assert_eq!(seed(&[]), 2);
    assert_eq!(seed(&[Override::parse("seed=3").unwrap()]), 3);
}

#[test]
fn errors_name_the_layer() {
    assert_eq!(
        laid("\n[data]\nbatch_sise = 3").unwrap_err().to_string(),
        "tiny.toml:3: unknown key `data.batch_sise`; did you mean `data.batch_size`?"
    );
    assert_eq!(laid("data = {}").unwrap_err().to_string(), "tiny.toml:1: missing key `data.batch_size`");
    assert_eq!(
        laid("seed = ").unwrap_err().to_string(),
        "tiny.toml:1: not valid TOML: string values must be quoted, expected literal string"
    );
    let both = parse_layers::<Recipe>(Layer { name: "a", text: "" }, &[Layer { name: "b", text: "" }], &[]);
    assert_eq!(both.unwrap_err().to_string(), "a + b: missing key `seed`");
}

fn checked(sets: &[&str], key: &str) -> String {
    let sets: Vec<Override> = sets.iter().map(|set| Override::parse(set).unwrap()).collect();
    let check = |recipe: &Recipe| Err(RecipeError::invalid(key, format!("fails, seed {}", recipe.seed)));
    parse_checked(BASE, &[], &sets, check).unwrap_err().to_string()
}

#[test]
fn checks_are_placed() {
    assert_eq!(checked(&[], "data.batch_size"), "base.toml:3: `data.batch_size` fails, seed 42");
    assert_eq!(checked(&[], "optimizer.groups[1].lr"), "base.toml:14: `optimizer.groups[1].lr` fails, seed 42");
    assert_eq!(checked(&["seed=3"], "seed"), "`--set seed=3`: `seed` fails, seed 3");
}

/// A default is written nowhere: the place is its table's.
#[test]
fn checks_of_defaults_are_placed_at_the_table() {
    assert_eq!(checked(&[], "data.workers"), "base.toml:2: `data.workers` fails, seed 42");
    assert_eq!(checked(&[], "stages"), "base.toml: `stages` fails, seed 42");
    assert_eq!(checked(&[], "no key"), "base.toml: `no key` fails, seed 42");
}

#[test]
fn passing_checks_give_the_recipe() {
    assert_eq!(parse_checked(BASE, &[], &[], |_: &Recipe| Ok(())).unwrap().seed, 42);
}
