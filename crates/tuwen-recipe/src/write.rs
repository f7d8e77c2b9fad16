//! The resolved recipe as TOML.

use serde::Serialize;

use crate::error::RecipeError;

/// `recipe` as TOML text, which [`parse`](crate::parse) reads back as an equal value: every default is spelled out, a
/// `None` is left out.
///
/// Errors: something that TOML can't express, such as a `None` within an array ([`RecipeError::Unwritable`]).
pub fn to_toml<T: Serialize>(recipe: &T) -> Result<String, RecipeError> {
    toml::to_string(recipe).map_err(|error| RecipeError::Unwritable { reason: error.to_string().trim().to_owned() })
}
