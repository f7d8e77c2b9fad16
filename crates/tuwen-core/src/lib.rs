//! The tensors everyone shares: views of a batch, hidden states, label types, named losses.
//!
//! Whether a clip stands with its own title is part of a type here. Hidden states of a [`Shuffled`] pairing don't fit
//! where a task asks for [`Aligned`] ones, so a shuffle made for one task can't corrupt another:
//!
//! ```compile_fail
//! use tuwen_core::{Aligned, HiddenStates, Shuffled};
//! fn frame_modelling(states: HiddenStates<Aligned>) {}
//! fn misuse(states: HiddenStates<Shuffled>) { frame_modelling(states) } // expected `Aligned`, found `Shuffled`
//! ```

mod hidden_states;
mod labels;
mod losses;
mod view;

pub use hidden_states::{Aligned, HiddenStates, Pairing, Shuffled};
pub use labels::{FrameLabels, MatchLabels, TagLabels, TokenLabels};
pub use losses::{Losses, NamedLoss};
pub use view::ClipTextView;
