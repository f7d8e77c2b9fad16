//! What differs between two resolved recipes.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::RecipeError;
use crate::key::{Key, Step};
use crate::write::to_toml;

/// A key whose value differs between two recipes; the values are TOML text, `None` where a recipe lacks the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The dotted key.
    pub key: String,
    /// Its value in the left recipe.
    pub left: Option<String>,
    /// Its value in the right recipe.
    pub right: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |value: &Option<String>| value.as_deref().unwrap_or("absent").to_owned();
        write!(f, "{}: {} → {}", self.key, side(&self.left), side(&self.right))
    }
}

/// The keys whose values differ, sorted. Either side may be a recipe or a `toml::Value`; the values are compared as
/// [`to_toml`] writes them, so `nan` equals `nan` and `1` is not `1.0`. An array with tables is compared entry by entry,
/// any other is one value.
///
/// Errors: a side that can't be written as TOML.
pub fn diff<L: Serialize, R: Serialize>(left: &L, right: &R) -> Result<Vec<Difference>, RecipeError> {
    let (mut left, mut right) = (values(left)?, values(right)?);
    left.retain(|key, value| match right.get(key) {
        Some(other) if other == value => right.remove(key).is_none(),
        _ => true,
    });
    let mut keys: Vec<String> = left.keys().chain(right.keys()).cloned().collect();
    keys.sort();
    keys.dedup();
    let difference = |key: String| Difference { left: left.remove(&key), right: right.remove(&key), key };
    Ok(keys.into_iter().map(difference).collect())
}

/// Each value of `recipe` that is no section, under its dotted key, as [`to_toml`] writes it. Errors as [`diff`]'s.
pub fn values<T: Serialize>(recipe: &T) -> Result<BTreeMap<String, String>, RecipeError> {
    leaves(&to_toml(recipe)?)
}

fn leaves(text: &str) -> Result<BTreeMap<String, String>, RecipeError> {
    let root = DeTable::parse(text).map_err(|error| RecipeError::Unwritable { reason: error.message().to_owned() })?;
    let mut found = BTreeMap::new();
    root.get_ref().iter().for_each(|(name, value)| add(text, &Key::default().name(name.get_ref()), value, &mut found));
    Ok(found)
}

fn add(text: &str, key: &Key, value: &Spanned<DeValue<'_>>, found: &mut BTreeMap<String, String>) {
    match value.get_ref() {
        DeValue::Table(table) if !table.is_empty() => {
            table.iter().for_each(|(name, value)| add(text, &key.name(name.get_ref()), value, found));
        }
        DeValue::Table(_) => {
            found.insert(key.to_string(), "{}".to_owned());
        }
        DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
            items.iter().enumerate().for_each(|(i, item)| add(text, &key.step(Step::Index(i)), item, found));
        }
        _ => {
            found.insert(key.to_string(), text[value.span()].to_owned());
        }
    }
}
