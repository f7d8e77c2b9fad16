//! Written and read back; differences of two recipes.

use tuwen_random::{Draws, Stream};

use super::{Compat, Data, Group, Optimizer, Recipe, Stage, TEXT, Task, read};
use crate::{diff, to_toml};

#[test]
fn resolved_recipe_spells_out_defaults() {
    let text = to_toml(&read(TEXT, &[]).unwrap()).unwrap();
    assert!(
        text.starts_with("seed = 42\ncompat = \"corrected\"\nstages = []\n\n[data]\nbatch_size = 32\nworkers = 0\n"),
        "{text}"
    );
    assert!(text.contains("[optimizer]\nkind = \"adamw\"\nlr = 1.0\nbetas = [0.9, 0.999]\n"), "{text}");
}

/// Recipes of every shape with numbers of every size.
#[test]
fn read_back_equal() {
    for sample in 0..500 {
        let recipe = random(Draws::new(1, Stream::named("recipe.round-trip"), 0, sample));
        let text = to_toml(&recipe).unwrap();
        assert_eq!(read(&text, &[]).unwrap_or_else(|error| panic!("{error}\n{text}")), recipe);
    }
}

fn random(draws: Draws) -> Recipe {
    let word = |position| ["", "a.b", "ü\n\"", "x y", "\\", "[0]"][draws.below(position, 6) as usize].to_owned();
    // Any bits but those of an infinity or of no number, which equals nothing.
    let single = |position| Some(f32::from_bits(draws.bits(position) as u32)).filter(|x| x.is_finite()).unwrap_or(0.1);
    let double = |position| Some(f64::from_bits(draws.bits(position))).filter(|x| x.is_finite()).unwrap_or(0.1);
    let optimizer = match draws.below(0, 3) {
        0 => Optimizer::Frozen,
        1 => Optimizer::Sgd { lr: double(1), momentum: (draws.below(2, 2) == 0).then(|| double(3)) },
        _ => Optimizer::AdamW {
            lr: double(1),
            betas: (double(2), double(3)),
            groups: (0..draws.below(4, 3)).map(|i| Group { pattern: word(5 + i), lr: double(8 + i) }).collect(),
        },
    };
    let stage = |position| match draws.below(position, 3) {
        0 => Stage::Warm,
        1 => Stage::Train(draws.bits(position) as usize),
        _ => Stage::Cool { epochs: 3 },
    };
    Recipe {
        seed: draws.bits(20),
        compat: if draws.below(21, 2) == 0 { Compat::Seed } else { Compat::Corrected },
        data: Data {
            batch_size: std::num::NonZeroUsize::MIN,
            workers: draws.below(22, 256) as u8,
            mean: (draws.below(23, 2) == 0).then(|| [single(24), single(25), single(26)]),
            files: (0..draws.below(27, 3)).map(|i| word(28 + i)).collect(),
            shuffle: draws.below(31, 2) == 0,
        },
        optimizer,
        tasks: (0..draws.below(32, 3)).map(|i| (word(33 + i), Task { weight: single(36 + i) })).collect(),
        stages: (0..draws.below(40, 4)).map(|i| stage(41 + i)).collect(),
    }
}

fn differences(sets: &[&str]) -> Vec<String> {
    let (left, right) = (read(TEXT, &[]).unwrap(), read(TEXT, sets).unwrap());
    diff(&left, &right).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn equal_recipes_do_not_differ() {
    assert!(differences(&[]).is_empty());
    assert!(differences(&["tasks.mlm.weight=0.50"]).is_empty());
}

#[test]
fn differences_are_sorted_by_key() {
    let sets = ["tasks.mlm.weight=0.1", "seed=7", "optimizer.groups[1].lr=1", "data.mean[0]=0", "compat=seed"];
    assert_eq!(
        differences(&sets),
        [
            "compat: \"corrected\" → \"seed\"",
            "data.mean: [0.5, 0.5, 1.0] → [0.0, 0.5, 1.0]",
            "optimizer.groups[1].lr: 0.00001 → 1.0",
            "seed: 42 → 7",
            "tasks.mlm.weight: 0.5 → 0.1",
        ]
    );
}

#[test]
fn keys_on_one_side_only() {
    assert_eq!(
        differences(&["optimizer={ kind = \"frozen\" }", "tasks.itm.weight=1", "stages=[\"warm\", { train = 2 }]"]),
        [
            "optimizer.betas: [0.9, 0.999] → absent",
            "optimizer.groups[0].lr: 0.0001 → absent",
            "optimizer.groups[0].pattern: \"text.*\" → absent",
            "optimizer.groups[1].lr: 0.00001 → absent",
            "optimizer.groups[1].pattern: \"vision.*\" → absent",
            "optimizer.kind: \"adamw\" → \"frozen\"",
            "optimizer.lr: 1.0 → absent",
            "stages: [] → absent",
            "stages[0]: absent → \"warm\"",
            "stages[1].train: absent → 2",
            "tasks.itm.weight: absent → 1.0",
        ]
    );
}

#[test]
fn a_value_against_a_recipe() {
    let recipe = read(TEXT, &[]).unwrap();
    let mut value: toml::Value = toml::from_str(&to_toml(&recipe).unwrap()).unwrap();
    assert!(diff(&value, &recipe).unwrap().is_empty());
    value["seed"] = 41.into();
    let found = diff(&value, &recipe).unwrap();
    assert_eq!(
        (found[0].key.as_str(), found[0].left.as_deref(), found[0].right.as_deref()),
        ("seed", Some("41"), Some("42"))
    );
}
