//! Values out of a JSON object. A text is a string, or a whole number, which reads as its digits. `null` is an absent field.

use serde_json::{Map, Value};

use crate::Fault;
use crate::fault::Nearest;

/// A record's JSON.
pub(crate) type Object = Map<String, Value>;

/// Parses a record, which must be an object.
pub(crate) fn parse_object(text: &str) -> Result<Object, Fault> {
    match serde_json::from_str(text)? {
        Value::Object(object) => Ok(object),
        other => Err(wrong_kind("record", &other, "an object")),
    }
}

/// The value of a field, if it is there.
pub(crate) fn present<'a>(object: &'a Object, field: &str) -> Option<&'a Value> {
    object.get(field).filter(|value| !value.is_null())
}

/// The value of a field that must be there.
pub(crate) fn required<'a>(object: &'a Object, field: &'static str) -> Result<&'a Value, Fault> {
    present(object, field).ok_or_else(|| {
        let others = object.keys().map(String::as_str).filter(|name| *name != field);
        let nearest = Nearest::among(field, others);
        Fault::MissingField { field, nearest }
    })
}

/// The text of a field; it is there and not empty.
pub(crate) fn text(object: &Object, field: &'static str) -> Result<String, Fault> {
    text_of(field, required(object, field)?)
}

/// The text of a field, if it is there.
pub(crate) fn optional_text(object: &Object, field: &'static str) -> Result<Option<String>, Fault> {
    present(object, field).map(|value| text_of(field, value)).transpose()
}

/// The whole number of a field.
pub(crate) fn whole(object: &Object, field: &'static str) -> Result<u64, Fault> {
    let value = required(object, field)?;
    value.as_u64().ok_or_else(|| wrong_kind(field, value, "a whole number of at least 0"))
}

/// The texts of a field: a list of texts, or a text, which is a list of one. At least one, and none is empty.
pub(crate) fn texts(object: &Object, field: &'static str) -> Result<Vec<String>, Fault> {
    match required(object, field)? {
        Value::Array(values) if values.is_empty() => Err(Fault::Empty { field }),
        Value::Array(values) => values.iter().map(|value| text_of(field, value)).collect(),
        value => Ok(vec![text_of(field, value)?]),
    }
}

/// The list of a field; at least one entry.
pub(crate) fn list<'a>(object: &'a Object, field: &'static str) -> Result<&'a [Value], Fault> {
    match required(object, field)? {
        Value::Array(values) if values.is_empty() => Err(Fault::Empty { field }),
        Value::Array(values) => Ok(values),
        value => Err(wrong_kind(field, value, "a list")),
    }
}

/// An entry of the list of `field`, which must be an object.
pub(crate) fn object_of<'a>(field: &'static str, value: &'a Value) -> Result<&'a Object, Fault> {
    value.as_object().ok_or_else(|| wrong_kind(field, value, "an object"))
}

/// The text of a value that stands in `field`; not empty.
pub(crate) fn text_of(field: &'static str, value: &Value) -> Result<String, Fault> {
    match value {
        Value::String(text) if text.trim().is_empty() => Err(Fault::Empty { field }),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) if !number.is_f64() => Ok(number.to_string()),
        other => Err(wrong_kind(field, other, "a text")),
    }
}

/// The fault of a value of another kind.
pub(crate) fn wrong_kind(field: &'static str, value: &Value, expected: &'static str) -> Fault {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Fault::WrongKind { field, found, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<T: std::fmt::Debug>(json: &str, read: fn(&Object, &'static str) -> Result<T, Fault>) -> String {
        match read(&parse_object(json).unwrap(), "answer") {
            Ok(value) => format!("{value:?}"),
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn texts_are_one_or_several_and_never_empty() {
        assert_eq!(field(r#"{"answer": ["a", 2]}"#, texts), r#"["a", "2"]"#);
        assert_eq!(field(r#"{"answer": "a"}"#, texts), r#"["a"]"#);
        for empty in ["[]", "\"\"", "[\"a\", \" \"]"] {
            assert_eq!(field(&format!(r#"{{"answer": {empty}}}"#), texts), "`answer` is empty");
        }
    }

    #[test]
    fn absent_fields_and_other_kinds_are_named() {
        assert_eq!(field(r#"{"answers": 1}"#, text), "no field `answer`, did you mean `answers`");
        assert_eq!(field(r#"{"answer": null}"#, text), "no field `answer`");
        assert_eq!(field("{}", text), "no field `answer`");
        assert_eq!(field(r#"{"answer": true}"#, text), "`answer` is true or false, expected a text");
        assert_eq!(field(r#"{"answer": [0.5]}"#, texts), "`answer` is a number with a fraction, expected a text");
        assert_eq!(
            field(r#"{"answer": -1}"#, whole),
            "`answer` is a whole number, expected a whole number of at least 0"
        );
        assert_eq!(
            field(r#"{"answer": {}}"#, |o, f| list(o, f).map(<[Value]>::len)),
            "`answer` is an object, expected a list"
        );
        assert_eq!(parse_object("[]").unwrap_err().to_string(), "`record` is a list, expected an object");
        let deep = parse_object(&("[".repeat(4000) + &"]".repeat(4000))).unwrap_err().to_string();
        assert!(deep.starts_with("broken JSON: recursion limit exceeded"), "{deep}");
        assert!(parse_object("{\"a\"").unwrap_err().to_string().starts_with("broken JSON: EOF"));
    }
}
