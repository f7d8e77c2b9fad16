//! Why a set can't be looked at.

use tuwen_data::DataError;
use tuwen_text::TextError;

/// Why a set can't be looked at as a whole. What is wrong with a record is a finding.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// The files can't be opened, or hold nothing.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The vocabulary or the layout can't be used.
    #[error(transparent)]
    Text(#[from] TextError),
}
