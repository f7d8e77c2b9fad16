//! What is counted, a file for each subject; the numbers are the same in whatever order threads deliver.

mod captions;
mod census;
mod clips;
mod occurrences;
mod overlap;
mod pictures;
mod tags;
mod unreadable;

pub use captions::{CaptionNumbers, TokenNumbers};
pub(crate) use census::Census;
pub use clips::ClipNumbers;
pub use occurrences::Repeats;
pub use overlap::OverlapNumbers;
pub use pictures::PictureNumbers;
pub use tags::TagNumbers;
pub use unreadable::UnreadableNumbers;
