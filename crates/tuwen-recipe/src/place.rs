//! Where a part of a recipe was written.

use std::fmt;
use std::sync::Arc;

use crate::wording::one_line;

/// Where a part of a recipe was written. `{}` shows `file:line`, `{:#}` the column too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole (several layers: their names joined by ` + `): what is missing has no line.
    File {
        /// The name given to the parser.
        file: Arc<str>,
    },
    /// A key, or an entry of an array.
    Line {
        /// The name given to the parser.
        file: Arc<str>,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// An override from the command line.
    Override {
        /// The text after `--set`.
        text: Arc<str>,
    },
    /// Not known: an error from [`RecipeError::invalid`](crate::RecipeError::invalid) shown outside of the parser.
    Unresolved,
}

impl Place {
    /// "unknown" key of a file; "no" key for an override, which asks for one that should be there.
    pub(crate) fn unknown(&self) -> &'static str {
        match self {
            Self::Override { .. } => "no",
            _ => "unknown",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file } => f.write_str(file),
            Self::Line { file, line, column } if f.alternate() => write!(f, "{file}:{line}:{column}"),
            Self::Line { file, line, .. } => write!(f, "{file}:{line}"),
            Self::Override { text } => write!(f, "`--set {}`", one_line(text)),
            Self::Unresolved => f.write_str("recipe"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn column_on_demand() {
        let place = Place::Line { file: "x.toml".into(), line: 12, column: 3 };
        assert_eq!(format!("{place} {place:#}"), "x.toml:12 x.toml:12:3");
    }

    #[test]
    fn places_without_a_line() {
        assert_eq!(Place::File { file: "x.toml".into() }.to_string(), "x.toml");
        assert_eq!(Place::Override { text: "a=1".into() }.to_string(), "`--set a=1`");
        assert_eq!(Place::Unresolved.to_string(), "recipe");
    }
}
