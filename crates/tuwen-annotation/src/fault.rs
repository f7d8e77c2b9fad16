//! Everything that can be wrong with one record, one variant per way.

use std::fmt;
use std::path::PathBuf;

use crate::BoundingBox;

/// Why one record can't be used; the others are not concerned.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The record's JSON can't be parsed.
    #[error("broken JSON: {0}")]
    BrokenJson(#[from] serde_json::Error),
    /// A field that the format has is not there.
    #[error("no field `{field}`{nearest}")]
    MissingField {
        /// The field.
        field: &'static str,
        /// A field that is there and is called much alike.
        nearest: Nearest,
    },
    /// A field holds another kind of value.
    #[error("`{field}` is {found}, expected {expected}")]
    WrongKind {
        /// The field.
        field: &'static str,
        /// The kind of value there is.
        found: &'static str,
        /// The kind of value it should be.
        expected: &'static str,
    },
    /// A text or a list that holds nothing.
    #[error("`{field}` is empty")]
    Empty {
        /// The field.
        field: &'static str,
    },
    /// A list of another length.
    #[error("`{field}` has `{found}` entries, expected `{expected}`")]
    Length {
        /// The field.
        field: &'static str,
        /// Its entries.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A text that is none of the words allowed there.
    #[error("`{field}` is `{found}`, expected {expected}")]
    UnknownWord {
        /// The field.
        field: &'static str,
        /// The text.
        found: String,
        /// The words.
        expected: &'static str,
    },
    /// An answer that the closed list does not have.
    #[error("answer `{answer}` is not among the `{known}` of the answer list{nearest}")]
    UnknownAnswer {
        /// The answer.
        answer: String,
        /// Answers in the list.
        known: usize,
        /// An answer of the list that is written much alike.
        nearest: Nearest,
    },
    /// Two records of one id.
    #[error("id `{id}` is also that of record {first}")]
    DuplicateId {
        /// The id.
        id: String,
        /// The first record that has it, counted from 0.
        first: usize,
    },
    /// Two pictures of one image id.
    #[error("image id `{id}` is that of `{first}` and of `{second}`")]
    TwoImages {
        /// The image id.
        id: String,
        /// The picture that had it first.
        first: String,
        /// Another one.
        second: String,
    },
    /// An id that another file should explain and does not.
    #[error("{kind} `{id}` is not in {}", file.display())]
    Unexplained {
        /// What the id is of.
        kind: &'static str,
        /// The id.
        id: String,
        /// The file that should have it.
        file: PathBuf,
    },
    /// Two annotations of one question.
    #[error("two annotations of `{id}`, the second is record {second}")]
    TwoAnnotations {
        /// The question.
        id: String,
        /// The second one, counted from 0.
        second: usize,
    },
    /// Another file's record that this one needs can't be used.
    #[error("its {kind} in {}: {reason}", file.display())]
    OfOther {
        /// What it is.
        kind: &'static str,
        /// The file that has it.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Question and annotation are about different pictures.
    #[error("the question is about image `{asked}`, its annotation about `{annotated}`")]
    OtherImage {
        /// The picture of the annotation.
        annotated: u64,
        /// The picture of the question.
        asked: u64,
    },
    /// An image path that leaves the image root.
    #[error("image `{image}` leads out of the image root, expected a relative path without `..`")]
    PathEscapes {
        /// The path as written.
        image: String,
    },
    /// An image file that does not exist, or is no file.
    #[error("no image file `{}`", path.display())]
    MissingImage {
        /// The file.
        path: PathBuf,
    },
    /// An image file without a byte.
    #[error("image file `{}` is empty", path.display())]
    EmptyImage {
        /// The file.
        path: PathBuf,
    },
    /// A picture whose header is of no known kind, or broken.
    #[error("image `{}`: {reason}", path.display())]
    PictureHeader {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: imagesize::ImageError,
    },
    /// A picture of another size than its annotation says.
    #[error("image `{image}` is {} × {}, expected {} × {} as annotated", found.0, found.1, expected.0, expected.1)]
    PictureSize {
        /// The picture.
        image: String,
        /// Its width and height.
        found: (u32, u32),
        /// Width and height that the annotation has.
        expected: (u32, u32),
    },
    /// A box that is no box: a side that is not positive, a number that is not finite.
    #[error("box {bounds} has no area")]
    NoArea {
        /// The box.
        bounds: BoundingBox,
    },
    /// A box that reaches out of the picture by more than a pixel.
    #[error("box {bounds} reaches out of the picture of {width} × {height}")]
    BoxOutside {
        /// The box.
        bounds: BoundingBox,
        /// The picture's width.
        width: u32,
        /// The picture's height.
        height: u32,
    },
    /// An identifier from which no picture names can be made.
    #[error("`identifier` is `{identifier}`, expected a name of four parts such as `dev-850-0-1`")]
    Identifier {
        /// The identifier.
        identifier: String,
    },
    /// A line with another number of columns.
    #[error("`{found}` columns, expected `3` separated by tabs: id, id, score")]
    Columns {
        /// The columns.
        found: usize,
    },
    /// A similarity that is no number from 0 to 1.
    #[error("score `{score}`, expected a number from 0 to 1")]
    Score {
        /// The text.
        score: String,
    },
    /// A clip paired with itself.
    #[error("clip `{id}` is paired with itself")]
    OneClip {
        /// The clip.
        id: String,
    },
    /// A clip that the set does not have.
    #[error("clip `{id}` is not in the set")]
    UnknownClip {
        /// The clip.
        id: String,
    },
    /// A split by the number of a clip that has none.
    #[error("clip `{id}` is no number, expected digits: split by clip instead")]
    NoNumber {
        /// The clip.
        id: String,
    },
}

/// A name that was perhaps meant, said as `, did you mean …`; nothing where none is near.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nearest(pub Option<String>);

impl Nearest {
    /// The one of `names` that `name` is a misspelling of, if any is near enough: one letter in four may be wrong.
    pub(crate) fn among<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Self {
        let scored = names.map(|other| (strsim::normalized_damerau_levenshtein(name, other), other));
        let best = scored.filter(|(score, _)| *score >= 0.75).max_by(|a, b| a.0.total_cmp(&b.0));
        Self(best.map(|(_, other)| other.to_owned()))
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |name| write!(out, ", did you mean `{name}`"))
    }
}
