//! What a mistyped name was probably meant to be.

use std::fmt;

use strsim::damerau_levenshtein;

/// What to do about a name that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The known name nearest to it.
    Nearest(String),
    /// All names known there: none is near.
    Known(Vec<String>),
    /// Nothing reads the value: whatever it is, the recipe stays the same.
    Unread,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nearest(name) => write!(f, "; did you mean `{name}`?"),
            Self::Known(names) if names.is_empty() => f.write_str("; none is known there"),
            Self::Known(names) => write!(f, "; known there: `{}`", names.join("`, `")),
            Self::Unread => f.write_str("; nothing there reads it"),
        }
    }
}

/// The one of `known` that `name` was probably meant to be: a few letters off, or the whole of what `name` begins.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let name = plain(name);
    let near = known.iter().map(|&other| (damerau_levenshtein(&name, &plain(other)), other));
    // A third of the letters may differ; of a single letter none, or every letter would be near every other.
    let near = near.filter(|&(distance, other)| {
        let (short, long) = (name.len().min(other.len()), name.len().max(other.len()));
        distance <= (long / 3).max(1) && distance < short
    });
    let begun = |other: &&str| name.len() >= 3 && plain(other).starts_with(&name);
    near.min_by_key(|&(distance, _)| distance).map(|(_, other)| other).or_else(|| known.iter().copied().find(begun))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const KNOWN: [&str; 5] = ["batch_size", "lr", "weight_decay", "warmup_steps", "k"];

    #[test]
    fn slips_of_the_hand() {
        for (slip, meant) in [
            ("batch_sise", "batch_size"), // one letter
            ("bacth_size", "batch_size"), // two swapped
            ("batch-size", "batch_size"), // a dash
            ("Lr", "lr"),                 // a capital
            ("warmup", "warmup_steps"),   // the beginning
        ] {
            assert_eq!(nearest(slip, &KNOWN), Some(meant), "{slip}");
        }
    }

    #[test]
    fn far_names_are_not_guessed() {
        for far in ["momentum", "j", "", "eps"] {
            assert_eq!(nearest(far, &KNOWN), None, "{far}");
        }
    }
}
