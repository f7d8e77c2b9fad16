//! The types a schema may be made of.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::value::Datetime;

use crate::{RecipeError, parse};

#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct One<T> {
    x: T,
}

fn one<T: DeserializeOwned + Serialize>(value: &str) -> Result<T, RecipeError> {
    parse::<One<T>>("t", &format!("x = {value}"), &[]).map(|one| one.x)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
struct Id(u8);

#[derive(Debug, PartialEq, Deserialize, Serialize)]
struct Pair(u8, f32);

#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type", content = "of")]
enum Adjacent {
    Pair(u8, u8),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Task {
    Mlm,
    Itm,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
struct Even(Vec<u8>);

impl TryFrom<Vec<u8>> for Even {
    type Error = String;

    fn try_from(items: Vec<u8>) -> Result<Self, String> {
        if items.len().is_multiple_of(2) {
            Ok(Self(items))
        } else {
            Err(format!("{} entries, expected pairs", items.len()))
        }
    }
}

impl From<Even> for Vec<u8> {
    fn from(even: Even) -> Self {
        even.0
    }
}

#[derive(Debug, Deserialize, Serialize)]
struct Renamed {
    #[serde(alias = "old")]
    new: u8,
}

#[test]
fn refusals_of_the_schema_itself() {
    assert_eq!(one::<Even>("[1, 2]").unwrap(), Even(vec![1, 2]));
    assert_eq!(one::<Even>("[1]").unwrap_err().to_string(), "t:1: `x`: 1 entries, expected pairs");
}

#[test]
fn a_key_under_two_names() {
    assert_eq!(parse::<Renamed>("t", "old = 3", &[]).unwrap().new, 3);
    let twice = parse::<Renamed>("t", "old = 3\nnew = 4", &[]).unwrap_err();
    assert_eq!(twice.to_string(), "t: the recipe: `new` is given twice");
}

#[test]
fn whole_numbers_are_numbers_but_not_the_reverse() {
    assert_eq!(one::<f32>("1").unwrap(), 1.0);
    assert_eq!(one::<f64>("-3").unwrap(), -3.0);
    assert_eq!(one::<u8>("1.0").unwrap_err().to_string(), "t:1: `x` is the number 1.0, expected a whole number");
    assert_eq!(one::<u64>("18446744073709551615").unwrap(), u64::MAX);
    assert_eq!(one::<i128>("-170141183460469231731687303715884105728").unwrap(), i128::MIN);
}

/// By way of an `f64` this number would become its neighbour, 7.0385313e-26.
#[test]
fn f32_is_rounded_once() {
    let number = one::<f32>("7.038531e-26").unwrap();
    assert_eq!(number, "7.038531e-26".parse::<f32>().unwrap());
    assert_ne!(number, "7.038531e-26".parse::<f64>().unwrap() as f32);
}

#[test]
fn not_numbers_and_infinities() {
    assert!(one::<f32>("nan").unwrap().is_nan());
    assert_eq!(one::<f32>("-inf").unwrap(), f32::NEG_INFINITY);
    assert_eq!(one::<f64>("+inf").unwrap(), f64::INFINITY);
}

#[test]
fn tuples_newtypes_paths_and_options() {
    assert_eq!(one::<Id>("3").unwrap(), Id(3));
    assert_eq!(one::<Pair>("[3, 4]").unwrap(), Pair(3, 4.0));
    assert_eq!(one::<Pair>("[3]").unwrap_err().to_string(), "t:1: `x` is an array of 1, expected an array of 2");
    assert_eq!(one::<PathBuf>("'a/b'").unwrap(), PathBuf::from("a/b"));
    assert_eq!(one::<Option<char>>("'c'").unwrap(), Some('c'));
    assert_eq!(parse::<One<Option<u8>>>("t", "", &[]).unwrap().x, None);
    assert_eq!(one::<Adjacent>("{ type = 'Pair', of = [1, 2] }").unwrap(), Adjacent::Pair(1, 2));
    assert_eq!(one::<Adjacent>("{ of = [1, 2], type = 'Pair' }").unwrap(), Adjacent::Pair(1, 2));
}

#[test]
fn keys_of_maps() {
    assert_eq!(one::<BTreeMap<Id, bool>>("{ 3 = true }").unwrap(), BTreeMap::from([(Id(3), true)]));
    assert_eq!(
        one::<BTreeMap<u8, bool>>("{ a = true }").unwrap_err().to_string(),
        "t:1: `x.a`: the key is the string \"a\", expected a whole number"
    );
    assert_eq!(one::<BTreeMap<Task, bool>>("{ mlm = true }").unwrap(), BTreeMap::from([(Task::Mlm, true)]));
    assert_eq!(
        one::<BTreeMap<Task, bool>>("{ mml = true }").unwrap_err().to_string(),
        "t:1: unknown key `x.mml`; did you mean `x.mlm`?"
    );
    assert_eq!(
        one::<BTreeMap<u8, bool>>("{ 3 = 1 }").unwrap_err().to_string(),
        "t:1: `x.3` is the number 1, expected true or false"
    );
}

#[test]
fn dates() {
    assert_eq!(one::<Datetime>("2020-01-31").unwrap().to_string(), "2020-01-31");
    assert_eq!(
        one::<String>("2020-01-31").unwrap_err().to_string(),
        "t:1: `x` is the date 2020-01-31, expected a string"
    );
}

#[test]
fn a_struct_is_no_array() {
    assert_eq!(one::<One<u8>>("[3]").unwrap_err().to_string(), "t:1: `x` is an array, expected a table");
}

#[test]
fn deep_texts_are_refused_not_crashed_on() {
    for text in ["[".repeat(100_000), "{a=".repeat(100_000), "1\n[".to_owned() + &"a.".repeat(100_000) + "a]"] {
        assert!(matches!(one::<toml::Value>(&text), Err(RecipeError::Syntax { .. })));
    }
}
