//! The vision transformer's weight names: ours, those of timm (and DeiT's own code), and those of `transformers`.

use crate::Transform::{Convolution, Leading, Part, Same, Transposed};
use crate::{NameRow, NameTable, Transform, Weights};

/// The table of `timm`'s `VisionTransformer`, whose projections of queries, keys and values are one. Heads are dropped.
pub fn timm_vit_names() -> NameTable {
    NameTable { rows: TIMM, dropped: &["head.weight", "head.bias", "pre_logits.fc.weight", "pre_logits.fc.bias"] }
}

/// The table of `transformers`' `ViTModel`, which is DeiT's too but for the distilled ones. Heads are dropped.
pub fn hf_vit_names() -> NameTable {
    NameTable {
        rows: HF,
        dropped: &[
            "embeddings.mask_token",
            "pooler.dense.weight",
            "pooler.dense.bias",
            "classifier.weight",
            "classifier.bias",
        ],
    }
}

/// The weights without what stands before all names of the encoder, such as `vit.` and `deit.`, and the table that reads
/// them. Nothing without the projection of patches.
pub fn plain_vit(weights: &Weights) -> Option<(Weights, NameTable)> {
    let tables = [(TIMM_PATCHES, timm_vit_names()), (HF_PATCHES, hf_vit_names())];
    let (prefix, table) = tables
        .into_iter()
        .find_map(|(patches, table)| Some((weights.keys().find_map(|name| name.strip_suffix(patches))?, table)))?;
    let plain = |name: &str| name.strip_prefix(prefix).unwrap_or(name).to_string();
    Some((weights.iter().map(|(name, tensor)| (plain(name), tensor.clone())).collect(), table))
}

const TIMM_PATCHES: &str = "patch_embed.proj.weight";
const HF_PATCHES: &str = "embeddings.patch_embeddings.projection.weight";

const fn row(ours: &'static str, theirs: &'static str, transform: Transform) -> NameRow {
    NameRow { ours, theirs, transform }
}

const QUERY: Transform = Part { index: 0, of: 3 };
const KEY: Transform = Part { index: 1, of: 3 };
const VALUE: Transform = Part { index: 2, of: 3 };

#[rustfmt::skip]
const TIMM: &[NameRow] = &[
    row("class_token",                                "cls_token", Leading),
    row("positions",                                  "pos_embed", Leading),
    row("patch_projection.weight",                    "patch_embed.proj.weight", Convolution),
    row("patch_projection.bias",                      "patch_embed.proj.bias", Same),
    row("layers.{}.attention_norm.weight",            "blocks.{}.norm1.weight", Same),
    row("layers.{}.attention_norm.bias",              "blocks.{}.norm1.bias", Same),
    row("layers.{}.attention.query_key_value.weight", "blocks.{}.attn.qkv.weight", Transposed),
    row("layers.{}.attention.query_key_value.bias",   "blocks.{}.attn.qkv.bias", Same),
    row("layers.{}.attention.output.weight",          "blocks.{}.attn.proj.weight", Transposed),
    row("layers.{}.attention.output.bias",            "blocks.{}.attn.proj.bias", Same),
    row("layers.{}.feed_forward_norm.weight",         "blocks.{}.norm2.weight", Same),
    row("layers.{}.feed_forward_norm.bias",           "blocks.{}.norm2.bias", Same),
    row("layers.{}.feed_forward.intermediate.weight", "blocks.{}.mlp.fc1.weight", Transposed),
    row("layers.{}.feed_forward.intermediate.bias",   "blocks.{}.mlp.fc1.bias", Same),
    row("layers.{}.feed_forward.output.weight",       "blocks.{}.mlp.fc2.weight", Transposed),
    row("layers.{}.feed_forward.output.bias",         "blocks.{}.mlp.fc2.bias", Same),
    row("norm.weight",                                "norm.weight", Same),
    row("norm.bias",                                  "norm.bias", Same),
];

