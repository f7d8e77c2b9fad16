//! The words of errors: what was found, what was expected.

use serde::de::Unexpected;

/// Longer strings are cut: an error is one line.
const MAX_SHOWN: usize = 60;

/// `the string "big"`.
pub(crate) fn string(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("the string {:?}", format!("{}…", &text[..end])),
        None => format!("the string {text:?}"),
    }
}

/// A text from outside on one line, for backticks: cut, its control characters escaped.
pub(crate) fn one_line(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(MAX_SHOWN) {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if text.chars().nth(MAX_SHOWN).is_some() { format!("{shown}…") } else { shown }
}

/// `the number 1.5`.
pub(crate) fn float(number: f64) -> String {
    format!("the number {number:?}")
}

/// What serde found, in the words of [`Node::describe`](crate::node::Node::describe).
pub(crate) fn found(unexpected: &Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(truth) => truth.to_string(),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => float(*number),
        Unexpected::Char(character) => string(&character.to_string()),
        Unexpected::Str(text) => string(text),
        Unexpected::Seq => "an array".to_owned(),
        Unexpected::Map => "a table".to_owned(),
        Unexpected::Other(words) => (*words).to_owned(),
        other => other.to_string(),
    }
}

/// What serde expected of the kind of a value: `usize` is "a whole number".
pub(crate) fn expected_type(raw: &str) -> String {
    let words = match raw {
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        "a map" => "a table",
        "a borrowed string" | "variant identifier" | "field identifier" => "a string",
        "a character" => "a string of one character",
        "path string" => "a path",
        _ if integer_range(raw).is_some() => "a whole number",
        _ if raw.starts_with("a nonzero ") => "a whole number",
        _ if raw.starts_with("struct ") || raw.contains("tagged enum ") => "a table",
        _ => match expected_length(raw) {
            Some(length) => return format!("an array of {length}"),
            None if raw.starts_with("tuple ") => "an array",
            None => raw,
        },
    };
    words.to_owned()
}

/// The length in serde's four ways to ask for one.
fn expected_length(raw: &str) -> Option<&str> {
    let length = match raw.strip_prefix("a tuple of size ").or_else(|| raw.strip_prefix("an array of length ")) {
        Some(length) => length,
        None => match raw.strip_suffix(" in sequence") {
            Some(elements) => elements,
            None => raw.strip_prefix("tuple ")?.split_once(" with ")?.1,
        },
    };
    length.split(' ').next()
}

/// What serde expected of a value of the right kind: `u8` is "a whole number from 0 to 255".
pub(crate) fn expected_value(raw: &str, found: &str) -> String {
    if let Some((low, high)) = integer_range(raw) {
        let negative = found.starts_with("the number -");
        return match low.as_str() {
            "0" if negative => "a whole number, 0 or more".to_owned(),
            _ => format!("a whole number from {low} to {high}"),
        };
    }
    match raw {
        "f32" => format!("a number from {:e} to {:e}", f32::MIN, f32::MAX),
        _ if raw.starts_with("a nonzero u") => "a whole number, 1 or more".to_owned(),
        _ if raw.starts_with("a nonzero i") => "a whole number other than 0".to_owned(),
        _ => expected_type(raw),
    }
}

fn integer_range(raw: &str) -> Option<(String, String)> {
    macro_rules! ranges {
        ($($kind:ident)*) => {
            match raw {
                $(stringify!($kind) => Some(($kind::MIN.to_string(), $kind::MAX.to_string())),)*
                _ => None,
            }
        };
    }
    ranges!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize)
}

#[cfg(test)]
mod tests {
    use super::{expected_type, expected_value, one_line, string};

    #[test]
    fn kinds_in_plain_words() {
        for (raw, words) in [
            ("usize", "a whole number"),
            ("a nonzero u32", "a whole number"),
            ("f32", "a number"),
            ("a boolean", "true or false"),
            ("struct Data", "a table"),
            ("internally tagged enum Optimizer", "a table"),
            ("a tuple of size 2", "an array of 2"),
            ("an array of length 3", "an array of 3"),
            ("1 element in sequence", "an array of 1"),
            ("tuple struct Betas with 2 elements", "an array of 2"),
            ("tuple struct Betas", "an array"),
            ("a string", "a string"),
        ] {
            assert_eq!(expected_type(raw), words);
        }
    }

    #[test]
    fn ranges_name_the_side_that_was_missed() {
        assert_eq!(expected_value("u8", "the number 300"), "a whole number from 0 to 255");
        assert_eq!(expected_value("u8", "the number -1"), "a whole number, 0 or more");
        assert_eq!(expected_value("i8", "the number -200"), "a whole number from -128 to 127");
        assert_eq!(expected_value("a nonzero usize", "the number 0"), "a whole number, 1 or more");
        assert_eq!(expected_value("a nonzero i64", "the number 0"), "a whole number other than 0");
    }

    #[test]
    fn texts_from_outside_keep_to_one_line() {
        assert_eq!(one_line("a\n'b'\u{7f}"), "a\\n'b'\\u{7f}");
        assert_eq!(one_line(&"ü".repeat(61)), format!("{}…", "ü".repeat(60)));
    }

    #[test]
    fn long_strings_are_cut() {
        assert_eq!(string(&"ü".repeat(61)), format!("the string \"{}…\"", "ü".repeat(60)));
        assert_eq!(string("a\nb"), r#"the string "a\nb""#);
    }
}
