//! Pairs of clips: fine-tuning on how alike they are.

use burn::tensor::Tensor;
use tuwen_core::{Aligned, ClipTextView};
use tuwen_downstream::pairs::{cosines, similarity_loss};
use tuwen_encoder::Tape;
use tuwen_ops::Dropout;

use super::UniBertPretraining;

/// Pairs of clips with their titles, nothing hidden.
#[derive(Clone, Debug)]
pub struct PairBatch {
    /// The first of each pair.
    pub a: ClipTextView<Aligned>,
    /// The second.
    pub b: ClipTextView<Aligned>,
    /// `[B]`: how alike they are, from 0 to 1.
    pub labels: Tensor<1>,
}

impl UniBertPretraining {
    /// Embeddings `[B, E]` of clips with their titles, not yet of unit length: what an export writes and a pair compares.
    pub fn embeddings(&self, view: &ClipTextView<Aligned>, dropout: &Dropout) -> Tensor<2> {
        self.embedding(&self.encoder.forward(view, dropout))
    }

    /// The cosine of each pair, `[B]`.
    pub fn pair_cosines(&self, batch: &PairBatch) -> Tensor<1> {
        let off = Dropout::off();
        cosines(self.embeddings(&batch.a, &off), self.embeddings(&batch.b, &off))
    }

    /// The loss of a batch of pairs, `[1]`, the encoder's layers on a tape.
    pub fn pair_loss<'a>(&'a self, tape: &Tape<'a>, batch: &PairBatch, dropout: &Dropout) -> Tensor<1> {
        let embeddings = |view: &ClipTextView<Aligned>, dropout: Dropout| {
            self.embedding(&self.encoder.forward_on(tape, view, &dropout))
        };
        let found = cosines(embeddings(&batch.a, dropout.at(0)), embeddings(&batch.b, dropout.at(1)));
        similarity_loss(found, batch.labels.clone())
    }
}
