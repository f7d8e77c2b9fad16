//! One record as it lies on disk, before any transform: identity, titles, tags, and the picture or the frames.

/// A sample as its file holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The record's own name: the clip's id, the archive entry's key, the image's path.
    pub id: String,
    /// The titles or captions, each with its language or field name (`"en"`, `"zh"`, `"title"`). Never empty as a
    /// list; a text may be empty.
    pub titles: Vec<Title>,
    /// The tags, or `None` where the record does not say (which is not the same as having none).
    pub tags: Option<Vec<String>>,
    /// What is to be looked at.
    pub visual: Visual,
}

/// One title or caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// The language it is written in, or the name of the field it stood in.
    pub language: String,
    /// The text as it stands in the file.
    pub text: String,
}

/// A picture, a strip of frames, or frame features made elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub enum Visual {
    /// Frame features `[frames, width]`, row by row.
    Features {
        /// `frames × width` values.
        values: Vec<f32>,
        /// Length of one frame's feature vector.
        width: usize,
    },
    /// One encoded picture (JPEG, PNG, …).
    Image(Vec<u8>),
    /// One encoded picture that holds equally wide frames side by side.
    Strip {
        /// The encoded picture.
        bytes: Vec<u8>,
        /// How many frames stand side by side.
        frames: usize,
    },
}