#[rustfmt::skip]
const HF: &[NameRow] = &[
    row("class_token",                                "embeddings.cls_token", Leading),
    row("positions",                                  "embeddings.position_embeddings", Leading),
    row("patch_projection.weight",                    "embeddings.patch_embeddings.projection.weight", Convolution),
    row("patch_projection.bias",                      "embeddings.patch_embeddings.projection.bias", Same),
    row("layers.{}.attention_norm.weight",            "encoder.layer.{}.layernorm_before.weight", Same),
    row("layers.{}.attention_norm.bias",              "encoder.layer.{}.layernorm_before.bias", Same),
    row("layers.{}.attention.query_key_value.weight", "encoder.layer.{}.attention.attention.query.weight", QUERY),
    row("layers.{}.attention.query_key_value.weight", "encoder.layer.{}.attention.attention.key.weight", KEY),
    row("layers.{}.attention.query_key_value.weight", "encoder.layer.{}.attention.attention.value.weight", VALUE),
    row("layers.{}.attention.query_key_value.bias",   "encoder.layer.{}.attention.attention.query.bias", QUERY),
    row("layers.{}.attention.query_key_value.bias",   "encoder.layer.{}.attention.attention.key.bias", KEY),
    row("layers.{}.attention.query_key_value.bias",   "encoder.layer.{}.attention.attention.value.bias", VALUE),
    row("layers.{}.attention.output.weight",          "encoder.layer.{}.attention.output.dense.weight", Transposed),
    row("layers.{}.attention.output.bias",            "encoder.layer.{}.attention.output.dense.bias", Same),
    row("layers.{}.feed_forward_norm.weight",         "encoder.layer.{}.layernorm_after.weight", Same),
    row("layers.{}.feed_forward_norm.bias",           "encoder.layer.{}.layernorm_after.bias", Same),
    row("layers.{}.feed_forward.intermediate.weight", "encoder.layer.{}.intermediate.dense.weight", Transposed),
    row("layers.{}.feed_forward.intermediate.bias",   "encoder.layer.{}.intermediate.dense.bias", Same),
    row("layers.{}.feed_forward.output.weight",       "encoder.layer.{}.output.dense.weight", Transposed),
    row("layers.{}.feed_forward.output.bias",         "encoder.layer.{}.output.dense.bias", Same),
    row("norm.weight",                                "layernorm.weight", Same),
    row("norm.bias",                                  "layernorm.bias", Same),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{VitConfig, weights_of};
    use burn::tensor::Device;

    fn ours() -> Weights {
        let sizes = VitConfig { image_size: 4, patch_size: 2, hidden_size: 6, ..VitConfig::base() };
        let config = VitConfig { num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 8, ..sizes };
        weights_of(&config.init(&Device::flex()))
    }

    #[test]
    fn every_weight_has_a_row_in_both_tables_and_comes_back() {
        let ours = ours();
        for (table, prefix) in [(timm_vit_names(), ""), (hf_vit_names(), "vit."), (hf_vit_names(), "deit.")] {
            let (theirs, unknown) = table.to_reference(&ours);
            assert_eq!(unknown, Vec::<String>::new());
            assert_eq!(table.from_reference(&theirs), (ours.clone(), vec![]));
            let named: Weights = theirs.iter().map(|(name, w)| (format!("{prefix}{name}"), w.clone())).collect();
            let (plain, found) = plain_vit(&named).unwrap();
            assert_eq!(found.from_reference(&plain), (ours.clone(), vec![]));
        }
    }

    #[test]
    fn no_name_of_theirs_occurs_twice() {
        for table in [timm_vit_names(), hf_vit_names()] {
            let names: BTreeSet<_> = table.rows.iter().map(|row| row.theirs).collect();
            assert_eq!(names.len(), table.rows.len());
            assert!(table.dropped.iter().all(|name| !names.contains(name)));
        }
    }
}
