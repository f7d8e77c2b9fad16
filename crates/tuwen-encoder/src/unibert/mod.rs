//! UniBERT: one stream over the frames of a clip and the words of its title.
//!
//! The encoder of the 2021 QQ Browser AIAC track-1 winner, on BERT (arXiv:1810.04805; weights of
//! chinese-roberta-wwm-ext-large). Frames go through a projection and an embedding of their own, then both modalities
//! share all layers. Left out: the reference's second word table, which nothing reads.

mod config;
mod keys;
mod model;

pub use config::{SequenceLayout, UniBertConfig};
pub use keys::reference_names;
pub use model::{ClipTextStates, UniBert};
