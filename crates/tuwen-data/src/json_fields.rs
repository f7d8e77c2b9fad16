//! Titles, tags and ids out of a JSON object.
//!
//! A text is a string, or a whole number, which reads as its digits. Where a list of texts is expected, a single text is
//! a list of one. `null` is an absent field.

use serde_json::{Map, Value};

use crate::{RecordError, Title, TitleField};

/// A record's JSON.
pub(crate) type Object = Map<String, Value>;

/// Parses the JSON that `name` holds, which must be an object.
pub(crate) fn parse_object(bytes: &[u8], name: &str) -> Result<Object, RecordError> {
    let text = std::str::from_utf8(bytes).map_err(|_| RecordError::NotUtf8 { field: name.to_owned() })?;
    match serde_json::from_str(text)? {
        Value::Object(object) => Ok(object),
        other => Err(wrong_kind(name, &other, "an object")),
    }
}

/// The titles of one field; at least one. `None` if the field is absent.
pub(crate) fn titles_in(object: &Object, field: &TitleField) -> Result<Option<Vec<Title>>, RecordError> {
    let Some(texts) = texts_in(object, &field.field)? else { return Ok(None) };
    if texts.is_empty() {
        return Err(RecordError::Empty { field: field.field.clone() });
    }
    Ok(Some(texts.into_iter().map(|text| Title { language: field.language.clone(), text }).collect()))
}

/// The tags of all `fields`, joined in order. `None` if no field is there.
pub(crate) fn tags_in(object: &Object, fields: &[String]) -> Result<Option<Vec<String>>, RecordError> {
    let mut tags = None;
    for field in fields {
        if let Some(more) = texts_in(object, field)? {
            tags.get_or_insert_with(Vec::new).extend(more);
        }
    }
    Ok(tags)
}

/// The text of a field. `None` if the field is absent.
pub(crate) fn text_in(object: &Object, field: &str) -> Result<Option<String>, RecordError> {
    let Some(value) = present(object, field) else { return Ok(None) };
    text(value).map(Some).ok_or_else(|| wrong_kind(field, value, "a text"))
}

/// The number of a field, at least 1.
pub(crate) fn count_in(object: &Object, field: &str) -> Result<usize, RecordError> {
    let value = present(object, field).ok_or_else(|| RecordError::MissingField { field: field.to_owned() })?;
    let count = value.as_u64().filter(|&count| count > 0).and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| wrong_kind(field, value, "a whole number of at least 1"))
}

fn texts_in(object: &Object, field: &str) -> Result<Option<Vec<String>>, RecordError> {
    let Some(value) = present(object, field) else { return Ok(None) };
    let wrong = |value| wrong_kind(field, value, "a text or a list of texts");
    match value {
        Value::Array(values) => {
            values.iter().map(|v| text(v).ok_or_else(|| wrong(v))).collect::<Result<_, _>>().map(Some)
        }
        value => text(value).map(|text| Some(vec![text])).ok_or_else(|| wrong(value)),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

fn present<'a>(object: &'a Object, field: &str) -> Option<&'a Value> {
    object.get(field).filter(|value| !value.is_null())
}

fn wrong_kind(field: &str, value: &Value, expected: &'static str) -> RecordError {
    RecordError::WrongKind { field: field.to_owned(), found: kind_name(value), expected }
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        parse_object(text.as_bytes(), "json").unwrap()
    }

    fn texts(text: &str) -> Result<Option<Vec<String>>, String> {
        texts_in(&object(text), "a").map_err(|error| error.to_string())
    }

    #[test]
    fn texts_are_one_or_a_list() {
        let some = |texts: &[&str]| Ok(Some(texts.iter().map(|&text| text.to_owned()).collect()));
        assert_eq!(texts(r#"{"a": "x"}"#), some(&["x"]));
        assert_eq!(texts(r#"{"a": ["x", 2012]}"#), some(&["x", "2012"]));
        assert_eq!(texts(r#"{"a": []}"#), some(&[]));
        assert_eq!(texts(r#"{"a": null}"#), Ok(None));
        assert_eq!(texts(r#"{"b": "x"}"#), Ok(None));
    }

    #[test]
    fn other_kinds_are_named() {
        let message = |found| Err(format!("`a` is {found}, expected a text or a list of texts"));
        for (value, found) in [
            ("true", "true or false"),
            ("0.5", "a number with a fraction"),
            ("{}", "an object"),
            ("[[]]", "a list"),
            ("[null]", "null"),
        ] {
            assert_eq!(texts(&format!(r#"{{"a": {value}}}"#)), message(found));
        }
    }

    #[test]
    fn tags_of_several_fields_are_joined() {
        let tags = |text: &str| tags_in(&object(text), &["a".to_owned(), "b".to_owned()]).unwrap();
        assert_eq!(tags(r#"{"a": ["x"], "b": ["y", "x"]}"#).unwrap(), ["x", "y", "x"]);
        assert_eq!(tags(r#"{"b": []}"#).unwrap(), [""; 0]);
        assert_eq!(tags("{}"), None);
    }

    #[test]
    fn title_list_is_never_empty() {
        let titles = |text: &str| titles_in(&object(text), &TitleField::new("en", "a")).map_err(|e| e.to_string());
        assert_eq!(titles(r#"{"a": []}"#), Err("`a` is empty".to_owned()));
        assert_eq!(titles(r#"{"a": ["x", ""]}"#).unwrap().unwrap().len(), 2);
    }

    #[test]
    fn count_is_whole_and_positive() {
        let count = |text: &str| count_in(&object(text), "n").map_err(|error| error.to_string());
        assert_eq!(count(r#"{"n": 8}"#), Ok(8));
        assert_eq!(count("{}"), Err("no field `n`".to_owned()));
        for value in ["0", "-1"] {
            let expected = "`n` is a whole number, expected a whole number of at least 1".to_owned();
            assert_eq!(count(&format!(r#"{{"n": {value}}}"#)), Err(expected));
        }
    }

    #[test]
    fn broken_json_is_an_error() {
        let error = |bytes: &[u8]| parse_object(bytes, "json").unwrap_err().to_string();
        assert!(error(b"{\"a\": ").starts_with("broken JSON: EOF while parsing"));
        assert_eq!(error(b"[]"), "`json` is a list, expected an object");
        assert_eq!(error(b"{\"\xff\": 1}"), "`json` is not UTF-8");
    }
}
