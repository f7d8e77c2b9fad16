//! Statements about two pictures, true or false (`models/model_nlvr.py` of salesforce/ALBEF).

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use tuwen_downstream::classes::{ClassHead, class_loss, soft_class_loss};
use tuwen_encoder::albef::{Albef, AlbefConfig, PairedAlbef};
use tuwen_ops::Dropout;

use super::Texts;

/// Encoder of pairs and head.
#[derive(Module, Debug)]
pub struct StatementModel {
    /// Reads both pictures and the statement.
    pub encoder: PairedAlbef,
    /// False, true.
    pub head: ClassHead,
}

impl StatementModel {
    /// A fresh model.
    pub fn init(config: &AlbefConfig, device: &Device) -> Self {
        Self { encoder: config.init_paired(device), head: ClassHead::init(config.text.hidden_size, 2, device) }
    }

    /// This model with the weights of a pre-trained encoder, whose fusion layers are there twice.
    #[must_use]
    pub fn started_from(self, encoder: &Albef) -> Self {
        Self { encoder: self.encoder.started_from(encoder), ..self }
    }

    /// First and second pictures `[B, 3, R, R]` and statements `[B, L]` to logits `[B, 2]`.
    pub fn logits(&self, pictures: [Tensor<4>; 2], statements: &Texts, dropout: &Dropout) -> Tensor<2> {
        let [batch, ..] = pictures[0].dims();
        let states = self.encoder.image_states(Tensor::cat(pictures.into(), 0));
        let [first, second] = [0, batch].map(|start| states.clone().narrow(0, start, batch));
        self.head.forward(pair_states(&self.encoder, [&first, &second], statements, dropout))
    }

    /// The loss of a batch, `[1]`, at `labels` `[B]`, and with a teacher and its α against its opinion too.
    pub fn loss(
        &self,
        (pictures, statements): ([Tensor<4>; 2], &Texts),
        labels: Tensor<1, Int>,
        teacher: Option<(&Self, f64)>,
        dropout: &Dropout,
    ) -> Tensor<1> {
        let logits = self.logits(pictures.clone(), statements, dropout);
        match teacher {
            Some((teacher, alpha)) => {
                let opinion = teacher.logits(pictures, statements, &Dropout::off());
                soft_class_loss(logits, labels, opinion, alpha)
            }
            None => class_loss(logits, labels),
        }
    }
}

/// The `[CLS]` states `[B, H]` of texts that know both pictures.
pub(super) fn pair_states(
    encoder: &PairedAlbef,
    image_states: [&Tensor<3>; 2], // [B, 1 + P, W] each
    texts: &Texts,
    dropout: &Dropout,
) -> Tensor<2> {
    let memory = encoder.pair_memory(image_states);
    let states = encoder.fused_states(texts.input_ids.clone(), &texts.attention_mask, &memory, dropout);
    let [batch, _, hidden] = states.dims();
    states.narrow(1, 0, 1).reshape([batch, hidden])
}
