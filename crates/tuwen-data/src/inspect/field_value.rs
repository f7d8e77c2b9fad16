//! The value of one field of one record, as far as it matters for a description.

use serde_json::Value;

use crate::example::{Feature, Kind};

/// A value as it lies in the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldValue {
    Null,
    Flag,
    Whole(i64),
    Number,
    Text(String),
    Texts(Vec<String>),
    Wholes(Vec<i64>),
    /// A list of anything else, by its length.
    List(usize),
    Object,
    /// Byte strings that are no text, by their lengths.
    Bytes(Vec<usize>),
    /// A picture's width and height.
    Picture(usize, usize),
}

impl FieldValue {
    /// A value of a JSON object.
    pub(crate) fn of_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Flag,
            Value::Number(number) => number.as_i64().map_or(Self::Number, Self::Whole),
            Value::String(text) => Self::Text(text.clone()),
            Value::Object(_) => Self::Object,
            Value::Array(values) => {
                let texts: Option<Vec<_>> = values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
                let wholes: Option<Vec<_>> = values.iter().map(Value::as_i64).collect();
                texts.map(Self::Texts).or(wholes.map(Self::Wholes)).unwrap_or(Self::List(values.len()))
            }
        }
    }

    /// A feature of a `tf.Example`; a single text is told from a list of texts.
    pub(crate) fn of_feature(feature: &Feature) -> Self {
        match &feature.kind {
            None => Self::List(0),
            Some(Kind::Int64(list)) => Self::Wholes(list.value.clone()),
            Some(Kind::Float(list)) => Self::List(list.value.len()),
            Some(Kind::Bytes(list)) => {
                let texts: Option<Vec<String>> = list.value.iter().map(|bytes| text(bytes)).collect();
                match texts {
                    Some(mut texts) if texts.len() == 1 => Self::Text(texts.swap_remove(0)),
                    Some(texts) => Self::Texts(texts),
                    None => Self::Bytes(list.value.iter().map(|bytes| bytes.len()).collect()),
                }
            }
        }
    }

    /// An entry of an archive.
    pub(crate) fn of_entry(content: &[u8]) -> Self {
        match imagesize::blob_size(content) {
            Ok(size) => Self::Picture(size.width, size.height),
            Err(_) => text(content).map_or_else(|| Self::Bytes(vec![content.len()]), Self::Text),
        }
    }

    /// The kind of value.
    pub(crate) fn kind(&self) -> ValueKind {
        match self {
            Self::Null => ValueKind::Null,
            Self::Flag => ValueKind::Flag,
            Self::Whole(_) => ValueKind::Whole,
            Self::Number => ValueKind::Number,
            Self::Text(_) => ValueKind::Text,
            Self::Texts(_) => ValueKind::Texts,
            Self::Wholes(_) => ValueKind::Wholes,
            Self::List(_) => ValueKind::List,
            Self::Object => ValueKind::Object,
            Self::Bytes(_) => ValueKind::Bytes,
            Self::Picture(..) => ValueKind::Picture,
        }
    }
}

/// UTF-8 without control characters: zeros, as in features, are no text.
fn text(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?;
    (!text.contains(|c: char| c.is_control() && !c.is_whitespace())).then(|| text.to_owned())
}

/// The kinds of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ValueKind {
    Null,
    Flag,
    Whole,
    Number,
    Text,
    Texts,
    Wholes,
    List,
    Object,
    Bytes,
    Picture,
}

impl ValueKind {
    /// The kind in words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag => "true or false",
            Self::Whole => "whole number",
            Self::Number => "number",
            Self::Text => "text",
            Self::Texts => "list of texts",
            Self::Wholes => "list of whole numbers",
            Self::List => "list",
            Self::Object => "object",
            Self::Bytes => "bytes",
            Self::Picture => "picture",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_of_json() {
        let kind = |value: Value| FieldValue::of_json(&value).kind().name();
        assert_eq!(kind(json!(null)), "null");
        assert_eq!(kind(json!(5)), "whole number");
        assert_eq!(kind(json!(0.5)), "number");
        assert_eq!(kind(json!("a")), "text");
        assert_eq!(kind(json!(["a"])), "list of texts");
        assert_eq!(kind(json!([1, 2])), "list of whole numbers");
        assert_eq!(kind(json!([1, "a"])), "list");
        assert_eq!(kind(json!({})), "object");
    }

    #[test]
    fn kinds_of_features() {
        let bytes =
            |value: &[&[u8]]| FieldValue::of_feature(&Feature::bytes(value.iter().map(|v| v.to_vec()).collect()));
        assert_eq!(bytes(&["猫".as_bytes()]), FieldValue::Text("猫".to_owned()));
        assert_eq!(bytes(&[b"a", b"b"]).kind(), ValueKind::Texts);
        assert_eq!(bytes(&[&[0; 6], &[0; 6]]), FieldValue::Bytes(vec![6, 6])); // two frames of zeros
        assert_eq!(FieldValue::of_feature(&Feature::integers(vec![7])), FieldValue::Wholes(vec![7]));
    }

    #[test]
    fn picture_is_known_by_its_header() {
        let gif = b"GIF89a\x03\x00\x02\x00\x00\x00\x00";
        assert_eq!(FieldValue::of_entry(gif), FieldValue::Picture(3, 2));
        assert_eq!(FieldValue::of_entry(b"a cat").kind(), ValueKind::Text);
        assert_eq!(FieldValue::of_entry(&[0xff, 0]), FieldValue::Bytes(vec![2]));
    }
}
