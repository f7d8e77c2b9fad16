//! BERT's weight names: ours, and those of `transformers`' `BertModel`, with the MLM head of `BertForMaskedLM`.

use crate::Transform::{Part, Same, Transposed};
use crate::{NameRow, NameTable, Transform, Weights};

/// The table for an encoder of text alone: `text_embeddings.…`, `layers.…`, and the head `mlm.…`. Heads for other tasks
/// are dropped.
pub fn bert_names() -> NameTable {
    NameTable { rows: ROWS, dropped: HEADS }
}

/// The weights under the names that [`bert_names`] reads: without `bert.`, `roberta.` or whatever else stands before
/// `embeddings.…`, and with the names of norms that checkpoints of before 2019 have. Nothing without a word table.
pub fn plain_bert(weights: &Weights) -> Option<Weights> {
    let tables = weights.keys().filter_map(|name| name.strip_suffix(WORDS));
    let prefix = tables.min_by_key(|prefix| prefix.len())?;
    let plain = |name: &str| {
        let name = name.strip_prefix(prefix).unwrap_or(name);
        let today = OLD_NORMS.iter().find_map(|(old, new)| Some(format!("{}{new}", name.strip_suffix(old)?)));
        today.unwrap_or_else(|| name.to_string())
    };
    Some(weights.iter().map(|(name, tensor)| (plain(name), tensor.clone())).collect())
}

const WORDS: &str = "embeddings.word_embeddings.weight";
const OLD_NORMS: [(&str, &str); 2] = [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")];

const fn row(ours: &'static str, theirs: &'static str, transform: Transform) -> NameRow {
    NameRow { ours, theirs, transform }
}

const QUERY: Transform = Part { index: 0, of: 3 };
const KEY: Transform = Part { index: 1, of: 3 };
const VALUE: Transform = Part { index: 2, of: 3 };

/// What checkpoints hold beside the encoder and its MLM head.
const HEADS: &[&str] = &[
    "embeddings.position_ids",
    "embeddings.token_type_ids",
    "pooler.dense.weight",
    "pooler.dense.bias",
    "cls.predictions.decoder.bias",
    "cls.seq_relationship.weight",
    "cls.seq_relationship.bias",
    "classifier.weight",
    "classifier.bias",
    "qa_outputs.weight",
    "qa_outputs.bias",
];

#[rustfmt::skip]
const ROWS: &[NameRow] = &[
    row("text_embeddings.word.weight",                "embeddings.word_embeddings.weight", Same),
    row("text_embeddings.position.weight",            "embeddings.position_embeddings.weight", Same),
    row("text_embeddings.token_type.weight",          "embeddings.token_type_embeddings.weight", Same),
    row("text_embeddings.norm.weight",                "embeddings.LayerNorm.weight", Same),
    row("text_embeddings.norm.bias",                  "embeddings.LayerNorm.bias", Same),
    row("layers.{}.attention.query_key_value.weight", "encoder.layer.{}.attention.self.query.weight", QUERY),
    row("layers.{}.attention.query_key_value.weight", "encoder.layer.{}.attention.self.key.weight", KEY),
    row("layers.{}.attention.query_key_value.weight", "encoder.layer.{}.attention.self.value.weight", VALUE),
    row("layers.{}.attention.query_key_value.bias",   "encoder.layer.{}.attention.self.query.bias", QUERY),
    row("layers.{}.attention.query_key_value.bias",   "encoder.layer.{}.attention.self.key.bias", KEY),
    row("layers.{}.attention.query_key_value.bias",   "encoder.layer.{}.attention.self.value.bias", VALUE),
    row("layers.{}.attention.output.weight",          "encoder.layer.{}.attention.output.dense.weight", Transposed),
    row("layers.{}.attention.output.bias",            "encoder.layer.{}.attention.output.dense.bias", Same),
    row("layers.{}.attention_norm.weight",            "encoder.layer.{}.attention.output.LayerNorm.weight", Same),
    row("layers.{}.attention_norm.bias",              "encoder.layer.{}.attention.output.LayerNorm.bias", Same),
    row("layers.{}.feed_forward.intermediate.weight", "encoder.layer.{}.intermediate.dense.weight", Transposed),
    row("layers.{}.feed_forward.intermediate.bias",   "encoder.layer.{}.intermediate.dense.bias", Same),
    row("layers.{}.feed_forward.output.weight",       "encoder.layer.{}.output.dense.weight", Transposed),
    row("layers.{}.feed_forward.output.bias",         "encoder.layer.{}.output.dense.bias", Same),
    row("layers.{}.output_norm.weight",               "encoder.layer.{}.output.LayerNorm.weight", Same),
    row("layers.{}.output_norm.bias",                 "encoder.layer.{}.output.LayerNorm.bias", Same),
    row("mlm.transform.weight",                       "cls.predictions.transform.dense.weight", Transposed),
    row("mlm.transform.bias",                         "cls.predictions.transform.dense.bias", Same),
    row("mlm.norm.weight",                            "cls.predictions.transform.LayerNorm.weight", Same),
    row("mlm.norm.bias",                              "cls.predictions.transform.LayerNorm.bias", Same),
    row("mlm.decoder.weight",                         "cls.predictions.decoder.weight", Transposed),
    row("mlm.bias",                                   "cls.predictions.bias", Same),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::unibert::UniBertConfig;
    use crate::weights_of;
    use burn::tensor::Device;

    fn ours() -> Weights {
        let encoder = weights_of(&UniBertConfig::tiny(10, 4).init(&Device::flex()));
        encoder.into_iter().filter(|(name, _)| !name.starts_with("frame_embeddings.")).collect()
    }

    #[test]
    fn every_weight_of_a_text_encoder_has_a_row_and_comes_back() {
        let ours = ours();
        let (theirs, unknown) = bert_names().to_reference(&ours);
        assert_eq!(unknown, Vec::<String>::new());
        assert_eq!(bert_names().from_reference(&theirs), (ours, vec![]));
    }

    #[test]
    fn no_name_of_theirs_occurs_twice() {
        let names: BTreeSet<_> = ROWS.iter().map(|row| row.theirs).collect();
        assert_eq!(names.len(), ROWS.len());
        assert!(HEADS.iter().all(|name| !names.contains(name)));
    }

    #[test]
    fn prefixes_and_old_norms_are_read() {
        let (theirs, _) = bert_names().to_reference(&ours());
        for prefix in ["", "bert.", "roberta."] {
            let old = |name: &str| name.replace("LayerNorm.weight", "LayerNorm.gamma");
            let named: Weights = theirs.iter().map(|(n, w)| (format!("{prefix}{}", old(n)), w.clone())).collect();
            assert_eq!(plain_bert(&named).unwrap(), theirs, "{prefix}");
        }
        assert_eq!(plain_bert(&Weights::new()), None);
    }
}
