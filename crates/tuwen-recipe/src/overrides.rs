//! `--set key=value`: a change to one value of a recipe.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::error::RecipeError;
use crate::key::{Key, Step};
use crate::node::{Node, Style, Table, Value};
use crate::place::Place;
use crate::read::read_override;

/// A change to one value of a recipe, as given to `--set`.
#[derive(Clone, Debug)]
pub struct Override {
    text: Arc<str>,
    key: Key,
    value: Node,
}

impl Override {
    /// Reads `key=value`: a dotted key, indices in brackets (`optimizer.groups[1].lr=1e-3`), and a TOML value, which
    /// replaces whatever was there. A value that is not TOML is a string, so `compat=seed` needs no quotes.
    ///
    /// Errors: no `=`, or a key that is none ([`RecipeError::Override`]). Whether a recipe has the key is seen later.
    pub fn parse(text: &str) -> Result<Self, RecipeError> {
        let refuse = |reason: String| RecipeError::Override { text: text.to_owned(), reason };
        let (key, rest) = Key::read(text).map_err(refuse)?;
        let value = rest.strip_prefix('=').ok_or_else(|| refuse("expected `key=value`".to_owned()))?;
        let text: Arc<str> = text.into();
        let value = read_override(value.trim(), &Place::Override { text: text.clone() }).map_err(refuse)?;
        Ok(Self { text, key, value })
    }

    /// Changes `root`. Tables on the way that are not there are made, so a section left to its defaults can be changed.
    pub(crate) fn apply(&self, root: &mut Node) -> Result<(), RecipeError> {
        let mut node = root;
        for (done, step) in self.key.0.iter().enumerate() {
            let (before, after) = (&self.key.0[..done], self.key.0.get(done + 1));
            node = self.enter(node, before, step, after)?;
        }
        *node = self.value.clone();
        Ok(())
    }

    /// One step on the way: from `node`, which is at `before`, to its part `step`.
    fn enter<'a>(
        &self,
        node: &'a mut Node,
        before: &[Step],
        step: &Step,
        after: Option<&Step>,
    ) -> Result<&'a mut Node, RecipeError> {
        let key = || Key(before.to_vec()).to_string();
        let wrong = |found: String, expected: &str| RecipeError::WrongType {
            place: self.place(),
            key: key(),
            found,
            expected: expected.to_owned(),
        };
        let found = node.describe();
        match (&mut node.value, step) {
            (Value::Table(table), Step::Name(name)) => Ok(table.get_or_insert(name, || self.absent(after))),
            (Value::Array(items), &Step::Index(index)) => {
                let length = items.len();
                let missing = || RecipeError::MissingEntry { place: self.place(), key: key(), index, length };
                items.get_mut(index).ok_or_else(missing)
            }
            (_, Step::Name(_)) => Err(wrong(found, "a table")),
            (_, Step::Index(_)) => Err(wrong(found, "an array")),
        }
    }

    /// What stands for a part that is not there, before the step `after`.
    fn absent(&self, after: Option<&Step>) -> Node {
        let value = match after {
            Some(Step::Index(_)) => Value::Array(Vec::new()),
            _ => Value::Table(Table::new(Style::Section)),
        };
        Node::new(value, self.place())
    }

    fn place(&self) -> Place {
        Place::Override { text: self.text.clone() }
    }
}

impl FromStr for Override {
    type Err = RecipeError;

    fn from_str(text: &str) -> Result<Self, RecipeError> {
        Self::parse(text)
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
