//! Joins the embeddings of several models into one: weighted concatenation, then the directions that matter.
//!
//! `[√w₁·v₁/|v₁| … √wₖ·vₖ/|vₖ|]`, whose dot product is the weighted mean of the models' cosines; then the first
//! directions of an uncentred singular value decomposition, as the QQ reference submits its six models. The rows that it is
//! fitted on are named by who calls: the reference takes the evaluation set itself.
//!
//! ```
//! use tuwen_ensemble::{Basis, Embeddings, concatenate};
//! # fn main() -> Result<(), tuwen_ensemble::EnsembleError> {
//! let a = Embeddings::new(2, vec![3.0, 4.0, 0.0, 1.0])?; // two clips by one model
//! let b = Embeddings::new(1, vec![1.0, -1.0])?; // and by another
//! let both = concatenate(&[(&a, 0.5), (&b, 0.5)])?; // [2, 3]
//! let cosine: f32 = both.row(0).iter().zip(both.row(1)).map(|(a, b)| a * b).sum();
//! assert!((cosine - (0.8 - 1.0) / 2.0).abs() < 1e-6); // the mean of both cosines
//! let basis = Basis::fit(&both, 2)?;
//! assert_eq!(basis.project(&both)?.width(), 2);
//! # Ok(())
//! # }
//! ```

mod basis;
mod embeddings;
mod error;

pub use basis::Basis;
pub use embeddings::{Embeddings, concatenate};
pub use error::EnsembleError;
