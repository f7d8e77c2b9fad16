//! Questions about pictures, answered by a decoder (`models/model_vqa.py` of salesforce/ALBEF).

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use tuwen_downstream::answers::{AnswerWords, answer_loss, soft_answer_loss};
use tuwen_encoder::Tape;
use tuwen_encoder::albef::{Albef, AlbefConfig, AnswerDecoder, QuestionMemory};
use tuwen_mlm::TiedMlmHead;
use tuwen_ops::Dropout;

use super::Texts;
use crate::albef::AlbefPretraining;

/// Encoder, decoder, and the decoder's head, whose words are those of its own table.
#[derive(Module, Debug)]
pub struct AnsweringModel {
    /// Reads picture and question.
    pub encoder: Albef,
    /// Reads what the encoder made of them and the answer so far.
    pub decoder: AnswerDecoder,
    /// Names the next word.
    pub head: TiedMlmHead,
}

/// Questions with all their answers.
#[derive(Clone, Debug)]
pub struct QuestionBatch {
    /// `[B, 3, R, R]`, normalised.
    pub pixel_values: Tensor<4>,
    /// `[B, L]`.
    pub questions: Texts,
    /// `[N, A]`: the answers of the first question, of the second, …
    pub answers: Texts,
    /// `[N]`: the question each belongs to.
    pub question_of: Tensor<1, Int>,
    /// What is to be named in them.
    pub words: AnswerWords,
}

impl AnsweringModel {
    /// A fresh model; ALBEF's decoder has 6 layers.
    pub fn init(config: &AlbefConfig, decoder_layers: usize, device: &Device) -> Self {
        let text = &config.text;
        Self {
            encoder: config.init(device),
            decoder: text.init_decoder(decoder_layers, device),
            head: TiedMlmHead::init(text.hidden_size, text.vocab_size, text.layer_norm_eps, device),
        }
    }

    /// This model with the weights of a pre-trained one: the decoder begins as its fusion layers, its head as the MLM head.
    #[must_use]
    pub fn started_from(self, pretrained: &AlbefPretraining) -> Self {
        let AlbefPretraining { encoder, mlm, .. } = pretrained.clone();
        Self { decoder: self.decoder.started_from(&encoder), encoder, head: mlm }
    }

    /// What the encoder makes of pictures `[B, 3, R, R]` and questions `[B, L]`: `[B, L, H]`.
    pub fn question_states(&self, pixel_values: Tensor<4>, questions: &Texts, dropout: &Dropout) -> Tensor<3> {
        self.question_states_on(&Tape::off(), pixel_values, questions, dropout)
    }

    fn question_states_on<'a>(
        &'a self,
        tape: &Tape<'a>,
        pixel_values: Tensor<4>,
        questions: &Texts,
        dropout: &Dropout,
    ) -> Tensor<3> {
        let encoder = self.encoder.on(tape);
        let memory = encoder.image_memory(&encoder.image_states(pixel_values));
        let texts = encoder.text_states(questions.input_ids.clone(), &questions.attention_mask, &dropout.at(0));
        encoder.fuse(texts, &questions.attention_mask, &memory, &dropout.at(1))
    }

    /// The same as the decoder reads it.
    pub fn question_memory(&self, pixel_values: Tensor<4>, questions: &Texts, dropout: &Dropout) -> QuestionMemory {
        self.decoder.memory(&self.question_states(pixel_values, questions, dropout), &questions.attention_mask)
    }

    /// Logits `[M, V]` of the words behind the places `rows` `[M]` of answers `[N, A]` to N questions.
    pub fn word_logits(
        &self,
        memory: &QuestionMemory,
        answers: &Texts,
        rows: Tensor<1, Int>,
        dropout: &Dropout,
    ) -> Tensor<2> {
        let ids = answers.input_ids.clone();
        let states = self.decoder.forward(ids, &answers.attention_mask, memory, &dropout.at(2));
        let [count, length, hidden] = states.dims();
        let states = tuwen_ops::select_rows(states.reshape([count * length, hidden]), rows);
        self.head.logits(states, self.decoder.word_table())
    }

    /// The loss of a batch, `[1]`: against the answers given, and with a teacher and its α against its words too;
    /// the encoder's layers on a tape.
    pub fn loss<'a>(
        &'a self,
        tape: &Tape<'a>,
        batch: &QuestionBatch,
        teacher: Option<(&Self, f64)>,
        dropout: &Dropout,
    ) -> Tensor<1> {
        let AnswerWords { ids, weights, .. } = &batch.words;
        let logits = self.batch_logits(tape, batch, dropout);
        match teacher {
            Some((teacher, alpha)) => {
                let opinion = teacher.batch_logits(&Tape::off(), batch, &Dropout::off());
                soft_answer_loss(logits, ids.clone(), weights.clone(), opinion, alpha)
            }
            None => answer_loss(logits, ids.clone(), weights.clone()),
        }
    }

    fn batch_logits<'a>(&'a self, tape: &Tape<'a>, batch: &QuestionBatch, dropout: &Dropout) -> Tensor<2> {
        let states = self.question_states_on(tape, batch.pixel_values.clone(), &batch.questions, dropout);
        let memory = self.decoder.memory(&states, &batch.questions.attention_mask).select(&batch.question_of);
        self.word_logits(&memory, &batch.answers, batch.words.rows.clone(), dropout)
    }
}
