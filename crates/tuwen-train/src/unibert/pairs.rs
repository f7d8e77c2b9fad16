//! Pairs of clips: fine-tuning on how alike they are.

use burn::tensor::Tensor;
use tuwen_core::{Aligned, ClipTextView};
use tuwen_downstream::pairs::{cosines, similarity_loss};
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
    pub fn pair_cosines(&self, batch: &PairBatch, dropout: &Dropout) -> Tensor<1> {
        cosines(self.embeddings(&batch.a, &dropout.at(0)), self.embeddings(&batch.b, &dropout.at(1)))
    }

    /// The loss of a batch of pairs, `[1]`.
    pub fn pair_loss(&self, batch: &PairBatch, dropout: &Dropout) -> Tensor<1> {
        similarity_loss(self.pair_cosines(batch, dropout), batch.labels.clone())
    }
}
