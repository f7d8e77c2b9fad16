//! A batch that is at hand, stepped again and again as a run steps it: what `bench compare`, `bench gpu` and `plan` time.

mod albef;
mod unibert;

pub(super) use albef::AlbefSteps;
pub(super) use unibert::UniBertSteps;

/// Why there is no model: a step took it and did not bring it back.
pub(super) const FAILED: &str = "an earlier step of the case failed";
