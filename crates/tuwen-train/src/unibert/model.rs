//! UniBERT with the heads of its pre-training tasks: what is trained, saved and exported.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use tuwen_core::Pairing;
use tuwen_encoder::unibert::{ClipTextStates, UniBert, UniBertConfig};
use tuwen_encoder::{AttentionPooling, Pooling, mean_pooling};
use tuwen_itm::MatchHead;
use tuwen_mfm::FrameHead;
use tuwen_mlm::MlmHead;
use tuwen_ops::Linear;
use tuwen_tag::TagHead;

use super::recipe::{Recipe, TagInput};

/// The encoder, its pooling, and one head for each task that is trained.
#[derive(Module, Debug)]
pub struct UniBertPretraining {
    /// The encoder.
    pub encoder: UniBert,
    /// Weights of attention pooling, if that is the pooling.
    pub attention_pooling: Option<AttentionPooling>,
    /// From the pooled states to the embedding.
    pub projection: Linear,
    /// Masked language modelling.
    pub mlm: Option<MlmHead>,
    /// Masked frame modelling.
    pub mfm: Option<FrameHead>,
    /// Clip–title matching.
    pub itm: Option<MatchHead>,
    /// Tags.
    pub tag: Option<TagHead>,
    #[module(skip)]
    pooling: Pooling,
    #[module(skip)]
    tag_input: TagInput,
}

/// Which heads there are and what they read.
#[derive(Clone, Copy, Debug)]
pub struct Heads {
    /// How the embedding is pooled.
    pub pooling: Pooling,
    /// Its size, E.
    pub embedding_size: usize,
    /// Whether MLM is trained.
    pub mlm: bool,
    /// Whether MFM is trained.
    pub mfm: bool,
    /// Whether ITM is trained.
    pub itm: bool,
    /// Number of tags and what they are read from, if they are trained.
    pub tag: Option<(usize, TagInput)>,
}

impl Heads {
    /// Those of `recipe`, with so many tags.
    pub fn of(recipe: &Recipe, tags: usize) -> Self {
        let (model, tasks) = (&recipe.model, &recipe.tasks);
        Self {
            pooling: model.pooling,
            embedding_size: model.embedding_size,
            mlm: tasks.mlm.is_some(),
            mfm: tasks.mfm.is_some(),
            itm: tasks.itm.is_some(),
            tag: tasks.tag.as_ref().map(|tag| (tags, tag.input)),
        }
    }
}

impl UniBertPretraining {
    /// A fresh model with its first weights from the device's generator.
    pub fn init(config: &UniBertConfig, heads: &Heads, device: &Device) -> Self {
        let (hidden, epsilon) = (config.hidden_size, config.layer_norm_eps);
        let tag_input = heads.tag.map_or(TagInput::Cls, |(_, input)| input);
        let tag_width = if tag_input == TagInput::Cls { hidden } else { heads.embedding_size };
        Self {
            encoder: config.init(device),
            attention_pooling: heads.pooling.is_attention().then(|| AttentionPooling::init(hidden, device)),
            projection: Linear::init(hidden, heads.embedding_size, device),
            mlm: heads.mlm.then(|| MlmHead::init(hidden, config.vocab_size, epsilon, device)),
            mfm: heads.mfm.then(|| FrameHead::init(hidden, config.frame_dim, epsilon, device)),
            itm: heads.itm.then(|| MatchHead::init(hidden, device)),
            tag: heads.tag.map(|(tags, _)| TagHead::init(tag_width, tags, device)),
            pooling: heads.pooling,
            tag_input,
        }
    }

    /// The projected embedding `[B, E]`, not yet of unit length.
    pub fn embedding<P: Pairing>(&self, states: &ClipTextStates<P>) -> Tensor<2> {
        let mask = self.pooling.ignores_padding().then(|| states.attention_mask.clone());
        let pooled = match &self.attention_pooling {
            Some(pooling) => pooling.forward(states.hidden_states.tensor(), mask),
            None => mean_pooling(states.hidden_states.tensor(), mask),
        };
        self.projection.forward(pooled)
    }

    /// What the tag head reads, `[B, H]` or `[B, E]`.
    pub fn tag_states<P: Pairing>(&self, states: &ClipTextStates<P>) -> Tensor<2> {
        match self.tag_input {
            TagInput::Cls => states.hidden_states.at(states.cls_position),
            TagInput::Embedding => self.embedding(states),
        }
    }
}
