//! Reads TOML recipes strictly: unknown keys, wrong types and overrides are answered with file, line, key and the
//! nearest name.
//!
//! A recipe is any `T: DeserializeOwned + Serialize`; this crate knows nothing of models. The text comes from one file,
//! from overlays laid over it, and from `--set key=value`; what is wrong is answered with the place it was written at.
//!
//! - Overlay: `[sections]` and dotted keys merge, everything else replaces, an inline table `{ … }` as a whole. So an
//!   overlay changes one number with a section, and the kind of an optimiser with an inline table.
//! - Every key that changes nothing is refused, even where the schema lacks `deny_unknown_fields`.
//! - A whole number is a number (`lr = 1`); nothing else is converted.
//! - Nothing here touches the disk: the caller reads, the name is only shown.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use tuwen_recipe::{Override, parse};
//!
//! #[derive(Debug, Deserialize, Serialize)]
//! #[serde(deny_unknown_fields)]
//! struct Recipe {
//!     seed: u64,
//!     data: Data,
//! }
//!
//! #[derive(Debug, Deserialize, Serialize)]
//! #[serde(deny_unknown_fields)]
//! struct Data {
//!     batch_size: usize,
//! }
//!
//! let text = "seed = 42\n[data]\nbatch_size = 32\n";
//! let set = Override::parse("data.batch_size=8")?;
//! let recipe: Recipe = parse("tiny.toml", text, &[set])?;
//! assert_eq!(recipe.data.batch_size, 8);
//!
//! let typo = text.replace("size", "sise");
//! let error = parse::<Recipe>("tiny.toml", &typo, &[]).unwrap_err();
//! assert_eq!(error.to_string(), "tiny.toml:3: unknown key `data.batch_sise`; did you mean `data.batch_size`?");
//! # Ok::<(), tuwen_recipe::RecipeError>(())
//! ```

mod advice;
mod decode;
mod decode_enum;
mod decode_key;
mod diff;
mod document;
mod error;
mod explain;
mod fault;
mod key;
mod locate;
mod node;
mod overrides;
mod place;
mod places;
mod read;
#[cfg(test)]
mod tests;
mod unread;
mod wording;
mod write;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use advice::{Advice, nearest};
pub use diff::{Difference, diff, values};
pub use error::RecipeError;
pub use overrides::Override;
pub use place::Place;
pub use places::Places;
pub use write::to_toml;

use document::Document;

/// One recipe file: its name as errors show it, and its text.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// The name that errors show, such as `recipes/tiny.toml`.
    pub name: &'a str,
    /// The TOML text.
    pub text: &'a str,
}

/// The recipe in `text`, with `overrides` applied in their order; `name` is the file that errors show.
pub fn parse<T>(name: &str, text: &str, overrides: &[Override]) -> Result<T, RecipeError>
where
    T: DeserializeOwned + Serialize,
{
    parse_layers(Layer { name, text }, &[], overrides)
}

/// The recipe in `base` with each of `overlays` laid over it in turn, then `overrides`.
///
/// Sections merge key by key; numbers, strings, arrays and inline tables of the later file replace the earlier ones.
pub fn parse_layers<T>(base: Layer<'_>, overlays: &[Layer<'_>], overrides: &[Override]) -> Result<T, RecipeError>
where
    T: DeserializeOwned + Serialize,
{
    parse_checked(base, overlays, overrides, |_| Ok(()))
}

/// As [`parse_layers`], then `check`: its [`RecipeError::invalid`] is given the place at which the key was written.
pub fn parse_checked<T>(
    base: Layer<'_>,
    overlays: &[Layer<'_>],
    overrides: &[Override],
    check: impl FnOnce(&T) -> Result<(), RecipeError>,
) -> Result<T, RecipeError>
where
    T: DeserializeOwned + Serialize,
{
    parse_placed(base, overlays, overrides, check).map(|(recipe, _)| recipe)
}

/// As [`parse_checked`], together with where everything was written, for what is found out about the recipe later.
pub fn parse_placed<T>(
    base: Layer<'_>,
    overlays: &[Layer<'_>],
    overrides: &[Override],
    check: impl FnOnce(&T) -> Result<(), RecipeError>,
) -> Result<(T, Places), RecipeError>
where
    T: DeserializeOwned + Serialize,
{
    let mut document = Document::read(base, overlays)?;
    let recipe: T = document.set_and_decode(overrides)?;
    let places = Places::of(document);
    check(&recipe).map_err(|error| places.place(error))?;
    Ok((recipe, places))
}
