//! Pairs of clips with a similarity, as `pairwise/label.tsv` has them.
//!
//! - A line is `id1`, `id2` and a score from 0 to 1, separated by tabs; no heading.
//! - Forbidden: a clip paired with itself, a pair that appears twice in either order, a clip that the set does not have.

use std::collections::HashSet;
use std::path::Path;

use crate::file::TextFile;
use crate::ids::Ids;
use crate::{AnnotationError, Annotations, Fault};

/// Two clips and how similar people found them.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The id of one clip.
    pub a: String,
    /// The id of the other.
    pub b: String,
    /// From 0, nothing in common, to 1.
    pub score: f32,
}

/// Which clips a pair may name.
#[derive(Clone, Copy, Debug)]
pub enum KnownClips<'a> {
    /// Any; whether the set has them is not known here.
    Any,
    /// Those of a set.
    Of(&'a HashSet<String>),
}

impl KnownClips<'_> {
    fn check(self, id: &str) -> Result<(), Fault> {
        match self {
            Self::Of(known) if !known.contains(id) => Err(Fault::UnknownClip { id: id.to_owned() }),
            _ => Ok(()),
        }
    }
}

/// Reads a table of pairs. Errors: a file none of whose lines can be used.
pub fn read_pairs(path: &Path, known: KnownClips<'_>) -> Result<Annotations<Pair>, AnnotationError> {
    let file = TextFile::open(path, "lines of two ids and a score, separated by tabs")?;
    let mut seen = Ids::default();
    file.lines(|number, line| {
        let pair = pair(line)?;
        known.check(&pair.a)?;
        known.check(&pair.b)?;
        let (first, second) = if pair.a < pair.b { (&pair.a, &pair.b) } else { (&pair.b, &pair.a) };
        seen.take(&format!("{first}\t{second}"), number)?;
        Ok(pair)
    })
}

fn pair(line: &str) -> Result<Pair, Fault> {
    let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
    let [a, b, score] = columns[..] else { return Err(Fault::Columns { found: columns.len() }) };
    if a.is_empty() || b.is_empty() {
        return Err(Fault::Empty { field: "id" });
    }
    if a == b {
        return Err(Fault::OneClip { id: a.to_owned() });
    }
    let number = score.parse::<f32>().ok().filter(|number| (0.0..=1.0).contains(number));
    let score = number.ok_or_else(|| Fault::Score { score: score.to_owned() })?;
    Ok(Pair { a: a.to_owned(), b: b.to_owned(), score })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Folder, error_of, skipped};

    fn read(text: &str, known: KnownClips<'_>) -> Result<Annotations<Pair>, String> {
        let folder = Folder::new();
        let path = folder.file("label.tsv", text);
        read_pairs(&path, known).map_err(|error| error_of(&error, &path))
    }

    #[test]
    fn lines_are_pairs() {
        let pairs = read("11\t12\t0.5\r\n\n1f600\t12\t1\n", KnownClips::Any).unwrap().strict().unwrap();
        let pair = |a: &str, b: &str, score| Pair { a: a.to_owned(), b: b.to_owned(), score };
        assert_eq!(pairs, [pair("11", "12", 0.5), pair("1f600", "12", 1.0)]);
    }

    #[test]
    fn malformed_lines_are_skipped_with_their_reasons() {
        let known: HashSet<String> = ["1", "2", "3"].map(str::to_owned).into();
        let lines = "1\t2\t0.5\n2\t1\t0.5\n1\t1\t0.5\n1\t3\n1\t3\t1.5\n1\t3\tNaN\n1\t3\tx\n1\t4\t0\n\t3\t0\n";
        let faults = skipped(&read(lines, KnownClips::Of(&known)).unwrap());
        let expected = [
            "line 2: id `1\t2` is also that of record 0",
            "line 3: clip `1` is paired with itself",
            "line 4: `2` columns, expected `3` separated by tabs: id, id, score",
            "line 5: score `1.5`, expected a number from 0 to 1",
            "line 6: score `NaN`, expected a number from 0 to 1",
            "line 7: score `x`, expected a number from 0 to 1",
            "line 8: clip `4` is not in the set",
            "line 9: `id` is empty",
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn files_without_a_pair_are_refused() {
        assert!(read("\n", KnownClips::Any).unwrap_err().starts_with("no record in it, expected lines of two ids"));
        let heading = read("id1\tid2\tscore", KnownClips::Any).unwrap_err();
        assert!(heading.ends_with("line 1: score `score`, expected a number from 0 to 1"), "{heading}");
    }
}
