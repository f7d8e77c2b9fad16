//! Looks through a data set before compute is spent on it, and says what was found and what a recipe should know of it.
//!
//! Every record is read once, on several threads, and reduced to sizes and fingerprints; what they add up to does not
//! depend on the number of threads. Memory grows by some hundred bytes a record, whatever the record holds.
//!
//! ```
//! use tuwen_data::{QqSchema, DataFormat, Record, Title, Visual, write_tfrecord};
//! use tuwen_doctor::{Examination, Expectations, Weight, examine};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("clips.tfrecord");
//! let schema = QqSchema { width: 2.try_into()?, ..QqSchema::default() };
//! let clip = |id: &str, frames: &[f32]| Record {
//!     id: id.to_owned(),
//!     titles: vec![Title { language: "title".to_owned(), text: "a cat".to_owned() }],
//!     tags: None,
//!     visual: Visual::Features { values: frames.to_vec(), width: 2 },
//! };
//! write_tfrecord(&path, &schema, [clip("a", &[1.0, 2.0, 1.0, 2.0]), clip("b", &[3.0, 4.0])])?;
//!
//! let expectations = Expectations::none(DataFormat::TfRecord(schema));
//! let examination = Examination { train: &path, heldout: None, expectations: &expectations, limit: None };
//! let diagnosis = examine(&examination, &mut |_| {})?;
//! assert_eq!(diagnosis.clips.still, 1); // both frames of `a` are equal
//! assert_eq!(diagnosis.captions["title"].repeats.with_several_partners, 1); // one title, two clips
//! assert_eq!(diagnosis.weight(), Weight::Concern);
//! # Ok(())
//! # }
//! ```

mod count;
mod diagnosis;
mod digest;
mod error;
mod examine;
mod expectations;
mod finding;
mod fingerprint;
mod histogram;
mod say;
mod script;
mod wording;

pub use count::{
    CaptionNumbers, ClipNumbers, OverlapNumbers, PictureNumbers, Repeats, TagNumbers, TokenNumbers, UnreadableNumbers,
};
pub use diagnosis::Diagnosis;
pub use error::DoctorError;
pub use examine::{Examination, Progress, examine};
pub use expectations::{Expectations, PositivesExpectation, SideExpectation, TagsExpectation, TextExpectation};
pub use finding::{Advice, Finding, Topic, Weight};
pub use histogram::Histogram;
pub use script::Script;
