//! The tree of a recipe: TOML values, each with the place it was written at.

use std::cell::Cell;

use toml::value::Datetime;

use crate::key::{Key, Step};
use crate::place::Place;
use crate::wording;

/// A value and where it was written: the place of its key, or its own in an array.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
    /// Who has asked for this value: serde buffers some values without a type, and may then drop them silently.
    pub(crate) asked: Cell<Asked>,
}

/// How a value was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// As a number, a string, a struct …: somebody wants it.
    Typed,
    /// As anything: perhaps nobody wants it.
    Untyped,
}

/// A TOML value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    String(String),
    /// Wide enough for an `i64` and a `u64`.
    Integer(i128),
    /// As written: an `f32` is read from it with a single rounding.
    Float(String),
    Boolean(bool),
    Datetime(Datetime),
    Array(Vec<Node>),
    Table(Table),
}

/// The entries of a table in the order they were written.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) style: Style,
    pub(crate) entries: Vec<(String, Node)>,
}

/// How a table was written, which decides what an overlay does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `[a]` or `a.b = …`: entries are added to those below.
    Section,
    /// `{ … }`: a complete value, in place of the one below.
    Inline,
}

impl Node {
    pub(crate) fn new(value: Value, place: Place) -> Self {
        Self { value, place, asked: Cell::new(Asked::Typed) }
    }

    /// The part at `key`, if there is one.
    pub(crate) fn at(&self, key: &[Step]) -> Option<&Self> {
        key.iter().try_fold(self, |node, step| match (&node.value, step) {
            (Value::Table(table), Step::Name(name)) => table.get(name),
            (Value::Array(items), Step::Index(index)) => items.get(*index),
            _ => None,
        })
    }

    /// As [`at`](Self::at), to be changed.
    pub(crate) fn at_mut(&mut self, key: &[Step]) -> Option<&mut Self> {
        key.iter().try_fold(self, |node, step| match (&mut node.value, step) {
            (Value::Table(table), Step::Name(name)) => table.get_mut(name),
            (Value::Array(items), Step::Index(index)) => items.get_mut(*index),
            _ => None,
        })
    }

    /// Calls `visit` with this node and every part of it, outer before inner, in the order written.
    pub(crate) fn walk<'a>(&'a self, key: &Key, visit: &mut dyn FnMut(&Key, &'a Self)) {
        visit(key, self);
        match &self.value {
            Value::Table(table) => table.entries.iter().for_each(|(name, node)| node.walk(&key.name(name), visit)),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(i, node)| node.walk(&key.step(Step::Index(i)), visit));
            }
            _ => {}
        }
    }

    /// Lays `top` over this node: sections merge, anything else replaces.
    pub(crate) fn overlay(&mut self, top: Self) {
        match (&mut self.value, top.value) {
            (Value::Table(below), Value::Table(above)) if above.style == Style::Section => {
                for (name, node) in above.entries {
                    match below.get_mut(&name) {
                        Some(old) => old.overlay(node),
                        None => below.entries.push((name, node)),
                    }
                }
            }
            (below, above) => *below = above,
        }
        self.place = top.place;
    }

    /// What this value is, in the words of an error.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::String(text) => wording::string(text),
            Value::Integer(number) => format!("the number {number}"),
            Value::Float(text) => wording::float(parse_float(text)),
            Value::Boolean(truth) => truth.to_string(),
            Value::Datetime(date) => format!("the date {date}"),
            Value::Array(_) => "an array".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        }
    }
}

impl Table {
    pub(crate) fn new(style: Style) -> Self {
        Self { style, entries: Vec::new() }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.entries.iter().find(|(key, _)| key == name).map(|(_, node)| node)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|(key, _)| key == name).map(|(_, node)| node)
    }

    pub(crate) fn get_or_insert(&mut self, name: &str, absent: impl FnOnce() -> Node) -> &mut Node {
        let at = self.entries.iter().position(|(key, _)| key == name).unwrap_or_else(|| {
            self.entries.push((name.to_owned(), absent()));
            self.entries.len() - 1
        });
        &mut self.entries[at].1
    }
}

/// The float written as `text`, which was found to be one when the recipe was read.
pub(crate) fn parse_float(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}
