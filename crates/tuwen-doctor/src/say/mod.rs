//! What is said of the numbers, a file for each subject: sentences, and advice where a recipe should know.

mod captions;
mod clips;
mod overlap;
mod pictures;
mod records;
mod repeats;
mod tags;
mod tokens;

pub(crate) use captions::captions;
pub(crate) use clips::clips;
pub(crate) use overlap::overlap;
pub(crate) use pictures::pictures;
pub(crate) use records::records;
pub(crate) use tags::tags;
pub(crate) use tokens::tokens;

/// A share in per cent that is not worth another recipe.
const FEW: u64 = 1;

/// Whether `part` is more than a few of `whole`.
const fn many(part: u64, whole: u64) -> bool {
    part.saturating_mul(100) > whole.saturating_mul(FEW)
}
