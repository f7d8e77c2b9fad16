//! Which field of a file holds titles, and in which language.

use serde::{Deserialize, Serialize};

use crate::DataError;

/// A title field: its name in the file and the language its titles get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TitleField {
    /// The language of the titles, such as `"en"`, or any other name for them.
    pub language: String,
    /// The field.
    pub field: String,
}

impl TitleField {
    /// Titles in `language` stand in `field`.
    pub fn new(language: impl Into<String>, field: impl Into<String>) -> Self {
        Self { language: language.into(), field: field.into() }
    }

    /// A single field whose titles are called like the field.
    pub(crate) fn only(field: &str) -> Vec<Self> {
        vec![Self::new(field, field)]
    }

    /// Refuses settings that name no title field: a record without titles does not exist.
    pub(crate) fn at_least_one(titles: &[Self]) -> Result<(), DataError> {
        if titles.is_empty() { Err(DataError::NoTitleFields) } else { Ok(()) }
    }
}
