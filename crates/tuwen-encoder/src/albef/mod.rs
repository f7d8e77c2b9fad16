//! ALBEF: an image encoder, a text encoder, and layers that fuse them after both are aligned (arXiv:2107.07651).
//!
//! Reference code: salesforce/ALBEF, `models/model_pretrain.py`, `vit.py`, `xbert.py`. Left out: the sequence counters of
//! the reference's checkpoints, which nothing reads.

mod config;
mod decoder;
mod fine_tuned;
mod grounding;
mod keys;
mod model;
mod on_tape;
mod paired;
mod start;

pub use config::{AlbefConfig, TextConfig, TextPooling};
pub use decoder::{AnswerDecoder, QuestionMemory};
pub use fine_tuned::{FineTuned, FineTunedWeights};
pub use keys::{first_fusion_layer, momentum_name, momentum_names, reference_names, reference_number};
pub use model::{Albef, ImageMemory};
pub use on_tape::AlbefOnTape;
pub use paired::{PairMemory, PairedAlbef};
