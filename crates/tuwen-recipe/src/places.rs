//! Where each key of a recipe was written, kept for errors that are found after it was read.

use std::fmt;

use crate::document::Document;
use crate::error::RecipeError;

/// Where each key of a recipe was written.
pub struct Places(Document);

impl Places {
    pub(crate) fn of(document: Document) -> Self {
        Self(document)
    }

    /// The error with the place at which its key was written, if it comes from [`RecipeError::invalid`]; others stay.
    pub fn place(&self, error: RecipeError) -> RecipeError {
        error.placed(&self.0)
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Places")
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use crate::{Layer, Override, RecipeError, parse_placed};

    #[derive(Debug, Serialize, Deserialize)]
    struct Recipe {
        data: Data,
    }

    #[derive(Debug, Serialize, Deserialize)]
    struct Data {
        train: String,
        #[serde(default)]
        heldout: String,
    }

    #[test]
    fn what_is_found_later_has_its_line_or_that_of_its_table() {
        let base = Layer { name: "a.toml", text: "[data]\ntrain = \"x\"\n" };
        let set = [Override::parse("data.train=y").unwrap()];
        for (set, key, expected) in [
            (&[][..], "data.train", "a.toml:2: `data.train` is not there"),
            (&[], "data.heldout", "a.toml:1: `data.heldout` is not there"),
            (&set, "data.train", "`--set data.train=y`: `data.train` is not there"),
        ] {
            let (_, places) = parse_placed::<Recipe>(base, &[], set, |_| Ok(())).unwrap();
            assert_eq!(places.place(RecipeError::invalid(key, "is not there")).to_string(), expected);
        }
    }
}
