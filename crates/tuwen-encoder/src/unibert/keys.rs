//! UniBERT's weight names: ours, and those of the QQ reference with its heads.

use crate::Transform::{Part, Same, Transposed};
use crate::{NameRow, NameTable, Transform};

/// The table for a pre-training model: `encoder.…` and the heads beside it. The reference's word table for frames is
/// never read and is dropped, as are its position counters and the second name of the MLM bias.
pub fn reference_names() -> NameTable {
    NameTable {
        rows: ROWS,
        dropped: &[
            "roberta.bert.video_embeddings.word_embeddings.weight",
            "roberta.bert.embeddings.position_ids",
            "roberta.bert.video_embeddings.position_ids",
            "roberta.cls.predictions.decoder.bias",
            "roberta_mvm_lm_header.predictions.decoder.bias",
        ],
    }
}

const fn row(ours: &'static str, theirs: &'static str, transform: Transform) -> NameRow {
    NameRow { ours, theirs, transform }
}

const QUERY: Transform = Part { index: 0, of: 3 };
const KEY: Transform = Part { index: 1, of: 3 };
const VALUE: Transform = Part { index: 2, of: 3 };

#[rustfmt::skip]
const ROWS: &[NameRow] = &[
    row("encoder.text_embeddings.word.weight",                          "roberta.bert.embeddings.word_embeddings.weight", Same),
    row("encoder.text_embeddings.position.weight",                      "roberta.bert.embeddings.position_embeddings.weight", Same),
    row("encoder.text_embeddings.token_type.weight",                    "roberta.bert.embeddings.token_type_embeddings.weight", Same),
    row("encoder.text_embeddings.norm.weight",                          "roberta.bert.embeddings.LayerNorm.weight", Same),
    row("encoder.text_embeddings.norm.bias",                            "roberta.bert.embeddings.LayerNorm.bias", Same),
    row("encoder.frame_embeddings.projection.weight",                   "roberta.bert.video_fc.weight", Transposed),
    row("encoder.frame_embeddings.projection.bias",                     "roberta.bert.video_fc.bias", Same),
    row("encoder.frame_embeddings.position.weight",                     "roberta.bert.video_embeddings.position_embeddings.weight", Same),
    row("encoder.frame_embeddings.token_type.weight",                   "roberta.bert.video_embeddings.token_type_embeddings.weight", Same),
    row("encoder.frame_embeddings.norm.weight",                         "roberta.bert.video_embeddings.LayerNorm.weight", Same),
    row("encoder.frame_embeddings.norm.bias",                           "roberta.bert.video_embeddings.LayerNorm.bias", Same),
    row("encoder.layers.{}.attention.query_key_value.weight",           "roberta.bert.encoder.layer.{}.attention.self.query.weight", QUERY),
    row("encoder.layers.{}.attention.query_key_value.weight",           "roberta.bert.encoder.layer.{}.attention.self.key.weight", KEY),
    row("encoder.layers.{}.attention.query_key_value.weight",           "roberta.bert.encoder.layer.{}.attention.self.value.weight", VALUE),
    row("encoder.layers.{}.attention.query_key_value.bias",             "roberta.bert.encoder.layer.{}.attention.self.query.bias", QUERY),
    row("encoder.layers.{}.attention.query_key_value.bias",             "roberta.bert.encoder.layer.{}.attention.self.key.bias", KEY),
    row("encoder.layers.{}.attention.query_key_value.bias",             "roberta.bert.encoder.layer.{}.attention.self.value.bias", VALUE),
    row("encoder.layers.{}.attention.output.weight",                    "roberta.bert.encoder.layer.{}.attention.output.dense.weight", Transposed),
    row("encoder.layers.{}.attention.output.bias",                      "roberta.bert.encoder.layer.{}.attention.output.dense.bias", Same),
    row("encoder.layers.{}.attention_norm.weight",                      "roberta.bert.encoder.layer.{}.attention.output.LayerNorm.weight", Same),
    row("encoder.layers.{}.attention_norm.bias",                        "roberta.bert.encoder.layer.{}.attention.output.LayerNorm.bias", Same),
    row("encoder.layers.{}.feed_forward.intermediate.weight",           "roberta.bert.encoder.layer.{}.intermediate.dense.weight", Transposed),
    row("encoder.layers.{}.feed_forward.intermediate.bias",             "roberta.bert.encoder.layer.{}.intermediate.dense.bias", Same),
    row("encoder.layers.{}.feed_forward.output.weight",                 "roberta.bert.encoder.layer.{}.output.dense.weight", Transposed),
    row("encoder.layers.{}.feed_forward.output.bias",                   "roberta.bert.encoder.layer.{}.output.dense.bias", Same),
    row("encoder.layers.{}.output_norm.weight",                         "roberta.bert.encoder.layer.{}.output.LayerNorm.weight", Same),
    row("encoder.layers.{}.output_norm.bias",                           "roberta.bert.encoder.layer.{}.output.LayerNorm.bias", Same),
    row("attention_pooling.hidden.weight",                              "newemb_att.0.weight", Transposed),
    row("attention_pooling.hidden.bias",                                "newemb_att.0.bias", Same),
    row("attention_pooling.score.weight",                               "newemb_att.2.weight", Transposed),
    row("attention_pooling.score.bias",                                 "newemb_att.2.bias", Same),
    row("projection.weight",                                            "newfc_hidden.weight", Transposed),
    row("projection.bias",                                              "newfc_hidden.bias", Same),
    row("mlm.transform.weight",                                         "roberta.cls.predictions.transform.dense.weight", Transposed),
    row("mlm.transform.bias",                                           "roberta.cls.predictions.transform.dense.bias", Same),
    row("mlm.norm.weight",                                              "roberta.cls.predictions.transform.LayerNorm.weight", Same),
    row("mlm.norm.bias",                                                "roberta.cls.predictions.transform.LayerNorm.bias", Same),
    row("mlm.decoder.weight",                                           "roberta.cls.predictions.decoder.weight", Transposed),
    row("mlm.decoder.bias",                                             "roberta.cls.predictions.bias", Same),
    row("mfm.transform.weight",                                         "roberta_mvm_lm_header.predictions.transform.dense.weight", Transposed),
    row("mfm.transform.bias",                                           "roberta_mvm_lm_header.predictions.transform.dense.bias", Same),
    row("mfm.norm.weight",                                              "roberta_mvm_lm_header.predictions.transform.LayerNorm.weight", Same),
    row("mfm.norm.bias",                                                "roberta_mvm_lm_header.predictions.transform.LayerNorm.bias", Same),
    row("mfm.decoder.weight",                                           "roberta_mvm_lm_header.predictions.decoder.weight", Transposed),
    row("mfm.decoder.bias",                                             "roberta_mvm_lm_header.predictions.bias", Same),
    row("itm.classifier.weight",                                        "newfc_itm.weight", Transposed),
    row("itm.classifier.bias",                                          "newfc_itm.bias", Same),
    row("tag.classifier.weight",                                        "newfc_tag.weight", Transposed),
    row("tag.classifier.bias",                                          "newfc_tag.bias", Same),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::unibert::UniBertConfig;
    use crate::weights_of;
    use burn::tensor::Device;

    #[test]
    fn every_weight_of_the_encoder_has_a_row_and_comes_back() {
        let encoder = UniBertConfig::tiny(10, 4).init(&Device::flex());
        let ours = weights_of(&encoder).into_iter().map(|(name, w)| (format!("encoder.{name}"), w)).collect();
        let (theirs, unknown) = reference_names().to_reference(&ours);
        assert_eq!(unknown, Vec::<String>::new());
        assert_eq!(reference_names().from_reference(&theirs), (ours, vec![]));
    }

    #[test]
    fn no_name_of_theirs_occurs_twice() {
        let names: BTreeSet<_> = ROWS.iter().map(|row| row.theirs).collect();
        assert_eq!(names.len(), ROWS.len());
        assert!(reference_names().dropped.iter().all(|name| !names.contains(name)));
    }
}
