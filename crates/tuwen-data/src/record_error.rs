//! Everything that can be wrong with one record, one variant per way.

use std::path::PathBuf;

/// Why one record can't be read or written. Readers wrap it with file and record into
/// [`DataError::Unreadable`](crate::DataError::Unreadable).
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A TFRecord payload was changed after it was written.
    #[error("payload checksum is `{computed:#010x}`, expected `{stored:#010x}`")]
    PayloadChecksum {
        /// The masked CRC-32C that the file states.
        stored: u32,
        /// The masked CRC-32C of the payload.
        computed: u32,
    },
    /// A TFRecord length was changed after it was written, so the place of the next record is unknown.
    #[error(
        "length checksum at byte {offset} is `{computed:#010x}`, expected `{stored:#010x}`: the remaining {lost} bytes of \
         the file can't be reached"
    )]
    LengthChecksum {
        /// Where the broken frame starts.
        offset: u64,
        /// The masked CRC-32C that the file states.
        stored: u32,
        /// The masked CRC-32C of the length.
        computed: u32,
        /// Bytes from there to the end of the file.
        lost: u64,
    },
    /// The file ends inside the record.
    #[error("cut off by the end of the file after {found} bytes, expected {expected}")]
    CutOff {
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// A tar header can't be read, so the place of the next entry is unknown.
    #[error("tar header at byte {offset}: {source}: the remaining {lost} bytes of the file can't be reached")]
    TarHeader {
        /// Where the entry starts.
        offset: u64,
        /// What is wrong with the header.
        source: std::io::Error,
        /// Bytes from there to the end of the file.
        lost: u64,
    },
    /// A tar archive without the zeros that mark its end.
    #[error("the archive stops at byte {offset} without an end mark: entries may be missing")]
    NoTarEnd {
        /// Where the file ends.
        offset: u64,
    },
    /// A TFRecord payload that is no `tf.Example`.
    #[error("not a `tf.Example`: {0}")]
    NotAnExample(#[from] prost::DecodeError),
    /// The record's JSON can't be parsed.
    #[error("broken JSON: {0}")]
    BrokenJson(#[from] serde_json::Error),
    /// Bytes that should be text are not UTF-8.
    #[error("`{field}` is not UTF-8")]
    NotUtf8 {
        /// The field or archive entry.
        field: String,
    },
    /// A field that the settings name is not there.
    #[error("no field `{field}`")]
    MissingField {
        /// The field.
        field: String,
    },
    /// The archive has no entry with that extension for the record.
    #[error("no `{extensions}` entry")]
    MissingEntry {
        /// The extensions looked for.
        extensions: String,
    },
    /// The archive has two neighbouring entries of the same name.
    #[error("two `.{extension}` entries, expected one")]
    RepeatedEntry {
        /// The extension of both.
        extension: String,
    },
    /// A field holds another kind of value.
    #[error("`{field}` is {found}, expected {expected}")]
    WrongKind {
        /// The field.
        field: String,
        /// The kind of value there is.
        found: &'static str,
        /// The kind of value it should be.
        expected: &'static str,
    },
    /// A field, entry or file that should hold something holds nothing.
    #[error("`{field}` is empty")]
    Empty {
        /// The field, archive entry or file.
        field: String,
    },
    /// A frame's features have the wrong number of bytes.
    #[error("`{field}` entry {entry} is {bytes} bytes, expected {} ({width} × f16)", 2 * width)]
    FrameSize {
        /// The field.
        field: String,
        /// The frame, counted from 0.
        entry: usize,
        /// Its bytes.
        bytes: usize,
        /// Values a frame should have.
        width: usize,
    },
    /// A frame feature that is not a finite f16.
    #[error("`{field}` entry {entry}, value {column} is `{value}`, expected a finite f16")]
    NotFinite {
        /// The field.
        field: String,
        /// The frame, counted from 0.
        entry: usize,
        /// The place in the frame, counted from 0.
        column: usize,
        /// The value.
        value: f32,
    },
    /// An image path that leaves the image root.
    #[error("image `{image}` leads out of the image root, expected a relative path without `..`")]
    PathEscapes {
        /// The path as written.
        image: String,
    },
    /// An image file that does not exist.
    #[error("no image file `{}`", path.display())]
    MissingImage {
        /// The file.
        path: PathBuf,
    },
    /// An image file that can't be read.
    #[error("image `{}`: {source}", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// The system's own reason.
        source: std::io::Error,
    },
    /// A picture whose header is of no known kind, or broken.
    #[error("picture header is broken or of no known kind: {0}")]
    PictureHeader(imagesize::ImageError),
    /// Writing: the record's features do not have the schema's width.
    #[error("features are {values} values in rows of {width}, expected whole rows of {expected}")]
    FeatureWidth {
        /// All values of the record.
        values: usize,
        /// Length of one row.
        width: usize,
        /// The schema's width.
        expected: usize,
    },
    /// Writing: the schema names a title that the record lacks.
    #[error("no title `{language}`")]
    MissingTitle {
        /// The title's language.
        language: String,
    },
    /// Writing: the record has a title that the schema has no field for, and which would be lost.
    #[error("no field for the title `{language}`")]
    NoFieldForTitle {
        /// The title's language.
        language: String,
    },
}
