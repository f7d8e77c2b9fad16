//! Weights from elsewhere under our names, with everything said that was not taken.

use std::collections::BTreeMap;

use crate::{Weights, albef, bert_names, interpolate_positions, plain_bert, plain_vit, unibert};

/// Whose names weights bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Ours.
    Tuwen,
    /// The official ALBEF's.
    Albef,
    /// The QQ UniBERT's.
    UniBert,
    /// `transformers`' BERT's.
    Bert,
    /// `timm`'s or `transformers`' vision transformer's.
    Vit,
}

impl Naming {
    /// Told by a name that one of them alone has.
    pub fn of(weights: &Weights) -> Option<Self> {
        let signs = [
            ("encoder.text_embeddings.word.weight", Self::Tuwen),
            ("visual_encoder.cls_token", Self::Albef),
            ("roberta.bert.video_fc.weight", Self::UniBert),
        ];
        let known = signs.into_iter().find(|(name, _)| weights.contains_key(*name)).map(|(_, naming)| naming);
        let vit = || plain_vit(weights).map(|_| Self::Vit);
        known.or_else(|| plain_bert(weights).map(|_| Self::Bert)).or_else(vit)
    }

    /// In words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Tuwen => "tuwen's own names",
            Self::Albef => "names of the official ALBEF",
            Self::UniBert => "names of the QQ UniBERT",
            Self::Bert => "names of a BERT of transformers",
            Self::Vit => "names of a vision transformer of timm or transformers",
        }
    }
}

/// Weights under our names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// Ours.
    pub weights: Weights,
    /// The names of theirs that are known and of no use here, such as poolers and heads.
    pub unused: Vec<String>,
    /// What was done to fit, in words.
    pub notes: Vec<String>,
}

/// Weights that can't be taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Another model than the one asked for.
    #[error("has {found}, expected {expected}")]
    Other {
        /// What was asked for.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// Names that no table knows.
    #[error("has {} tensors that no {model} has, or that lack their counterparts: {}", names.len(), first_few(names))]
    Unknown {
        /// The model.
        model: &'static str,
        /// The names.
        names: Vec<String>,
    },
    /// A distilled DeiT, whose second token takes part in attention.
    #[error(
        "is a distilled DeiT, whose distillation token no encoder here has; take the checkpoint of the same size without distillation"
    )]
    Distilled,
    /// A layer that looks at images is missing.
    #[error("has no layer with cross-attention, expected an ALBEF's")]
    NoFusion,
}

