//! A saved UniBERT as a state dict of the QQ reference.

use tuwen_encoder::unibert::reference_names;
use tuwen_encoder::{HostIntegers, HostTensor, Integers, Weights};

/// A state dict under the reference's names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferenceUniBert {
    /// Its floats.
    pub weights: Weights,
    /// Its whole numbers.
    pub integers: Integers,
    /// Names of ours that it has no place for.
    pub left_out: Vec<String>,
}

/// Second names of shared tensors, and whose they are.
const SHARED: [(&str, &str); 2] = [
    ("roberta.cls.predictions.decoder.bias", "roberta.cls.predictions.bias"),
    ("roberta_mvm_lm_header.predictions.decoder.bias", "roberta_mvm_lm_header.predictions.bias"),
];

/// What a checkpoint of ours holds, under the reference's names, with its counters of positions and, as zeros, the word
/// table for frames that it has and never reads.
pub fn to_reference(saved: &Weights) -> ReferenceUniBert {
    let (mut weights, left_out) = reference_names().to_reference(saved);
    for (second, first) in SHARED {
        if let Some(bias) = weights.get(first).cloned() {
            weights.insert(second.to_string(), bias);
        }
    }
    let mut integers = Integers::new();
    for part in ["embeddings", "video_embeddings"] {
        let places = weights.get(&format!("roberta.bert.{part}.position_embeddings.weight"));
        let count = places.and_then(|table| table.shape.first().copied()).unwrap_or(0);
        let ids = HostIntegers { shape: vec![1, count], values: (0..count as i64).collect() };
        integers.insert(format!("roberta.bert.{part}.position_ids"), ids);
    }
    if let Some(words) = weights.get("roberta.bert.embeddings.word_embeddings.weight") {
        let dead = HostTensor { shape: words.shape.clone(), values: vec![0.0; words.values.len()] };
        weights.insert("roberta.bert.video_embeddings.word_embeddings.weight".into(), dead);
    }
    ReferenceUniBert { weights, integers, left_out }
}
