//! Errors within tables that serde buffers: tagged enums, flattened and untagged ones.

use serde::{Deserialize, Serialize};

use super::{TEXT, message, read};
use crate::{RecipeError, parse};

#[test]
fn the_tag_itself() {
    assert_eq!(
        message("\"adamw\"", "\"adamx\""),
        "x.toml:6: `optimizer.kind` has no choice `adamx`; did you mean `adamw`?"
    );
    assert_eq!(message("kind = \"adamw\"\n", ""), "x.toml:5: missing key `optimizer.kind`");
    assert_eq!(message("\"adamw\"", "3.5"), "x.toml:6: `optimizer.kind` is the number 3.5, expected a string");
}

#[test]
fn a_key_of_the_variant() {
    assert_eq!(
        message("betas =", "beats ="),
        "x.toml:8: unknown key `optimizer.beats`; did you mean `optimizer.betas`?"
    );
    assert_eq!(message("lr = 1\n", ""), "x.toml:5: missing key `optimizer.lr`");
    assert_eq!(message("lr = 1\n", "lr = \"x\"\n"), "x.toml:7: `optimizer.lr` is the string \"x\", expected a number");
    assert_eq!(
        message("0.9, 0.999", "0.9, 0.99, 0.999"),
        "x.toml:8: `optimizer.betas` is an array of 3, expected an array of 2"
    );
    assert_eq!(message("0.9, 0.999", "0.9"), "x.toml:8: `optimizer.betas` is an array of 1, expected an array of 2");
}

/// Both groups have an `lr`, and so has the optimiser: only one of the three is wrong.
#[test]
fn the_right_one_of_several_like_it() {
    assert_eq!(
        message("vision.*\"\nlr = 1e-5", "vision.*\"\nlr = \"text.*\""),
        "x.toml:14: `optimizer.groups[1].lr` is the string \"text.*\", expected a number"
    );
    assert_eq!(message("\nlr = 1e-5", ""), "x.toml:12: missing key `optimizer.groups[1].lr`");
    assert_eq!(message("\nlr = 1e-4", ""), "x.toml:9: missing key `optimizer.groups[0].lr`");
    let twice = TEXT.replace("pattern = \"vision.*\"", "pattern = \"\"\nbetas = 1");
    assert_eq!(
        read(&twice, &[]).unwrap_err().to_string(),
        "x.toml:14: unknown key `optimizer.groups[1].betas`; did you mean `optimizer.betas`?"
    );
}

/// `frozen` has no keys, and serde drops all it is given.
#[test]
fn a_variant_without_keys_takes_none() {
    let frozen = TEXT.split("[optimizer]").next().unwrap().to_owned() + "[optimizer]\nkind = \"frozen\"\n";
    assert!(read(&frozen, &[]).is_ok());
    assert_eq!(
        read(&(frozen.clone() + "lr = 1"), &[]).unwrap_err().to_string(),
        "x.toml:7: unknown key `optimizer.lr`; nothing there reads it"
    );
    assert_eq!(
        read(&frozen, &["optimizer.lr=1"]).unwrap_err().to_string(),
        "`--set optimizer.lr=1`: no key `optimizer.lr`; nothing there reads it"
    );
}

/// No `deny_unknown_fields` anywhere.
#[derive(Debug, Deserialize, Serialize)]
struct Lax {
    #[serde(flatten)]
    inner: Inner,
    schedule: Schedule,
    #[serde(default)]
    free: Option<toml::Value>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Inner {
    steps: u32,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Schedule {
    Constant(f64),
    Linear { from: f64, to: f64 },
}

fn lax(text: &str) -> Result<Lax, RecipeError> {
    parse("lax.toml", text, &[])
}

#[test]
fn lax_schemas_are_read_strictly_too() {
    assert!(lax("steps = 3\nschedule = 0.1\nfree = { any = [1, { b = 2020-01-01 }] }").is_ok());
    assert_eq!(
        lax("steps = 3\nstep = 4\nschedule = 0.1").unwrap_err().to_string(),
        "lax.toml:2: unknown key `step`; nothing there reads it"
    );
    assert_eq!(
        lax("steps = 3\n[schedule]\nfrom = 1\nto = 2\nby = 3").unwrap_err().to_string(),
        "lax.toml:5: unknown key `schedule.by`; nothing there reads it"
    );
    assert_eq!(
        lax("steps = \"x\"\nschedule = 0.1").unwrap_err().to_string(),
        "lax.toml:1: `steps` is the string \"x\", expected a whole number"
    );
}

/// Within a buffer: a name in a string, a name that is a key, and a tag.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Outer {
    A { note: String, stages: Vec<super::Stage>, inner: Option<super::Optimizer> },
}

#[test]
fn names_within_a_buffer() {
    let outer =
        |text: &str| parse::<Outer>("t", &format!("kind = 'a'\nnote = 'x'\n{text}"), &[]).unwrap_err().to_string();
    assert_eq!(
        outer("stages = [\n'warm',\n'x']"),
        "t:5: `stages[1]` has no choice `x`; known there: `warm`, `train`, `cool`"
    );
    assert_eq!(outer("stages = [{ trian = 3 }]"), "t:3: `stages[0]` has no choice `trian`; did you mean `train`?");
    assert_eq!(
        outer("stages = []\ninner.kind = 'x'"),
        "t:4: `inner.kind` has no choice `x`; known there: `adamw`, `sgd`, `frozen`"
    );
    assert_eq!(outer("stages = []\ninner.lr = 1"), "t:4: missing key `inner.kind`");
    assert_eq!(
        outer("stages = []\ninner = { kind = 'frozen', lr = 1 }"),
        "t:4: unknown key `inner.lr`; nothing there reads it"
    );
}

#[test]
fn what_the_schema_says_itself() {
    assert_eq!(
        lax("steps = 3\nschedule = \"x\"").unwrap_err().to_string(),
        "lax.toml:2: `schedule`: data did not match any variant of untagged enum Schedule"
    );
}
