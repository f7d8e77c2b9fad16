//! `--set` from its text to the recipe.

use super::{Compat, Optimizer, Recipe, Stage, TEXT, read, set_message};
use crate::{Override, RecipeError};

fn set(text: &str) -> Recipe {
    read(TEXT, &[text]).unwrap()
}

#[test]
fn values_of_every_kind() {
    assert_eq!(set("seed=7").seed, 7);
    assert_eq!(set("seed = 0x10").seed, 16);
    assert_eq!(set("tasks.mlm.weight=0").tasks["mlm"].weight, 0.0);
    assert_eq!(set("tasks.mlm.weight=1e-3").tasks["mlm"].weight, 1e-3);
    assert!(set("data.shuffle=true").data.shuffle);
    assert_eq!(set("data.files=[\"a\", 'b=c']").data.files, ["a", "b=c"]);
    assert_eq!(set("stages=[\"warm\", { train = 3 }]").stages, [Stage::Warm, Stage::Train(3)]);
    assert_eq!(set("optimizer={ kind = \"sgd\", lr = 1 }").optimizer, Optimizer::Sgd { lr: 1.0, momentum: None });
}

#[test]
fn a_bare_word_is_a_string() {
    assert_eq!(set("compat=seed").compat, Compat::Seed);
    assert_eq!(set("compat=\"seed\"").compat, Compat::Seed);
    assert_eq!(set("optimizer.groups[0].pattern=text.[a-z]*").tasks.len(), 1);
}

#[test]
fn entries_of_arrays() {
    let Optimizer::AdamW { groups, .. } = set("optimizer.groups[1].lr=1e-3").optimizer else { panic!() };
    assert_eq!([groups[0].lr, groups[1].lr], [1e-4, 1e-3]);
    assert_eq!(set("data.mean[2]=0.25").data.mean, Some([0.5, 0.5, 0.25]));
}

#[test]
fn what_the_file_leaves_out() {
    assert_eq!(set("data.workers=3").data.workers, 3);
    assert_eq!(set("tasks.itm.weight=2").tasks["itm"].weight, 2.0);
    assert_eq!(set("tasks.'a.b'.weight=2").tasks["a.b"].weight, 2.0);
}

#[test]
fn the_last_one_wins() {
    assert_eq!(read(TEXT, &["seed=1", "seed=2"]).unwrap().seed, 2);
}

#[test]
fn unknown_keys_name_the_override() {
    assert_eq!(
        set_message("data.batch_sise=3"),
        "`--set data.batch_sise=3`: no key `data.batch_sise`; did you mean `data.batch_size`?"
    );
    assert_eq!(
        set_message("batch_size=3"),
        "`--set batch_size=3`: no key `batch_size`; did you mean `data.batch_size`?"
    );
    assert_eq!(set_message("dta.workers=3"), "`--set dta.workers=3`: no key `dta`; did you mean `data`?");
    assert_eq!(
        set_message("optimizer.groups[1].r=1"),
        "`--set optimizer.groups[1].r=1`: no key `optimizer.groups[1].r`; known there: `pattern`, `lr`"
    );
    assert_eq!(set_message("stagez[0]=1"), "`--set stagez[0]=1`: no key `stagez`; did you mean `stages`?");
}

#[test]
fn wrong_values_name_the_override() {
    assert_eq!(
        set_message("data.batch_size=big"),
        "`--set data.batch_size=big`: `data.batch_size` is the string \"big\", expected a whole number"
    );
    assert_eq!(set_message("data={}"), "`--set data={}`: missing key `data.batch_size`");
    assert_eq!(set_message("tasks.itm={}"), "`--set tasks.itm={}`: missing key `tasks.itm.weight`");
    assert_eq!(set_message("compat=sed"), "`--set compat=sed`: `compat` has no choice `sed`; did you mean `seed`?");
    assert_eq!(
        set_message("data.workers=300"),
        "`--set data.workers=300`: `data.workers` is the number 300, expected a whole number from 0 to 255"
    );
}

#[test]
fn a_number_has_no_keys_and_a_table_no_entries() {
    assert_eq!(set_message("seed.x=1"), "`--set seed.x=1`: `seed` is the number 42, expected a table");
    assert_eq!(set_message("data[0]=1"), "`--set data[0]=1`: `data` is a table, expected an array");
}

#[test]
fn an_entry_that_is_not_there() {
    assert_eq!(
        set_message("optimizer.groups[2].lr=1"),
        "`--set optimizer.groups[2].lr=1`: no entry `optimizer.groups[2]`; `optimizer.groups` has 2"
    );
    assert_eq!(set_message("stages[0]=1"), "`--set stages[0]=1`: no entry `stages[0]`; `stages` has 0");
}

#[test]
fn no_override_at_all() {
    let wrong = |text: &str| Override::parse(text).unwrap_err().to_string();
    assert_eq!(wrong("seed"), "`--set seed`: expected `key=value`");
    assert_eq!(wrong("seed 3"), "`--set seed 3`: expected `key=value`");
    assert_eq!(wrong("data..x=1"), "`--set data..x=1`: expected a key after `data.`");
    assert_eq!(wrong("a=1e999"), "`--set a=1e999`: the number 1e999 has more than 64 bits");
    assert!(matches!("=3".parse::<Override>(), Err(RecipeError::Override { .. })));
}

#[test]
fn shown_as_given() {
    assert_eq!(Override::parse("data.workers = 3").unwrap().to_string(), "data.workers = 3");
}
