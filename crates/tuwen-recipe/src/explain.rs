//! From serde's fault to the error a user reads.

use crate::advice::{Advice, nearest};
use crate::error::RecipeError;
use crate::fault::Reason;
use crate::key::{Key, Step};
use crate::node::Node;
use crate::place::Place;
use crate::wording::{expected_type, expected_value};

/// The error for `reason`, which is about `key` of `root`.
pub(crate) fn explain(root: &Node, key: &Key, reason: Reason) -> RecipeError {
    let place = place_of(root, key);
    let shown = key.to_string();
    match reason {
        Reason::UnknownKey { known, .. } => {
            RecipeError::UnknownKey { place, advice: advise_key(root, key, known), key: shown }
        }
        Reason::WrongType { found, expected } => {
            RecipeError::WrongType { place, key: shown, found, expected: expected_type(&expected) }
        }
        Reason::WrongLength { length, expected } => {
            let found = format!("an array of {length}");
            RecipeError::WrongType { place, key: shown, found, expected: expected_type(&expected) }
        }
        Reason::OutOfRange { found, expected } => {
            let expected = expected_value(&expected, &found);
            RecipeError::OutOfRange { place, key: shown, found, expected }
        }
        Reason::UnknownName { name, known } => {
            let advice = match nearest(&name, known) {
                Some(near) => Advice::Nearest(near.to_owned()),
                None => Advice::Known(known.iter().map(|&name| name.to_owned()).collect()),
            };
            RecipeError::UnknownName { place, key: shown, name, advice }
        }
        Reason::MissingKey { .. } => RecipeError::MissingKey { place, key: shown },
        Reason::Other { message } => RecipeError::Refused { place, key: shown, message },
    }
}

/// Where `key` was written, or else the innermost of the tables around it that was.
pub(crate) fn place_of(root: &Node, key: &Key) -> Place {
    let written = (0..=key.0.len()).rev().find_map(|length| root.at(&key.0[..length]));
    written.unwrap_or(root).place.clone()
}

/// A near name in the same table, or the same name in another one, or all names of this one.
fn advise_key(root: &Node, key: &Key, known: Option<&'static [&'static str]>) -> Advice {
    let Some((Step::Name(name), table)) = key.0.split_last() else { return Advice::Unread };
    let table = Key(table.to_vec());
    if let Some(near) = nearest(name, known.unwrap_or_default()) {
        return Advice::Nearest(table.name(near).to_string());
    }
    let mut elsewhere = Vec::new();
    root.walk(&Key::default(), &mut |other, _| {
        if other != key && other.0.last() == key.0.last() {
            elsewhere.push(other.to_string());
        }
    });
    match (elsewhere.as_slice(), known) {
        ([only], _) => Advice::Nearest(only.clone()),
        (_, Some(known)) => Advice::Known(known.iter().map(|&name| name.to_owned()).collect()),
        (_, None) => Advice::Unread,
    }
}
