//! A class for each pair of picture and text: visual entailment (`models/model_ve.py` of salesforce/ALBEF).

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use tuwen_downstream::classes::{ClassHead, class_loss, soft_class_loss};
use tuwen_encoder::Tape;
use tuwen_encoder::albef::{Albef, AlbefConfig};
use tuwen_ops::Dropout;

use super::Texts;

/// Encoder and head.
#[derive(Module, Debug)]
pub struct ClassifyingModel {
    /// Reads picture and text.
    pub encoder: Albef,
    /// Names the class.
    pub head: ClassHead,
}

impl ClassifyingModel {
    /// A fresh model.
    pub fn init(config: &AlbefConfig, classes: usize, device: &Device) -> Self {
        Self { encoder: config.init(device), head: ClassHead::init(config.text.hidden_size, classes, device) }
    }

    /// This model with a pre-trained encoder.
    #[must_use]
    pub fn started_from(self, encoder: &Albef) -> Self {
        Self { encoder: encoder.clone(), ..self }
    }

    /// Pictures `[B, 3, R, R]` and texts `[B, L]` to logits `[B, classes]`.
    pub fn logits(&self, pixel_values: Tensor<4>, texts: &Texts, dropout: &Dropout) -> Tensor<2> {
        self.logits_on(&Tape::off(), pixel_values, texts, dropout)
    }

    /// [`Self::logits`] with the encoder's layers on a tape.
    fn logits_on<'a>(
        &'a self,
        tape: &Tape<'a>,
        pixel_values: Tensor<4>,
        texts: &Texts,
        dropout: &Dropout,
    ) -> Tensor<2> {
        let (encoder, mask) = (self.encoder.on(tape), &texts.attention_mask);
        let memory = encoder.image_memory(&encoder.image_states(pixel_values));
        let states = encoder.text_states(texts.input_ids.clone(), mask, &dropout.at(0));
        let below = encoder.fuse_below(states, mask, memory.below(), &dropout.at(1));
        self.head.forward(encoder.fuse_last_cls(below, mask, memory.last(), &dropout.at(1)))
    }

    /// The loss of a batch, `[1]`, at `labels` `[B]`, and with a teacher and its α against its classes too; the encoder's
    /// layers on a tape.
    pub fn loss<'a>(
        &'a self,
        tape: &Tape<'a>,
        (pixel_values, texts): (Tensor<4>, &Texts),
        (labels, teacher): (Tensor<1, Int>, Option<(&Self, f64)>),
        dropout: &Dropout,
    ) -> Tensor<1> {
        let logits = self.logits_on(tape, pixel_values.clone(), texts, dropout);
        match teacher {
            Some((teacher, alpha)) => {
                let opinion = teacher.logits(pixel_values, texts, &Dropout::off());
                soft_class_loss(logits, labels, opinion, alpha)
            }
            None => class_loss(logits, labels),
        }
    }
}
