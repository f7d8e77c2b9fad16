//! Everything that can be wrong with a recipe, one variant per way.

use crate::advice::Advice;
use crate::document::Document;
use crate::key::Key;
use crate::place::Place;
use crate::wording::one_line;

/// A recipe or an override that can't be used. The message is one line: place, key, fact, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// The text is not TOML.
    #[error("{place}: not valid TOML: {reason}")]
    Syntax {
        /// Where the text stops being TOML.
        place: Place,
        /// What the parser expected.
        reason: String,
    },
    /// The override is not `key=value`.
    #[error("`--set {}`: {reason}", one_line(text))]
    Override {
        /// The override as given.
        text: String,
        /// What was expected.
        reason: String,
    },
    /// Nothing reads this key.
    #[error("{place}: {} key `{key}`{advice}", place.unknown())]
    UnknownKey {
        /// Where the key was written.
        place: Place,
        /// The dotted key.
        key: String,
        /// The nearest dotted key, or all names known at that level.
        advice: Advice,
    },
    /// A key without a default was not given.
    #[error("{place}: missing key `{key}`")]
    MissingKey {
        /// Where its table was written.
        place: Place,
        /// The dotted key.
        key: String,
    },
    /// An override asks for an entry that the array lacks.
    #[error("{place}: no entry `{key}[{index}]`; `{key}` has {length}")]
    MissingEntry {
        /// The override.
        place: Place,
        /// The dotted key of the array.
        key: String,
        /// The entry asked for, from 0.
        index: usize,
        /// The number of entries.
        length: usize,
    },
    /// The value is of another kind.
    #[error("{place}: {} is {found}, expected {expected}", subject(key))]
    WrongType {
        /// Where the value was written.
        place: Place,
        /// The dotted key.
        key: String,
        /// What was written.
        found: String,
        /// The kind of value that belongs there.
        expected: String,
    },
    /// The value is of the right kind, but its type can't hold it.
    #[error("{place}: {} is {found}, expected {expected}", subject(key))]
    OutOfRange {
        /// Where the value was written.
        place: Place,
        /// The dotted key.
        key: String,
        /// What was written.
        found: String,
        /// The values that the type holds.
        expected: String,
    },
    /// No choice has this name.
    #[error("{place}: {} has no choice `{}`{advice}", subject(key), one_line(name))]
    UnknownName {
        /// Where the name was written.
        place: Place,
        /// The dotted key.
        key: String,
        /// The name.
        name: String,
        /// The nearest name, or all of them.
        advice: Advice,
    },
    /// The schema's own code refuses the value.
    #[error("{place}: {}: {}", subject(key), message.replace('\n', " "))]
    Refused {
        /// Where the value was written.
        place: Place,
        /// The dotted key.
        key: String,
        /// What the schema says.
        message: String,
    },
    /// A check after parsing refuses the value.
    #[error("{place}: {} {reason}", subject(key))]
    Invalid {
        /// Where the value was written, or else the table it would be in.
        place: Place,
        /// The dotted key; empty: the recipe as a whole.
        key: String,
        /// What the check says.
        reason: String,
    },
    /// The recipe has something that TOML can't express.
    #[error("the recipe can't be written as TOML: {reason}")]
    Unwritable {
        /// What it is.
        reason: String,
    },
}

impl RecipeError {
    /// A check's refusal of `key`, whose place [`parse_checked`](crate::parse_checked) fills in; an empty key is
    /// the recipe as a whole. `reason` continues the sentence, as in
    /// `invalid("data.batch_size", "is 0, expected at least 1")`.
    pub fn invalid(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { place: Place::Unresolved, key: key.into(), reason: reason.into() }
    }

    /// The refusal of a section's own check, seen from the section that holds it under `outer`. Other errors stay.
    pub fn within(self, outer: &str) -> Self {
        match self {
            Self::Invalid { place: Place::Unresolved, key, reason } => {
                let dot = if key.is_empty() || key.starts_with('[') { "" } else { "." };
                Self::Invalid { place: Place::Unresolved, key: format!("{outer}{dot}{key}"), reason }
            }
            other => other,
        }
    }

    /// The error with its key looked up in the document.
    pub(crate) fn placed(self, document: &Document) -> Self {
        match self {
            Self::Invalid { place: Place::Unresolved, key, reason } => {
                let place = document.place(&Key::read(&key).map(|(key, _)| key).unwrap_or_default());
                Self::Invalid { place, key, reason }
            }
            other => other,
        }
    }
}

/// The key in backticks; the recipe as a whole has none.
fn subject(key: &str) -> String {
    if key.is_empty() { "the recipe".to_owned() } else { format!("`{key}`") }
}

const _: () = assert!(size_of::<RecipeError>() <= 128, "clippy's result_large_err");

#[cfg(test)]
mod tests {
    use super::RecipeError;

    #[test]
    fn invalid_without_a_place() {
        let error = RecipeError::invalid("[1].lr", "is 0").within("groups").within("optimizer");
        assert_eq!(error.to_string(), "recipe: `optimizer.groups[1].lr` is 0");
    }
}
