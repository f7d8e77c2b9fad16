//! Dotted keys: `optimizer.groups[1].lr`, names quoted as TOML quotes them.

use std::fmt;

use toml::de::DeValue;

use crate::wording::one_line;

/// One step into a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An entry of a table.
    Name(String),
    /// An entry of an array, from 0.
    Index(usize),
}

/// The way from the top of a recipe to one of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) Vec<Step>);

/// As deep as TOML itself is read; deeper keys would only exhaust the stack.
const MAX_STEPS: usize = 80;

impl Key {
    /// This key and one more name.
    pub(crate) fn name(&self, name: &str) -> Self {
        self.step(Step::Name(name.to_owned()))
    }

    /// This key and one more step.
    pub(crate) fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The key that `text` starts with, and the rest of the text. Errors: what was expected, and after which part.
    pub(crate) fn read(text: &str) -> Result<(Self, &str), String> {
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            let after = |rest: &str| match text[..text.len() - rest.len()].trim() {
                "" => String::new(),
                read => format!(" after `{}`", one_line(read)),
            };
            let (name, tail) = read_name(rest.trim_start()).ok_or_else(|| format!("expected a key{}", after(rest)))?;
            steps.push(Step::Name(name));
            rest = tail.trim_start();
            while let Some(tail) = rest.strip_prefix('[') {
                let (index, tail) = tail
                    .split_once(']')
                    .and_then(|(index, tail)| Some((index.trim().parse().ok()?, tail)))
                    .ok_or_else(|| format!("expected `[index]`{}", after(rest)))?;
                steps.push(Step::Index(index));
                rest = tail.trim_start();
            }
            if steps.len() > MAX_STEPS {
                return Err(format!("expected a key of at most {MAX_STEPS} parts"));
            }
            match rest.strip_prefix('.') {
                Some(tail) => rest = tail,
                None => return Ok((Self(steps), rest)),
            }
        }
    }
}

/// A bare or quoted name and what follows it.
fn read_name(text: &str) -> Option<(String, &str)> {
    let end = match text.chars().next()? {
        '"' => {
            let mut escaped = false;
            let closing = text.char_indices().skip(1).find(|&(_, c)| {
                let closes = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                closes
            })?;
            closing.0 + 1
        }
        '\'' => text[1..].find('\'')? + 2,
        _ => text.find(|c: char| !is_bare(c)).unwrap_or(text.len()),
    };
    let (name, rest) = text.split_at(end);
    let name = match name.chars().next()? {
        '"' | '\'' => DeValue::parse(name).ok()?.get_ref().as_str()?.to_owned(),
        _ => name.to_owned(),
    };
    Some((name, rest))
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// `name` as a TOML string of one line.
fn quoted(name: &str) -> String {
    let escaped = name.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            let dot = if i == 0 { "" } else { "." };
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Name(name) if !name.is_empty() && name.chars().all(is_bare) => write!(f, "{dot}{name}")?,
                Step::Name(name) => write!(f, "{dot}{}", quoted(name))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Step};

    fn read(text: &str) -> (Key, &str) {
        Key::read(text).unwrap()
    }

    #[test]
    fn names_and_indices() {
        let (key, rest) = read("optimizer.groups[1].lr=1e-3");
        let name = |name: &str| Step::Name(name.to_owned());
        assert_eq!(key.0, [name("optimizer"), name("groups"), Step::Index(1), name("lr")]);
        assert_eq!(rest, "=1e-3");
        assert_eq!(key.to_string(), "optimizer.groups[1].lr");
    }

    #[test]
    fn quoted_names_keep_dots_and_signs() {
        assert_eq!(read(r#"a."b.c=\"d" = 1"#).0.0[1], Step::Name("b.c=\"d".to_owned()));
        assert_eq!(read("'x y'.z").0.to_string(), "\"x y\".z");
    }

    #[test]
    fn shown_keys_read_back() {
        for text in ["a", "a.b[0][12].c-d", "\"\".x", "\"ü\".x", "'\"'.x", r#""\n\\ \u007f".x"#] {
            let key = read(text).0;
            assert_eq!(read(&key.to_string()), (key, ""), "{text}");
        }
    }

    #[test]
    fn wrong_keys_say_what_was_expected() {
        assert_eq!(Key::read("").unwrap_err(), "expected a key");
        assert_eq!(Key::read("=1").unwrap_err(), "expected a key");
        assert_eq!(Key::read("a..b=1").unwrap_err(), "expected a key after `a.`");
        assert_eq!(Key::read("a[x]=1").unwrap_err(), "expected `[index]` after `a`");
        assert_eq!(Key::read("a[-1]=1").unwrap_err(), "expected `[index]` after `a`");
        assert_eq!(Key::read("\"a=1").unwrap_err(), "expected a key");
        assert_eq!(Key::read(&"a.".repeat(100)).unwrap_err(), "expected a key of at most 80 parts");
    }
}
