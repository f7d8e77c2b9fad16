//! What serde reports, kept as facts: serde calls these constructors with names and types, so none is cut from text.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::key::{Key, Step};
use crate::wording;

/// Something the schema refuses, and the way to it as far as serde let it be followed.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) reason: Reason,
    /// Innermost step first: it grows while the fault travels outwards.
    steps: Vec<Step>,
}

/// What was refused. `expected` is in serde's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The table has a key that nothing reads; `None`: which keys it may have is not known.
    UnknownKey { key: String, known: Option<&'static [&'static str]> },
    /// The value is of another kind.
    WrongType { found: String, expected: String },
    /// The value is of the right kind, but out of range.
    OutOfRange { found: String, expected: String },
    /// The array has too few or too many entries.
    WrongLength { length: usize, expected: String },
    /// No variant has this name.
    UnknownName { name: String, known: &'static [&'static str] },
    /// The table lacks a key.
    MissingKey { key: &'static str },
    /// What the schema's own code says.
    Other { message: String },
}

impl Fault {
    pub(crate) fn new(reason: Reason) -> Self {
        Self { reason, steps: Vec::new() }
    }

    /// The fault as seen from one step further out.
    pub(crate) fn within(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The way from the top to the value that was being read.
    pub(crate) fn key(&self) -> Key {
        Key(self.steps.iter().rev().cloned().collect())
    }
}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Reason::Other { message: message.to_string() })
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Reason::WrongType { found: wording::found(&unexpected), expected: expected.to_string() })
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Reason::OutOfRange { found: wording::found(&unexpected), expected: expected.to_string() })
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(Reason::WrongLength { length, expected: expected.to_string() })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Reason::UnknownName { name: variant.to_owned(), known: expected })
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Reason::UnknownKey { key: field.to_owned(), known: Some(expected) })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Reason::MissingKey { key: field })
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::custom(format_args!("`{field}` is given twice"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {:?}", self.key(), self.reason)
    }
}

impl std::error::Error for Fault {}
