//! What is compared: the cases by name.

use std::path::Path;

use burn::tensor::Device;

use super::albef::albef;
use super::embedding::Embedding;
use super::encoder::{EncoderStep, Padding, Size};
use super::unibert::unibert;
use crate::commands::CommandError;
use crate::commands::bench::measured::Measured;

/// A case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// On the command line and in the table.
    pub(super) name: &'static str,
    /// One line of what it is.
    pub(super) what: &'static str,
    kind: Kind,
    /// Of hidden states and attention weights of texts and clips, on both sides.
    dropout: f64,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Encoder(Size),
    UniBert(&'static [&'static str]),
    Albef(&'static [&'static str]),
    Embedding,
}

/// Captions of half the length to the whole, a quarter of it padding; the layers compute none of it, as in ALBEF's step.
const SMALL: Size =
    Size { hidden: 256, layers: 4, heads: 4, batch: 8, tokens: 64, masked: 80, padding: Padding::LeftOut };
const WIDE: Size = Size { hidden: 768, layers: 2, heads: 12, batch: 4, tokens: 197, masked: 120, ..SMALL };

/// The smallest model's step is mostly the cost of many small operations, so each step has a wider twin.
const UNIBERT_WIDER: &[&str] =
    &["model.encoder.hidden_size=256", "model.encoder.intermediate_size=1024", "model.initializer_range=0.06"];
const QUEUE: &str = "stages=[{ ita = { weight = 1.0, loss = { queue = 1024 } }, itm = { weight = 1.0, hardness = 1.0 }, \
                     mlm = { weight = 1.0 }, alpha = { alpha = 0.4, ramp = 1 } }]";
const ALBEF_WIDER: &[&str] = &[
    QUEUE,
    "data.loader.batch_size=32",
    "model.encoder.vision.hidden_size=256",
    "model.encoder.vision.intermediate_size=1024",
    "model.encoder.text.hidden_size=256",
    "model.encoder.text.intermediate_size=1024",
    "model.initializer_range.text=0.06",
];

const PADDED: &str = "the same without dropout, padding computed too";

/// Every case, in the order of the table.
pub(super) const CASES: [Case; 13] = [
    case("encoder-small", "encoder step, width 256, 4 layers, 8 × 64 tokens", Kind::Encoder(SMALL)),
    dropped("encoder-small-dropout", Kind::Encoder(SMALL)),
    case("encoder-small-padded", PADDED, Kind::Encoder(Size { padding: Padding::Computed, ..SMALL })),
    case("encoder-wide", "encoder step, width 768, 2 layers, 4 × 197 tokens", Kind::Encoder(WIDE)),
    dropped("encoder-wide-dropout", Kind::Encoder(WIDE)),
    case("encoder-wide-padded", PADDED, Kind::Encoder(Size { padding: Padding::Computed, ..WIDE })),
    case("unibert", "UniBERT step, 4 tasks, `unibert-tiny`", Kind::UniBert(&[])),
    dropped("unibert-dropout", Kind::UniBert(&[])),
    case("unibert-wider", "the same without dropout, width 256", Kind::UniBert(UNIBERT_WIDER)),
    case("albef", "ALBEF step, momentum, queue, 3 losses, `albef-official-k`", Kind::Albef(&[QUEUE])),
    dropped("albef-dropout", Kind::Albef(&[QUEUE])),
    case("albef-wider", "the same without dropout, width 256, batch 32", Kind::Albef(ALBEF_WIDER)),
    case("embedding", "8 pictures of 224 pixels and 32 captions to features, width 384", Kind::Embedding),
];

const fn case(name: &'static str, what: &'static str, kind: Kind) -> Case {
    Case { name, what, kind, dropout: 0.0 }
}

/// The case above it with dropout.
const fn dropped(name: &'static str, kind: Kind) -> Case {
    Case { name, what: "the same, dropout 0.1", kind, dropout: 0.1 }
}

/// The step of the run that a case of ALBEF is: α has risen.
const AT: u64 = 1;

impl Case {
    /// The case of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        CASES.into_iter().find(|case| case.name == name)
    }

    /// The script of the other side.
    pub(super) fn script(&self) -> &'static str {
        match self.kind {
            Kind::Encoder(_) => "encoder.py",
            Kind::UniBert(_) => "unibert.py",
            Kind::Albef(_) => "albef.py",
            Kind::Embedding => "embedding.py",
        }
    }

    /// Whether both sides should go on to have equal losses: not where each draws a dropout of its own.
    pub(super) fn stays_equal(&self) -> bool {
        self.dropout == 0.0
    }

    /// Our side, built.
    pub(super) fn build(&self, root: &Path, device: &Device) -> Result<Box<dyn Measured>, CommandError> {
        // Among the keys of a recipe.
        let recipe = |set: &[&str], encoder: &str| {
            let rates = ["hidden_dropout_prob", "attention_probs_dropout_prob"];
            let rates = rates.map(|rate| format!("model.encoder.{encoder}{rate}={:?}", self.dropout));
            set.iter().map(ToString::to_string).chain(rates).collect::<Vec<_>>()
        };
        Ok(match self.kind {
            Kind::Encoder(size) => Box::new(EncoderStep::new(size, self.dropout, device)?),
            Kind::UniBert(set) => Box::new(unibert("unibert-tiny", &recipe(set, ""), root, device)?),
            Kind::Albef(set) => Box::new(albef("albef-official-k", &recipe(set, "text."), AT, root, device)?),
            Kind::Embedding => Box::new(Embedding::new(device)),
        })
    }
}
