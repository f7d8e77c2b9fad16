//! A recipe's layers and overrides as one tree, and the recipe in it.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Layer;
use crate::decode::decode;
use crate::error::RecipeError;
use crate::explain::{explain, place_of};
use crate::fault::{Fault, Reason};
use crate::key::Key;
use crate::locate::locate;
use crate::node::Node;
use crate::overrides::Override;
use crate::place::Place;
use crate::read::read_file;
use crate::unread::first_unread;

/// Everything that was written for one recipe.
pub(crate) struct Document {
    root: Node,
}

impl Document {
    /// `base` with `overlays` laid over it.
    pub(crate) fn read(base: Layer<'_>, overlays: &[Layer<'_>]) -> Result<Self, RecipeError> {
        let mut root = read_file(base.name, base.text)?;
        for layer in overlays {
            root.overlay(read_file(layer.name, layer.text)?);
        }
        let names: Vec<&str> = std::iter::once(base.name).chain(overlays.iter().map(|layer| layer.name)).collect();
        root.place = Place::File { file: names.join(" + ").into() };
        Ok(Self { root })
    }

    /// Applies `overrides` in their order, and decodes the result.
    pub(crate) fn set_and_decode<T>(&mut self, overrides: &[Override]) -> Result<T, RecipeError>
    where
        T: DeserializeOwned + Serialize,
    {
        match overrides.iter().try_for_each(|change| change.apply(&mut self.root)) {
            Ok(()) => self.decode(),
            // An index into an array that isn't there is perhaps a mistyped name: then say so.
            Err(failed) => match self.decode::<T>() {
                Err(unknown @ RecipeError::UnknownKey { place: Place::Override { .. }, .. }) => Err(unknown),
                _ => Err(failed),
            },
        }
    }

    /// Where `key` was written, or else the innermost of the tables around it that was.
    pub(crate) fn place(&self, key: &Key) -> Place {
        place_of(&self.root, key)
    }

    fn decode<T: DeserializeOwned + Serialize>(&self) -> Result<T, RecipeError> {
        let root = &self.root;
        let retry = |changed: &Node| decode::<T>(changed).err().map(|fault: Fault| fault.reason);
        match decode::<T>(root) {
            Err(fault) => Err(explain(root, &locate(root, &fault, &retry), fault.reason)),
            Ok(recipe) => match first_unread(root, &recipe) {
                Some(key) => Err(explain(root, &key, Reason::UnknownKey { key: String::new(), known: None })),
                None => Ok(recipe),
            },
        }
    }
}
