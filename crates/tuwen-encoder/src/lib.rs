//! Transformer blocks, the UniBERT and ALBEF encoders, momentum encoders and weight-name tables.
//!
//! An encoder takes a view of a batch and gives hidden states; it knows no task. Its shape is a config that can stand
//! in a recipe as it is.
//!
//! ```
//! use burn::tensor::{Device, Int, Tensor};
//! use tuwen_core::{Aligned, ClipTextView};
//! use tuwen_encoder::unibert::UniBertConfig;
//! use tuwen_ops::Dropout;
//! let device = Device::flex();
//! let encoder = UniBertConfig::tiny(100, 768).init(&device);
//! let view = ClipTextView::<Aligned>::new(
//!     (Tensor::zeros([2, 8, 768], &device), Tensor::<2, Int>::ones([2, 8], &device).bool()),
//!     (Tensor::ones([2, 12], &device), Tensor::<2, Int>::ones([2, 12], &device).bool()),
//! );
//! let encoded = encoder.forward(&view, &Dropout::off());
//! assert_eq!(encoded.hidden_states.tensor().dims()[..2], [2, 1 + 8 + 11]); // [CLS] frames [SEP] title [SEP]
//! ```

pub mod albef;
mod attention;
mod bert_keys;
mod block;
mod depth;
mod embeddings;
mod feed_forward;
mod import;
mod momentum;
mod pooling;
mod positions;
mod sequence;
mod tape;
pub mod unibert;
mod vit;
mod vit_keys;
mod weights;

pub use attention::{CrossAttention, CrossQuery, KeyValue, Looks, SelfAttention};
pub use bert_keys::{bert_names, plain_bert};
pub use block::{Block, BlockConfig, FusionBlock, VisionBlock};
pub use depth::layers_below_top;
pub use embeddings::{FrameEmbeddings, TextEmbeddings};
pub use feed_forward::FeedForward;
pub use import::{ImportError, Imported, Naming, import_albef, import_bert, import_unibert, import_vit};
pub use momentum::MomentumEncoder;
pub use pooling::{AttentionPooling, Pooling, mean_pooling};
pub use positions::interpolate_positions;
pub use sequence::Sequence;
pub use tape::{Recompute, Tape};
pub use tuwen_weights::{
    HostIntegers, HostTensor, Integers, NameRow, NameTable, Saved, TorchError, Transform, Weights, WeightsFileError,
    open_weights, read_weights, remove_unfinished, write_tensors, write_weights, write_whole,
};
pub use vit::{Vit, VitConfig};
pub use vit_keys::{hf_vit_names, plain_vit, timm_vit_names};
pub use weights::{
    WeightsError, frozen, gradients_of, initialise, initialise_by_name, load_part, load_weights, shapes_of, weights_of,
};
