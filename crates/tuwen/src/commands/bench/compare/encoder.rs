//! Case: an encoder's step with a tied masked-word head, at two sizes.

use burn::module::Module;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use serde_json::json;
use tuwen_core::{Aligned, HiddenStates, TokenLabels};
use tuwen_encoder::{Block, BlockConfig, Sequence, TextEmbeddings, initialise};
use tuwen_mlm::{TiedMlmHead, mlm_loss};
use tuwen_ops::Dropout;
use tuwen_random::{Draws, Stream};
use tuwen_train::{Optimizer, OptimizerConfig, OptimizerForm};

use crate::commands::CommandError;
use crate::commands::bench::exchange::Exchange;
use crate::commands::bench::measured::{Measured, Named, numbers};
use crate::commands::bench::stepped::FAILED;

const WORDS: usize = 8192;
const EPSILON: f64 = 1e-12; // BERT's
const IDS: Stream = Stream::named("compare.ids");
const PLACES: Stream = Stream::named("compare.places");

/// The sizes of a case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) hidden: usize,
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) batch: usize,
    pub(super) tokens: usize,
    pub(super) masked: usize,
    pub(super) padding: Padding,
}

/// What the layers do with padding. PyTorch's side computes it always.
#[derive(Clone, Copy, Debug)]
pub(super) enum Padding {
    LeftOut,
    Computed,
}

/// What is trained.
#[derive(Module, Debug)]
struct MaskedEncoder {
    text_embeddings: TextEmbeddings,
    layers: Vec<Block>,
    mlm: TiedMlmHead,
}

/// Model, batch and optimizer.
pub(super) struct EncoderStep {
    size: Size,
    dropout: f64,
    model: Option<MaskedEncoder>,
    optimizer: Optimizer,
    ids: Tensor<2, Int>,
    mask: Tensor<2, Bool>,
    labels: TokenLabels,
    step: u64,
}

impl EncoderStep {
    /// `dropout` is that of hidden states and attention weights.
    pub(super) fn new(size: Size, dropout: f64, device: &Device) -> Result<Self, CommandError> {
        let Size { hidden, batch, tokens, masked, .. } = size;
        let trained = device.clone().autodiff();
        let model = MaskedEncoder {
            text_embeddings: TextEmbeddings::init((WORDS, tokens, 2), hidden, EPSILON, &trained),
            layers: (0..size.layers).map(|_| block(size, dropout).init(&trained)).collect(),
            mlm: TiedMlmHead::init(hidden, WORDS, EPSILON, &trained),
        };
        let model = initialise(model, (hidden as f64).powf(-0.5), 42);
        let (ids, places) = (Draws::new(42, IDS, 0, 0), Draws::new(42, PLACES, 0, 0));
        let values: Vec<i32> = (0..batch * tokens).map(|i| ids.below(i as u64, WORDS as u64) as i32).collect();
        // Captions of half the length to the whole.
        let length = |row: usize| tokens - row * tokens / (2 * batch);
        let real: Vec<bool> = (0..batch * tokens).map(|i| i % tokens < length(i / tokens)).collect();
        let spots: Vec<u32> = (0..batch * tokens).filter(|&i| real[i]).map(|i| i as u32).collect();
        let rows: Vec<u32> = (0..masked).map(|m| spots[m * spots.len() / masked]).collect();
        let answers: Vec<u32> = (0..masked).map(|m| places.below(m as u64, WORDS as u64) as u32).collect();
        Ok(Self {
            size,
            dropout,
            model: Some(model),
            optimizer: Optimizer::new(optimizer()),
            ids: Tensor::from_data(TensorData::new(values, [batch, tokens]), device),
            mask: Tensor::from_data(TensorData::new(real, [batch, tokens]), device),
            labels: TokenLabels::new(&rows, &answers, device).ok_or("a case with nothing masked")?,
            step: 0,
        })
    }

    fn model(&self) -> Result<&MaskedEncoder, CommandError> {
        self.model.as_ref().ok_or_else(|| FAILED.into())
    }
}

fn block(size: Size, dropout: f64) -> BlockConfig {
    BlockConfig {
        hidden_size: size.hidden,
        num_attention_heads: size.heads,
        intermediate_size: 4 * size.hidden,
        layer_norm_eps: EPSILON,
        hidden_dropout_prob: dropout,
        attention_probs_dropout_prob: dropout,
    }
}

/// BERT's.
fn optimizer() -> OptimizerConfig {
    OptimizerConfig {
        form: OptimizerForm::Torch,
        betas: [0.9, 0.999],
        epsilon: 1e-8,
        weight_decay: 0.01,
        no_decay: vec!["bias".to_string(), "norm.weight".to_string()],
        learning_rate: 1e-4,
        groups: Vec::new(),
        layer_decay: None,
        frozen: Vec::new(),
        clip_norm: None,
        average: None,
        max_skipped_steps: 0,
    }
}

impl MaskedEncoder {
    fn loss(&self, step: &EncoderStep, dropout: &Dropout) -> Tensor<1> {
        let rate = step.dropout;
        let mut states = self.text_embeddings.forward(step.ids.clone(), None, (&dropout.at(0), rate));
        let sequence = match step.size.padding {
            Padding::LeftOut => Sequence::real_only(&step.mask),
            Padding::Computed => Sequence::from(&step.mask),
        };
        states = sequence.pack(states);
        for (index, layer) in self.layers.iter().enumerate() {
            states = layer.forward(states, &sequence, &dropout.at(1 + index as u64));
        }
        let states = sequence.unpack(states);
        let states = HiddenStates::<Aligned>::new(states).rows(step.labels.rows.clone());
        mlm_loss(self.mlm.logits(states, self.text_embeddings.word_table()), step.labels.ids.clone())
    }
}

impl Measured for EncoderStep {
    fn exchange(&self) -> Result<Exchange, CommandError> {
        let (Size { hidden, layers, heads, tokens, .. }, dropout) = (self.size, self.dropout);
        let encoder = json!({
            "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
            "intermediate_size": 4 * hidden, "vocab_size": WORDS, "max_position_embeddings": tokens,
            "type_vocab_size": 2, "layer_norm_eps": EPSILON,
            "hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout,
        });
        let case = Exchange::new(json!({ "encoder": encoder, "optimizer": optimizer() })).weights(self.model()?);
        let case = case.indices("ids", &self.ids).flags("mask", &self.mask);
        Ok(case.indices("rows", &self.labels.rows).indices("labels", &self.labels.ids))
    }

    fn check(&mut self) -> Result<Named, CommandError> {
        let loss = self.model()?.valid().loss(self, &Dropout::off());
        Ok(numbers([("mlm", loss)]))
    }

    fn step(&mut self) -> Result<f64, CommandError> {
        self.step += 1;
        // Taken out, so that nobody else holds the weights when they move.
        let model = self.model.take().ok_or(FAILED)?;
        let loss = model.loss(self, &Dropout::training(42, self.step));
        let gradients = loss.backward().into();
        let (model, _) = self.optimizer.step(model, &gradients, 1.0);
        self.model = Some(model);
        Ok(f64::from(loss.into_scalar::<f32>()))
    }
}
