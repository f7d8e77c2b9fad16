//! Keys that nothing reads, though serde accepts them.
//!
//! A unit variant of an internally tagged enum, a flattened table and a struct without `deny_unknown_fields` inside
//! such a table drop what they don't know. Such a key is found by its effect: whatever its value is, the recipe stays
//! the same. (A decode for each such key: about 2 ms for 100 keys in tagged tables.)

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::decode::decode;
use crate::key::{Key, Step};
use crate::node::{Asked, Node, Style, Table, Value};
use crate::write::to_toml;

/// The first key of `root`, as written, that makes no difference to `recipe`.
pub(crate) fn first_unread<T: DeserializeOwned + Serialize>(root: &Node, recipe: &T) -> Option<Key> {
    let mut suspects = Vec::new();
    root.walk(&Key::default(), &mut |key, node| {
        if node.asked.get() == Asked::Untyped && matches!(key.0.last(), Some(Step::Name(_))) {
            suspects.push(key.clone());
        }
    });
    if suspects.is_empty() {
        return None;
    }
    let resolved = to_toml(recipe).ok()?;
    suspects.into_iter().find(|key| is_unread::<T>(root, key, &resolved))
}

fn is_unread<T: DeserializeOwned + Serialize>(root: &Node, key: &Key, resolved: &str) -> bool {
    // A value of every kind: no type takes them all, and what takes anything shows them in the recipe.
    let values = [
        Value::Table(Table::new(Style::Inline)),
        Value::Array(Vec::new()),
        Value::Boolean(true),
        Value::Integer(-1),
        Value::String(String::new()),
    ];
    values.into_iter().all(|value| {
        let mut changed = root.clone();
        let Some(node) = changed.at_mut(&key.0) else { return false };
        node.value = value;
        decode::<T>(&changed).is_ok_and(|recipe| to_toml(&recipe).is_ok_and(|text| text == resolved))
    })
}
