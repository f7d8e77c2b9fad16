//! Each error's message, word for word, and its place.

use super::{TEXT, message, read};
use crate::{Advice, Place, RecipeError, to_toml};

#[test]
fn unknown_key_near_a_known_one() {
    assert_eq!(
        message("batch_size", "batch_sise"),
        "x.toml:3: unknown key `data.batch_sise`; did you mean `data.batch_size`?"
    );
    assert_eq!(message("[tasks", "[task"), "x.toml:15: unknown key `task`; did you mean `tasks`?");
}

#[test]
fn unknown_key_carries_its_column() {
    let text = TEXT.replace("batch_size = 32", "batch_size = 32\n  \"größe\" = 3");
    let error = read(&text, &[]).unwrap_err();
    let RecipeError::UnknownKey { place, key, advice } = error else { panic!("{error}") };
    assert_eq!(place, Place::Line { file: "x.toml".into(), line: 4, column: 3 });
    assert_eq!(key, "data.\"größe\"");
    assert!(matches!(advice, Advice::Known(names) if names.len() == 5));
}

#[test]
fn unknown_key_far_from_all() {
    assert_eq!(
        message("batch_size", "momentum"),
        "x.toml:3: unknown key `data.momentum`; known there: `batch_size`, `workers`, `mean`, `files`, `shuffle`"
    );
}

#[test]
fn unknown_key_that_lives_elsewhere() {
    assert_eq!(message("seed = 42", "weight = 1"), "x.toml:1: unknown key `weight`; did you mean `tasks.mlm.weight`?");
}

#[test]
fn the_first_error_written_is_the_one_reported() {
    assert!(message("seed = 42", "zeta = 1\nalpha = 2").starts_with("x.toml:1: unknown key `zeta`"));
}

#[test]
fn wrong_types() {
    assert_eq!(
        message("= 32", "= \"big\""),
        "x.toml:3: `data.batch_size` is the string \"big\", expected a whole number"
    );
    assert_eq!(message("= 32", "= 32.0"), "x.toml:3: `data.batch_size` is the number 32.0, expected a whole number");
    assert_eq!(message("= 32", "= [32]"), "x.toml:3: `data.batch_size` is an array, expected a whole number");
    assert_eq!(
        message("= 32", "= 2020-01-31"),
        "x.toml:3: `data.batch_size` is the date 2020-01-31, expected a whole number"
    );
    assert_eq!(message("= 0.5\n", "= true\n"), "x.toml:16: `tasks.mlm.weight` is true, expected a number");
    assert_eq!(message("# pairs", "\nshuffle = 1"), "x.toml:4: `data.shuffle` is the number 1, expected true or false");
    assert_eq!(message("# pairs", "\nfiles = \"a\""), "x.toml:4: `data.files` is the string \"a\", expected an array");
}

#[test]
fn wrong_type_within_an_array_has_the_line_of_the_entry() {
    assert_eq!(
        message("mean = [0.5, 0.5, 1]", "mean = [\n0.5,\n\"x\",\n1]"),
        "x.toml:6: `data.mean[1]` is the string \"x\", expected a number"
    );
}

#[test]
fn wrong_length() {
    assert_eq!(message("0.5, 0.5, 1", "0.5, 0.5"), "x.toml:4: `data.mean` is an array of 2, expected an array of 3");
    assert_eq!(message("0.5, 0.5, 1", "1, 1, 1, 1"), "x.toml:4: `data.mean` is an array of 4, expected an array of 3");
}

#[test]
fn a_table_is_no_number_and_no_array_a_table() {
    assert_eq!(
        message("[tasks.mlm]\nweight = 0.5", "[tasks]\nmlm = [0.5]"),
        "x.toml:16: `tasks.mlm` is an array, expected a table"
    );
    assert_eq!(message("seed = 42", "seed = { a = 1 }"), "x.toml:1: `seed` is a table, expected a whole number");
}

