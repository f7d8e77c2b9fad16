//! Finds the value that a fault is about where serde has lost the way to it.
//!
//! Serde reads an internally tagged or flattened table into a buffer first; what it refuses afterwards has no way but
//! that of the table. If the fault fits several values in it, each is exchanged in turn for a marker: the one whose
//! marker turns up in the fault is the one.

use crate::fault::{Fault, Reason};
use crate::key::Key;
use crate::node::{Node, Table, Value};
use crate::wording::expected_type;

/// Nobody's name.
const MARKER: &str = "\u{1f}marker\u{1f}";
/// Nobody's number, and out of range of most types.
const MARKER_NUMBER: i128 = -6_148_914_691_236_517_205;

/// The full key of what `fault` is about; of the table where it stays unclear which of several it is.
///
/// `retry` reads a changed recipe: `None` is success.
pub(crate) fn locate(root: &Node, fault: &Fault, retry: &dyn Fn(&Node) -> Option<Reason>) -> Key {
    let start = fault.key();
    let mut candidates = Vec::new();
    if let Some(node) = root.at(&start.0) {
        node.walk(&start, &mut |key, node| candidates.extend(candidate(&fault.reason, key, node)));
    }
    let found = match candidates.as_slice() {
        [only] => Some(only),
        several => several.iter().find(|key| is_culprit(root, key, &fault.reason, retry)),
    };
    found.cloned().unwrap_or_else(|| match &fault.reason {
        Reason::UnknownKey { key, .. } => start.name(key),
        Reason::MissingKey { key } => start.name(key),
        _ => start,
    })
}

/// The key that `reason` would have if it were about `node`, which is at `key`.
fn candidate(reason: &Reason, key: &Key, node: &Node) -> Option<Key> {
    match (reason, &node.value) {
        (Reason::UnknownKey { key: name, .. }, Value::Table(table)) => table.get(name).map(|_| key.name(name)),
        (Reason::MissingKey { key: name }, Value::Table(table)) => table.get(name).is_none().then(|| key.name(name)),
        (Reason::UnknownName { name, .. }, Value::String(text)) => (text == name).then(|| key.clone()),
        (Reason::UnknownName { name, .. }, Value::Table(table)) => table.get(name).map(|_| key.clone()),
        (Reason::WrongLength { length, .. }, Value::Array(items)) => (items.len() == *length).then(|| key.clone()),
        (Reason::WrongType { found, .. } | Reason::OutOfRange { found, .. }, _) => {
            (node.describe() == *found).then(|| key.clone())
        }
        _ => None,
    }
}

fn is_culprit(root: &Node, key: &Key, reason: &Reason, retry: &dyn Fn(&Node) -> Option<Reason>) -> bool {
    let markers = [Value::String(MARKER.to_owned()), Value::Integer(MARKER_NUMBER)];
    markers.into_iter().any(|marker| {
        let mut changed = root.clone();
        let described = Node::new(marker.clone(), root.place.clone()).describe();
        exchange(&mut changed, key, reason, marker).is_some() && shows(reason, retry(&changed), &described)
    })
}

/// Puts `marker` where the fault would be: in place of a value, or of a name.
fn exchange(root: &mut Node, key: &Key, reason: &Reason, marker: Value) -> Option<()> {
    let place = root.place.clone();
    let rename = |table: &mut Table, from: &str| {
        table.entries.iter_mut().find(|(name, _)| name == from).map(|(name, _)| *name = MARKER.to_owned())
    };
    let steps = match (reason, key.0.split_last()) {
        (Reason::UnknownKey { .. } | Reason::MissingKey { .. }, Some((_, table))) => table,
        _ => &key.0,
    };
    let node = root.at_mut(steps)?;
    match (&mut node.value, reason) {
        (Value::Table(table), Reason::UnknownKey { key, .. }) => rename(table, key)?,
        (Value::Table(table), Reason::UnknownName { name, .. }) => rename(table, name)?,
        (Value::Table(table), Reason::MissingKey { key }) => {
            table.entries.push(((*key).to_owned(), Node::new(marker, place)));
        }
        (value, _) => *value = marker,
    }
    Some(())
}

/// Whether `now`, read with the marker, proves that `before` was about what it stands for. The known names are compared
/// too: a key that is right elsewhere would be unknown under the marker's name, but among others.
fn shows(before: &Reason, now: Option<Reason>, marker: &str) -> bool {
    use Reason::{MissingKey, OutOfRange, UnknownKey, UnknownName, WrongLength, WrongType};
    match (before, now) {
        (UnknownKey { known, .. }, Some(UnknownKey { key, known: now })) => key == MARKER && now == *known,
        (UnknownName { known, .. }, Some(UnknownName { name, known: now })) => name == MARKER && now == *known,
        // The table takes the key now, so what is missing next is another, or nothing.
        (MissingKey { key }, Some(MissingKey { key: now })) => now != *key,
        (MissingKey { key }, Some(UnknownKey { key: now, .. })) => now != *key,
        (MissingKey { .. }, _) => true,
        (
            WrongType { expected, .. } | OutOfRange { expected, .. },
            Some(WrongType { found, expected: now } | OutOfRange { found, expected: now }),
        ) => found == marker && now == *expected,
        // Told what a string should have been there, serde may word the same length otherwise.
        (WrongLength { expected, .. }, Some(WrongType { found, expected: now })) => {
            found == marker && expected_type(&now) == expected_type(expected)
        }
        _ => false,
    }
}
