//! Where in a picture a text is (weakly supervised grounding, ALBEF, arXiv:2107.07651, section 6), by Grad-CAM
//! (arXiv:1610.02391) of attention.
//!
//! `map = meanₕ( A ⊙ max(0, ∂s/∂A) )`: A the weights of a layer's attention, s how well picture and text fit.

mod map;
mod upsample;

pub use map::{TextMean, grad_cam, text_map};
pub use upsample::upsample;