#[test]
fn out_of_range() {
    assert_eq!(
        message("= 32", "= 0"),
        "x.toml:3: `data.batch_size` is the number 0, expected a whole number, 1 or more"
    );
    assert_eq!(
        message("# pairs", "\nworkers = 300"),
        "x.toml:4: `data.workers` is the number 300, expected a whole number from 0 to 255"
    );
    assert_eq!(
        message("seed = 42", "seed = -1"),
        "x.toml:1: `seed` is the number -1, expected a whole number, 0 or more"
    );
    assert_eq!(
        message("seed = 42", "seed = 18446744073709551616"),
        "x.toml:1: `seed` is the number 18446744073709551616, expected a whole number from 0 to 18446744073709551615"
    );
    assert_eq!(
        message("weight = 0.5", "weight = 1e39"),
        "x.toml:16: `tasks.mlm.weight` is the number 1e39, expected a number from -3.4028235e38 to 3.4028235e38"
    );
}

#[test]
fn unknown_name() {
    assert_eq!(
        message("seed = 42", "seed = 42\ncompat = \"sead\""),
        "x.toml:2: `compat` has no choice `sead`; did you mean `seed`?"
    );
    assert_eq!(
        message("seed = 42", "seed = 42\ncompat = \"x\""),
        "x.toml:2: `compat` has no choice `x`; known there: `corrected`, `seed`"
    );
    assert_eq!(
        message("seed = 42", "stages = [\"warm\", { trian = 3 }]"),
        "x.toml:1: `stages[1]` has no choice `trian`; did you mean `train`?"
    );
}

#[test]
fn variants_and_their_content() {
    assert_eq!(
        message("seed = 42", "compat = 3"),
        "x.toml:1: `compat` is the number 3, expected one of `corrected`, `seed`"
    );
    assert_eq!(
        message("seed = 42", "stages = [\"train\"]"),
        "x.toml:1: `stages[0]` is the bare name `train`, expected a table `{ train = … }`"
    );
    assert_eq!(
        message("seed = 42", "stages = [{ warm = 1 }]"),
        "x.toml:1: `stages[0]` is a table, expected the bare name `warm`"
    );
    assert_eq!(
        message("seed = 42", "stages = [{}]"),
        "x.toml:1: `stages[0]` is a table of 0 keys, expected one of `warm`, `train`, `cool`"
    );
    assert_eq!(
        message("seed = 42", "stages = [{ cool = { epoch = 1 } }]"),
        "x.toml:1: unknown key `stages[0].cool.epoch`; did you mean `stages[0].cool.epochs`?"
    );
    assert_eq!(
        message("seed = 42", "stages = [{ train = \"x\" }]"),
        "x.toml:1: `stages[0].train` is the string \"x\", expected a whole number"
    );
}

#[test]
fn missing_key() {
    assert_eq!(message("seed = 42\n", ""), "x.toml: missing key `seed`");
    assert_eq!(message("batch_size = 32 # pairs\n", ""), "x.toml:2: missing key `data.batch_size`");
    assert_eq!(message("weight = 0.5", ""), "x.toml:15: missing key `tasks.mlm.weight`");
}

#[test]
fn not_toml() {
    assert_eq!(message("[data]", "[data"), "x.toml:2: not valid TOML: unclosed table, expected `]`");
    assert_eq!(
        message("kind = \"adamw\"", "kind = \"adamw\"\nkind = \"sgd\""),
        "x.toml:7: not valid TOML: duplicate key"
    );
    assert_eq!(
        message("seed = 42", "seed = 1e999"),
        "x.toml:1: not valid TOML: the number 1e999 has more than 64 bits"
    );
    assert!(message("seed = 42", "seed = 9\u{1}").starts_with("x.toml:1: not valid TOML: "));
    let wide = "9".repeat(40);
    assert_eq!(
        message("seed = 42", &format!("seed = {wide}")),
        format!("x.toml:1: not valid TOML: the number {wide} has more than 128 bits")
    );
}

#[test]
fn unwritable() {
    assert_eq!(
        to_toml(&[1, 2]).unwrap_err().to_string(),
        "the recipe can't be written as TOML: unsupported array type"
    );
}

#[test]
fn errors_keep_to_one_line() {
    for from in ["seed = 42", "[data]", "= 32", "kind = \"adamw\"", "[[optimizer.groups]]"] {
        for to in ["", "\"\"\"", "x", "a = \"\"\"\nb\"\"\"", "[", "= \"a\\nb\""] {
            if let Err(error) = read(&TEXT.replacen(from, to, 1), &[]) {
                assert!(!error.to_string().contains('\n'), "{error}");
            }
        }
    }
}