/// The first names of a list, and how many more there are.
pub(crate) fn first_few(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

fn other(expected: &'static str, weights: &Weights) -> ImportError {
    let names = || first_few(&weights.keys().cloned().collect::<Vec<_>>());
    let found =
        Naming::of(weights).map_or_else(|| format!("unknown names ({})", names()), |n| n.describe().to_string());
    ImportError::Other { expected, found }
}

fn refuse_unknown(model: &'static str, names: Vec<String>) -> Result<(), ImportError> {
    if names.is_empty() { Ok(()) } else { Err(ImportError::Unknown { model, names }) }
}

/// A BERT as `text_embeddings.…`, `layers.…` and, if it is there, the MLM head `mlm.…`, whose decoder is the word table
/// where the file has none.
pub fn import_bert(theirs: &Weights) -> Result<Imported, ImportError> {
    let plain = plain_bert(theirs).ok_or_else(|| other("a BERT", theirs))?;
    if matches!(Naming::of(theirs), Some(Naming::Albef | Naming::UniBert)) {
        return Err(other("a BERT", theirs));
    }
    let unused = bert_names().dropped_among(plain.keys());
    let (weights, unknown) = bert_names().from_reference(&plain);
    refuse_unknown("BERT", unknown)?;
    Ok(Imported { weights, unused, notes: vec![] })
}

/// A vision transformer as `class_token`, `positions`, `layers.…` and so on.
pub fn import_vit(theirs: &Weights) -> Result<Imported, ImportError> {
    if Naming::of(theirs) != Some(Naming::Vit) {
        return Err(other("a vision transformer", theirs));
    }
    let (plain, table) = plain_vit(theirs).ok_or_else(|| other("a vision transformer", theirs))?;
    if ["dist_token", "embeddings.distillation_token"].iter().any(|name| plain.contains_key(*name)) {
        return Err(ImportError::Distilled);
    }
    let unused = table.dropped_among(plain.keys());
    let (weights, unknown) = table.from_reference(&plain);
    refuse_unknown("vision transformer", unknown)?;
    Ok(Imported { weights, unused, notes: vec![] })
}

/// An official ALBEF, pre-trained or fine-tuned: the trained weights, and those of its momentum encoders under the same
/// names. Its queues are no weights.
pub fn import_albef(theirs: &Weights) -> Result<(Imported, Weights), ImportError> {
    if Naming::of(theirs) != Some(Naming::Albef) {
        return Err(other("an ALBEF", theirs));
    }
    let text_layers = albef::first_fusion_layer(theirs).ok_or(ImportError::NoFusion)?;
    let head = |name: &str| HEADS.iter().any(|prefix| name.starts_with(prefix));
    let known = theirs.iter().filter(|(name, _)| !head(name)).map(|(name, w)| (name.clone(), w.clone())).collect();
    let (student, teacher) = albef::momentum_names(&known, text_layers);
    let table = albef::reference_names();
    let mut unused = table.dropped_among(student.keys());
    unused.extend(theirs.keys().filter(|name| head(name)).cloned());
    let (weights, unknown) = table.from_reference(&student);
    let (followers, strangers) = table.from_reference(&teacher);
    refuse_unknown("ALBEF", [unknown, strangers].concat())?;
    Ok((Imported { weights, unused, notes: vec![] }, followers))
}

/// How the names begin of what fine-tuned models have beside their encoders: the decoder of answers, the head of entailment.
const HEADS: [&str; 4] = ["text_decoder.", "text_decoder_m.", "cls_head.", "cls_head_m."];

/// A QQ UniBERT with its heads.
pub fn import_unibert(theirs: &Weights) -> Result<Imported, ImportError> {
    if Naming::of(theirs) != Some(Naming::UniBert) {
        return Err(other("a UniBERT", theirs));
    }
    let table = unibert::reference_names();
    let unused = table.dropped_among(theirs.keys());
    let (weights, unknown) = table.from_reference(theirs);
    refuse_unknown("UniBERT", unknown)?;
    Ok(Imported { weights, unused, notes: vec![] })
}

impl Imported {
    /// The weights with `prefix` before each name.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.weights = self.weights.into_iter().map(|(name, w)| (format!("{prefix}{name}"), w)).collect();
        self
    }

    /// Brings position tables to the `expected` shapes: a grid of patches is resized as ALBEF does, of a longer table of
    /// text positions the first are taken. Whatever else differs in shape is left for the model to refuse.
    #[must_use]
    pub fn fitted(mut self, expected: &BTreeMap<String, Vec<usize>>) -> Self {
        for (name, tensor) in &mut self.weights {
            let Some([rows, width]) = expected.get(name).map(|shape| &shape[..]) else { continue };
            let [found, same] = tensor.shape[..] else { continue };
            if found == *rows || same != *width {
                continue;
            }
            if name.ends_with("vision.positions") {
                let Some(resized) = interpolate_positions(tensor, (rows - 1).isqrt()) else { continue };
                let side = |rows: usize| (rows - 1).isqrt();
                let (from, to) = (side(found), side(*rows));
                self.notes.push(format!("{name}: the grid of {from}×{from} patches is resized to {to}×{to}"));
                *tensor = resized;
            } else if name.ends_with("text_embeddings.position.weight") && found > *rows {
                self.notes.push(format!("{name}: the first {rows} of {found} positions"));
                tensor.values.truncate(rows * width);
                tensor.shape[0] = *rows;
            }
        }
        self
    }
}
