//! The forward pass of UniBERT.

use burn::module::Module;
use burn::tensor::kind::Basic;
use burn::tensor::{Bool, Tensor};
use tuwen_core::{ClipTextView, HiddenStates, Pairing};
use tuwen_ops::Dropout;

use super::{SequenceLayout, UniBertConfig};
use crate::{Block, FrameEmbeddings, Sequence, Tape, TextEmbeddings};

/// The single-stream encoder.
#[derive(Module, Debug)]
pub struct UniBert {
    pub(super) text_embeddings: TextEmbeddings,
    pub(super) frame_embeddings: FrameEmbeddings,
    pub(super) layers: Vec<Block>,
    #[module(skip)]
    pub(super) config: UniBertConfig,
}

/// What the encoder makes of a view.
#[derive(Clone, Debug)]
pub struct ClipTextStates<P: Pairing> {
    /// `[B, S, H]`, S = frames + tokens.
    pub hidden_states: HiddenStates<P>,
    /// `[B, S]`, true = a real frame or token.
    pub attention_mask: Tensor<2, Bool>,
    /// Where `[CLS]` stands.
    pub cls_position: usize,
}

impl UniBert {
    /// Encodes a view; the order of the sequence is the config's.
    pub fn forward<P: Pairing>(&self, view: &ClipTextView<P>, dropout: &Dropout) -> ClipTextStates<P> {
        self.forward_on(&Tape::off(), view, dropout)
    }

    /// [`Self::forward`] with its layers on a tape, as many rows at a time as it says.
    pub fn forward_on<'a, P: Pairing>(
        &'a self,
        tape: &Tape<'a>,
        view: &ClipTextView<P>,
        dropout: &Dropout,
    ) -> ClipTextStates<P> {
        let [batch, frames] = view.frame_mask().dims();
        let parts = tape.parts(batch).into_iter().flat_map(|part| {
            // The first part draws as a whole batch does.
            let dropout = if part.start == 0 { *dropout } else { dropout.at(part.start as u64) };
            let view = view.rows(part);
            tape.tower(self, Vec::new(), move |encoder, tape, _| vec![encoder.states(tape, &view, &dropout)])
        });
        ClipTextStates {
            hidden_states: HiddenStates::new(Tensor::cat(parts.collect(), 0)),
            attention_mask: in_order(self.config.layout, view.attention_mask(), view.frame_mask()),
            cls_position: self.config.layout.cls_position(frames),
        }
    }

    /// `[B, S, H]`.
    fn states<'a, P: Pairing>(&'a self, tape: &Tape<'a>, view: &ClipTextView<P>, dropout: &Dropout) -> Tensor<3> {
        let rate = self.config.hidden_dropout_prob;
        let (text_dropout, frame_dropout) = (dropout.at(0), dropout.at(1));
        let text = self.text_embeddings.forward(view.input_ids(), self.config.frozen_word, (&text_dropout, rate));
        let frames = self.frame_embeddings.forward(view.frame_features(), (&frame_dropout, rate));
        let mut states = in_order(self.config.layout, text, frames);
        let sequence = Sequence::from(&in_order(self.config.layout, view.attention_mask(), view.frame_mask()));
        for (index, layer) in self.layers.iter().enumerate() {
            let (sequence, dropout) = (sequence.clone(), dropout.at(2 + index as u64));
            states = tape
                .layer(layer, vec![states], move |layer, states| layer.forward(states[0].clone(), &sequence, &dropout));
        }
        states
    }

    /// The numbers it was made with.
    pub fn config(&self) -> &UniBertConfig {
        &self.config
    }
}

/// Puts text and frames (or their masks) in sequence along axis 1. The text was embedded whole, so a token keeps its
/// position in the text wherever it stands here.
fn in_order<const N: usize, K: Basic>(
    layout: SequenceLayout,
    text: Tensor<N, K>,
    frames: Tensor<N, K>,
) -> Tensor<N, K> {
    let length = text.dims()[1];
    let parts = match layout {
        SequenceLayout::ClsFramesText => vec![text.clone().narrow(1, 0, 1), frames, text.narrow(1, 1, length - 1)],
        SequenceLayout::FramesClsText => vec![frames, text],
    };
    Tensor::cat(parts, 1)
}
