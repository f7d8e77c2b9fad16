//! From TOML text to the tree.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::error::RecipeError;
use crate::node::{Node, Style, Table, Value};
use crate::place::Place;

/// A number that TOML allows and no type here holds: its offset in the text, and what is wrong with it.
struct Unreadable {
    offset: usize,
    reason: String,
}

/// The recipe file `text`; `name` is the file that errors show.
pub(crate) fn read_file(name: &str, text: &str) -> Result<Node, RecipeError> {
    let file: Arc<str> = name.into();
    let lines: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let place = |offset: usize| {
        let line = lines.partition_point(|&start| start <= offset);
        let before = text.get(lines[line - 1]..offset).unwrap_or_default();
        Place::Line { file: file.clone(), line, column: before.chars().count() + 1 }
    };
    let root = DeTable::parse(text).map_err(|error| RecipeError::Syntax {
        place: error.span().map_or(Place::File { file: file.clone() }, |span| place(span.start)),
        reason: error.message().replace('\n', " "),
    })?;
    let reader = Reader { text, place: &place };
    let table = reader
        .table(root.into_inner(), Style::Section)
        .map_err(|error| RecipeError::Syntax { place: place(error.offset), reason: error.reason })?;
    Ok(Node::new(Value::Table(table), Place::File { file: file.clone() }))
}

/// The value of an override. What is not TOML is a string: `--set compat=seed` needs no quotes.
pub(crate) fn read_override(text: &str, place: &Place) -> Result<Node, String> {
    match DeValue::parse(text) {
        Ok(value) => {
            let reader = Reader { text, place: &|_| place.clone() };
            reader.value(value, 0).map_err(|error| error.reason)
        }
        Err(_) => Ok(Node::new(Value::String(text.to_owned()), place.clone())),
    }
}

struct Reader<'a> {
    text: &'a str,
    place: &'a dyn Fn(usize) -> Place,
}

impl Reader<'_> {
    fn value(&self, value: Spanned<DeValue<'_>>, key_offset: usize) -> Result<Node, Unreadable> {
        let offset = value.span().start;
        let inline = self.text.as_bytes().get(offset) == Some(&b'{');
        let value =
            match value.into_inner() {
                DeValue::String(text) => Value::String(text.into_owned()),
                DeValue::Integer(number) => Value::Integer(integer(&number).ok_or_else(|| Unreadable {
                    offset,
                    reason: format!("the number {number} has more than 128 bits"),
                })?),
                DeValue::Float(number) => Value::Float(float(number.as_str()).ok_or_else(|| Unreadable {
                    offset,
                    reason: format!("the number {number} has more than 64 bits"),
                })?),
                DeValue::Boolean(truth) => Value::Boolean(truth),
                DeValue::Datetime(date) => Value::Datetime(date),
                DeValue::Array(items) => Value::Array(
                    items
                        .into_iter()
                        .map(|item| {
                            let start = item.span().start;
                            self.value(item, start)
                        })
                        .collect::<Result<_, _>>()?,
                ),
                DeValue::Table(table) => {
                    Value::Table(self.table(table, if inline { Style::Inline } else { Style::Section })?)
                }
            };
        Ok(Node::new(value, (self.place)(key_offset)))
    }

    /// The parser sorts entries by name; here they are again in the order written: the first error is reported first.
    fn table(&self, table: DeTable<'_>, style: Style) -> Result<Table, Unreadable> {
        let mut entries: Vec<_> = table.into_iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let entries = entries.into_iter().map(|(name, value)| {
            let start = name.span().start;
            Ok((name.into_inner().into_owned(), self.value(value, start)?))
        });
        Ok(Table { style, entries: entries.collect::<Result<_, _>>()? })
    }
}

fn integer(number: &DeInteger<'_>) -> Option<i128> {
    i128::from_str_radix(number.as_str(), number.radix()).ok()
}

fn float(text: &str) -> Option<String> {
    let number: f64 = text.parse().ok()?;
    (number.is_finite() || text.contains("inf") || text.contains("nan")).then(|| text.to_owned())
}
