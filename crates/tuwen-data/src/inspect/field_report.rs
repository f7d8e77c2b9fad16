//! One field over all records: its kinds, how often each occurs, and how large its values are.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::field_value::{FieldValue, ValueKind};
use super::spread::Spread;
use crate::grouped;

/// Characters of an example value that are shown.
const EXAMPLE_CHARACTERS: usize = 40;

/// One field.
#[derive(Debug, Default)]
pub(crate) struct FieldReport {
    pub(crate) name: String,
    pub(crate) kinds: BTreeMap<ValueKind, KindReport>,
}

/// One kind of value in one field.
#[derive(Debug, Default)]
pub(crate) struct KindReport {
    /// Records with this kind of value.
    pub(crate) records: usize,
    /// Characters, entries or values; of a picture the width.
    sizes: Vec<i64>,
    /// Bytes of each byte string; of a picture the height.
    inner: Vec<i64>,
    distinct: HashSet<String>,
    pub(crate) example: Option<String>,
}

impl FieldReport {
    /// The kind most records have, `null` aside, and its report.
    pub(crate) fn main(&self) -> Option<(ValueKind, &KindReport)> {
        let kinds = self.kinds.iter().filter(|(kind, _)| **kind != ValueKind::Null);
        kinds.max_by_key(|(_, report)| report.records).map(|(kind, report)| (*kind, report))
    }
}

impl KindReport {
    fn add(&mut self, value: FieldValue) {
        self.records += 1;
        if self.example.is_none() {
            self.example = example(&value);
        }
        let length = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        match value {
            FieldValue::Whole(value) => self.sizes.push(value),
            FieldValue::Text(text) => self.sizes.push(length(text.chars().count())),
            FieldValue::List(entries) => self.sizes.push(length(entries)),
            FieldValue::Texts(texts) => {
                self.sizes.push(length(texts.len()));
                self.distinct.extend(texts);
            }
            FieldValue::Wholes(values) => {
                self.sizes.push(length(values.len()));
                self.distinct.extend(values.iter().map(i64::to_string));
            }
            FieldValue::Bytes(lengths) => {
                self.sizes.push(length(lengths.len()));
                self.inner.extend(lengths.into_iter().map(length));
            }
            FieldValue::Picture(width, height) => {
                self.sizes.push(length(width));
                self.inner.push(length(height));
            }
            FieldValue::Null | FieldValue::Flag | FieldValue::Number | FieldValue::Object => {}
        }
    }

    /// The usual length of its byte strings.
    pub(crate) fn usual_bytes(&self) -> Option<usize> {
        Spread::of(&self.inner).and_then(|spread| usize::try_from(spread.median()).ok())
    }

    /// The sizes in words, such as `1 / 3 / 9 characters`.
    pub(crate) fn sizes(&self, kind: ValueKind) -> String {
        let (Some(sizes), inner) = (Spread::of(&self.sizes), Spread::of(&self.inner)) else { return String::new() };
        match (kind, inner) {
            (ValueKind::Whole, _) => sizes.to_string(),
            (ValueKind::Text, _) => format!("{sizes} characters"),
            (ValueKind::Picture, Some(heights)) => format!("{sizes} × {heights} pixels"),
            (ValueKind::Bytes, Some(bytes)) => format!("{sizes} entries of {bytes} bytes"),
            (ValueKind::Texts | ValueKind::Wholes, _) => {
                format!("{sizes} entries, {} distinct", grouped(self.distinct.len() as u64))
            }
            _ => format!("{sizes} entries"),
        }
    }
}

/// A value to look at; of long ones the beginning.
fn example(value: &FieldValue) -> Option<String> {
    let text = match value {
        FieldValue::Whole(value) => value.to_string(),
        FieldValue::Text(text) if !text.is_empty() => format!("{text:?}"),
        FieldValue::Texts(texts) if !texts.is_empty() => format!("{texts:?}"),
        FieldValue::Wholes(values) if !values.is_empty() => format!("{values:?}"),
        _ => return None,
    };
    let short: String = text.chars().take(EXAMPLE_CHARACTERS).collect();
    Some(if short.len() < text.len() { format!("{short}…") } else { short })
}

/// All fields, in the order in which they first occur.
#[derive(Default)]
pub(crate) struct FieldTable {
    fields: Vec<FieldReport>,
    places: HashMap<String, usize>,
    records: usize,
}

impl FieldTable {
    /// Adds one record's fields.
    pub(crate) fn add(&mut self, fields: Vec<(String, FieldValue)>) {
        self.records += 1;
        for (name, value) in fields {
            let place = *self.places.entry(name).or_insert_with_key(|name| {
                self.fields.push(FieldReport { name: name.clone(), ..FieldReport::default() });
                self.fields.len() - 1
            });
            self.fields[place].kinds.entry(value.kind()).or_default().add(value);
        }
    }

    /// The fields, and how many records were added.
    pub(crate) fn finish(self) -> (Vec<FieldReport>, usize) {
        (self.fields, self.records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(values: Vec<FieldValue>) -> FieldReport {
        let mut table = FieldTable::default();
        for value in values {
            table.add(vec![("a".to_owned(), value)]);
        }
        table.finish().0.remove(0)
    }

    #[test]
    fn sizes_are_told_by_kind() {
        let texts = |texts: &[&str]| FieldValue::Texts(texts.iter().map(|&text| text.to_owned()).collect());
        for (values, expected) in [
            (vec![FieldValue::Text("猫".into()), FieldValue::Text("cats".into())], "1 / 1 / 4 characters"),
            (vec![texts(&["a", "b"]), texts(&["b", "c"])], "2 entries, 3 distinct"),
            (vec![FieldValue::Bytes(vec![6, 6]), FieldValue::Bytes(vec![6])], "1 / 1 / 2 entries of 6 bytes"),
            (vec![FieldValue::Picture(512, 64)], "512 × 64 pixels"),
            (vec![FieldValue::Whole(-1), FieldValue::Whole(5)], "-1 / -1 / 5"),
            (vec![FieldValue::Null], ""),
        ] {
            let field = table(values);
            let (kind, report) = field.kinds.first_key_value().unwrap();
            assert_eq!(report.sizes(*kind), expected);
        }
    }

    #[test]
    fn main_kind_is_the_most_frequent_but_never_null() {
        let field = table(vec![FieldValue::Null, FieldValue::Null, FieldValue::Whole(1)]);
        assert_eq!(field.main().unwrap().0, ValueKind::Whole);
        assert!(table(vec![FieldValue::Null]).main().is_none());
    }

    #[test]
    fn example_is_the_first_that_says_something_and_short() {
        let field = table(vec![FieldValue::Text(String::new()), FieldValue::Text("x".repeat(50))]);
        let expected = format!("\"{}…", "x".repeat(39));
        assert_eq!(field.kinds[&ValueKind::Text].example, Some(expected));
    }
}
