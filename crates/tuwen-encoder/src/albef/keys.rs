//! ALBEF's weight names: ours, and those of the reference with its heads.

use crate::Transform::{Convolution, Leading, Part, Same, Scalar, Transposed};
use crate::{NameRow, NameTable, Transform, Weights};

/// The table for a pre-training model, `encoder.…` and the heads beside it, and for the heads of fine-tuned ones. Second names of shared tensors, counters and
/// the queues, which are no weights, are dropped. The fusion layers of a reference model are numbered on from its text
/// layers: `text_layers` says from where.
pub fn reference_names() -> NameTable {
    NameTable {
        rows: ROWS,
        dropped: &[
            "text_encoder.bert.embeddings.position_ids",
            "text_encoder.cls.predictions.decoder.weight",
            "text_encoder.cls.predictions.decoder.bias",
            "image_queue",
            "text_queue",
            "queue_ptr",
            "idx_queue",
        ],
    }
}

/// The names of a momentum encoder, `…_m.…`, as those of what it follows, and the fusion layers numbered from 0: what
/// [`reference_names`] reads. Which of the weights belong to the momentum encoder is the second result. Names of the
/// fine-tuned models, which leave out `bert.`, are completed.
pub fn momentum_names(weights: &Weights, text_layers: usize) -> (Weights, Weights) {
    let (mut student, mut teacher) = (Weights::new(), Weights::new());
    for (name, tensor) in weights {
        let plain = TWINS.iter().find_map(|twin| {
            let rest = name.strip_prefix(twin)?.strip_prefix("_m.")?;
            Some(format!("{twin}.{rest}"))
        });
        let place = if plain.is_some() { &mut teacher } else { &mut student };
        place.insert(numbered(&completed(plain.unwrap_or_else(|| name.clone())), text_layers), tensor.clone());
    }
    (student, teacher)
}

/// The number of the first layer of theirs that looks at images.
pub fn first_fusion_layer(weights: &Weights) -> Option<usize> {
    let number = |name: &String| {
        let name = completed(name.clone());
        let (number, rest) = name.strip_prefix(LAYER)?.split_once('.')?;
        if rest.starts_with("crossattention.") { number.parse().ok() } else { None }
    };
    weights.keys().filter_map(number).min()
}

/// The other way round from [`momentum_names`]: the name of a momentum encoder's weight; nothing for what has none.
pub fn momentum_name(name: &str) -> Option<String> {
    TWINS.iter().find_map(|twin| Some(format!("{twin}_m.{}", name.strip_prefix(twin)?.strip_prefix('.')?)))
}

const TWINS: [&str; 5] = ["visual_encoder", "text_encoder", "vision_proj", "text_proj", "cls_head"];

fn completed(name: String) -> String {
    match name.strip_prefix("text_encoder.") {
        Some(rest) if rest.starts_with("embeddings.") || rest.starts_with("encoder.") => {
            format!("text_encoder.bert.{rest}")
        }
        _ => name,
    }
}

/// Reference layers from `text_layers` on are our fusion layers.
fn numbered(name: &str, text_layers: usize) -> String {
    let split = name.strip_prefix(LAYER).and_then(|rest| rest.split_once('.'));
    match split.and_then(|(number, rest)| Some((number.parse::<usize>().ok()?, rest))) {
        Some((number, rest)) if number >= text_layers => format!("{FUSION}{}.{rest}", number - text_layers),
        _ => name.to_string(),
    }
}

/// The other way round: `name` as the reference has it.
pub fn reference_number(name: &str, text_layers: usize) -> String {
    let split = name.strip_prefix(FUSION).and_then(|rest| rest.split_once('.'));
    match split.and_then(|(number, rest)| Some((number.parse::<usize>().ok()?, rest))) {
        Some((number, rest)) => format!("{LAYER}{}.{rest}", number + text_layers),
        None => name.to_string(),
    }
}

const LAYER: &str = "text_encoder.bert.encoder.layer.";
const FUSION: &str = "text_encoder.bert.encoder.fusion.";

const fn row(ours: &'static str, theirs: &'static str, transform: Transform) -> NameRow {
    NameRow { ours, theirs, transform }
}

const QUERY: Transform = Part { index: 0, of: 3 };
const KEY: Transform = Part { index: 1, of: 3 };
const VALUE: Transform = Part { index: 2, of: 3 };

#[rustfmt::skip]
const ROWS: &[NameRow] = &[
    row("encoder.vision.class_token",                                     "visual_encoder.cls_token", Leading),
    row("encoder.vision.positions",                                       "visual_encoder.pos_embed", Leading),
    row("encoder.vision.patch_projection.weight",                         "visual_encoder.patch_embed.proj.weight", Convolution),
    row("encoder.vision.patch_projection.bias",                           "visual_encoder.patch_embed.proj.bias", Same),
    row("encoder.vision.layers.{}.attention_norm.weight",                 "visual_encoder.blocks.{}.norm1.weight", Same),
    row("encoder.vision.layers.{}.attention_norm.bias",                   "visual_encoder.blocks.{}.norm1.bias", Same),
    row("encoder.vision.layers.{}.attention.query_key_value.weight",      "visual_encoder.blocks.{}.attn.qkv.weight", Transposed),
    row("encoder.vision.layers.{}.attention.query_key_value.bias",        "visual_encoder.blocks.{}.attn.qkv.bias", Same),
    row("encoder.vision.layers.{}.attention.output.weight",               "visual_encoder.blocks.{}.attn.proj.weight", Transposed),
    row("encoder.vision.layers.{}.attention.output.bias",                 "visual_encoder.blocks.{}.attn.proj.bias", Same),
    row("encoder.vision.layers.{}.feed_forward_norm.weight",              "visual_encoder.blocks.{}.norm2.weight", Same),
    row("encoder.vision.layers.{}.feed_forward_norm.bias",                "visual_encoder.blocks.{}.norm2.bias", Same),
    row("encoder.vision.layers.{}.feed_forward.intermediate.weight",      "visual_encoder.blocks.{}.mlp.fc1.weight", Transposed),
    row("encoder.vision.layers.{}.feed_forward.intermediate.bias",        "visual_encoder.blocks.{}.mlp.fc1.bias", Same),
    row("encoder.vision.layers.{}.feed_forward.output.weight",            "visual_encoder.blocks.{}.mlp.fc2.weight", Transposed),
    row("encoder.vision.layers.{}.feed_forward.output.bias",              "visual_encoder.blocks.{}.mlp.fc2.bias", Same),
    row("encoder.vision.norm.weight",                                     "visual_encoder.norm.weight", Same),
    row("encoder.vision.norm.bias",                                       "visual_encoder.norm.bias", Same),
    row("encoder.text_embeddings.word.weight",                            "text_encoder.bert.embeddings.word_embeddings.weight", Same),
    row("encoder.text_embeddings.position.weight",                        "text_encoder.bert.embeddings.position_embeddings.weight", Same),
    row("encoder.text_embeddings.token_type.weight",                      "text_encoder.bert.embeddings.token_type_embeddings.weight", Same),
    row("encoder.text_embeddings.norm.weight",                            "text_encoder.bert.embeddings.LayerNorm.weight", Same),
    row("encoder.text_embeddings.norm.bias",                              "text_encoder.bert.embeddings.LayerNorm.bias", Same),
    row("encoder.text_layers.{}.attention.query_key_value.weight",        "text_encoder.bert.encoder.layer.{}.attention.self.query.weight", QUERY),
    row("encoder.text_layers.{}.attention.query_key_value.weight",        "text_encoder.bert.encoder.layer.{}.attention.self.key.weight", KEY),
    row("encoder.text_layers.{}.attention.query_key_value.weight",        "text_encoder.bert.encoder.layer.{}.attention.self.value.weight", VALUE),
    row("encoder.text_layers.{}.attention.query_key_value.bias",          "text_encoder.bert.encoder.layer.{}.attention.self.query.bias", QUERY),
    row("encoder.text_layers.{}.attention.query_key_value.bias",          "text_encoder.bert.encoder.layer.{}.attention.self.key.bias", KEY),
    row("encoder.text_layers.{}.attention.query_key_value.bias",          "text_encoder.bert.encoder.layer.{}.attention.self.value.bias", VALUE),
    row("encoder.text_layers.{}.attention.output.weight",                 "text_encoder.bert.encoder.layer.{}.attention.output.dense.weight", Transposed),
    row("encoder.text_layers.{}.attention.output.bias",                   "text_encoder.bert.encoder.layer.{}.attention.output.dense.bias", Same),
    row("encoder.text_layers.{}.attention_norm.weight",                   "text_encoder.bert.encoder.layer.{}.attention.output.LayerNorm.weight", Same),
    row("encoder.text_layers.{}.attention_norm.bias",                     "text_encoder.bert.encoder.layer.{}.attention.output.LayerNorm.bias", Same),
    row("encoder.text_layers.{}.feed_forward.intermediate.weight",        "text_encoder.bert.encoder.layer.{}.intermediate.dense.weight", Transposed),
    row("encoder.text_layers.{}.feed_forward.intermediate.bias",          "text_encoder.bert.encoder.layer.{}.intermediate.dense.bias", Same),
    row("encoder.text_layers.{}.feed_forward.output.weight",              "text_encoder.bert.encoder.layer.{}.output.dense.weight", Transposed),
    row("encoder.text_layers.{}.feed_forward.output.bias",                "text_encoder.bert.encoder.layer.{}.output.dense.bias", Same),
    row("encoder.text_layers.{}.output_norm.weight",                      "text_encoder.bert.encoder.layer.{}.output.LayerNorm.weight", Same),
    row("encoder.text_layers.{}.output_norm.bias",                        "text_encoder.bert.encoder.layer.{}.output.LayerNorm.bias", Same),
    row("encoder.fusion_layers.{}.attention.query_key_value.weight",      "text_encoder.bert.encoder.fusion.{}.attention.self.query.weight", QUERY),
    row("encoder.fusion_layers.{}.attention.query_key_value.weight",      "text_encoder.bert.encoder.fusion.{}.attention.self.key.weight", KEY),
    row("encoder.fusion_layers.{}.attention.query_key_value.weight",      "text_encoder.bert.encoder.fusion.{}.attention.self.value.weight", VALUE),
    row("encoder.fusion_layers.{}.attention.query_key_value.bias",        "text_encoder.bert.encoder.fusion.{}.attention.self.query.bias", QUERY),
    row("encoder.fusion_layers.{}.attention.query_key_value.bias",        "text_encoder.bert.encoder.fusion.{}.attention.self.key.bias", KEY),
    row("encoder.fusion_layers.{}.attention.query_key_value.bias",        "text_encoder.bert.encoder.fusion.{}.attention.self.value.bias", VALUE),
    row("encoder.fusion_layers.{}.attention.output.weight",               "text_encoder.bert.encoder.fusion.{}.attention.output.dense.weight", Transposed),
    row("encoder.fusion_layers.{}.attention.output.bias",                 "text_encoder.bert.encoder.fusion.{}.attention.output.dense.bias", Same),
    row("encoder.fusion_layers.{}.attention_norm.weight",                 "text_encoder.bert.encoder.fusion.{}.attention.output.LayerNorm.weight", Same),
    row("encoder.fusion_layers.{}.attention_norm.bias",                   "text_encoder.bert.encoder.fusion.{}.attention.output.LayerNorm.bias", Same),
    row("encoder.fusion_layers.{}.cross_attention.query.weight",          "text_encoder.bert.encoder.fusion.{}.crossattention.self.query.weight", Transposed),
    row("encoder.fusion_layers.{}.cross_attention.query.bias",            "text_encoder.bert.encoder.fusion.{}.crossattention.self.query.bias", Same),
    row("encoder.fusion_layers.{}.cross_attention.key.weight",            "text_encoder.bert.encoder.fusion.{}.crossattention.self.key.weight", Transposed),
    row("encoder.fusion_layers.{}.cross_attention.key.bias",              "text_encoder.bert.encoder.fusion.{}.crossattention.self.key.bias", Same),
    row("encoder.fusion_layers.{}.cross_attention.value.weight",          "text_encoder.bert.encoder.fusion.{}.crossattention.self.value.weight", Transposed),
    row("encoder.fusion_layers.{}.cross_attention.value.bias",            "text_encoder.bert.encoder.fusion.{}.crossattention.self.value.bias", Same),
    row("encoder.fusion_layers.{}.cross_attention.output.weight",         "text_encoder.bert.encoder.fusion.{}.crossattention.output.dense.weight", Transposed),
    row("encoder.fusion_layers.{}.cross_attention.output.bias",           "text_encoder.bert.encoder.fusion.{}.crossattention.output.dense.bias", Same),
    row("encoder.fusion_layers.{}.cross_norm.weight",                     "text_encoder.bert.encoder.fusion.{}.crossattention.output.LayerNorm.weight", Same),
    row("encoder.fusion_layers.{}.cross_norm.bias",                       "text_encoder.bert.encoder.fusion.{}.crossattention.output.LayerNorm.bias", Same),
    row("encoder.fusion_layers.{}.feed_forward.intermediate.weight",      "text_encoder.bert.encoder.fusion.{}.intermediate.dense.weight", Transposed),
    row("encoder.fusion_layers.{}.feed_forward.intermediate.bias",        "text_encoder.bert.encoder.fusion.{}.intermediate.dense.bias", Same),
    row("encoder.fusion_layers.{}.feed_forward.output.weight",            "text_encoder.bert.encoder.fusion.{}.output.dense.weight", Transposed),
    row("encoder.fusion_layers.{}.feed_forward.output.bias",              "text_encoder.bert.encoder.fusion.{}.output.dense.bias", Same),
    row("encoder.fusion_layers.{}.output_norm.weight",                    "text_encoder.bert.encoder.fusion.{}.output.LayerNorm.weight", Same),
    row("encoder.fusion_layers.{}.output_norm.bias",                      "text_encoder.bert.encoder.fusion.{}.output.LayerNorm.bias", Same),
    row("encoder.vision_projection.weight",                               "vision_proj.weight", Transposed),
    row("encoder.vision_projection.bias",                                 "vision_proj.bias", Same),
    row("encoder.text_projection.weight",                                 "text_proj.weight", Transposed),
    row("encoder.text_projection.bias",                                   "text_proj.bias", Same),
    row("mlm.transform.weight",                                           "text_encoder.cls.predictions.transform.dense.weight", Transposed),
    row("mlm.transform.bias",                                             "text_encoder.cls.predictions.transform.dense.bias", Same),
    row("mlm.norm.weight",                                                "text_encoder.cls.predictions.transform.LayerNorm.weight", Same),
    row("mlm.norm.bias",                                                  "text_encoder.cls.predictions.transform.LayerNorm.bias", Same),
    row("mlm.bias",                                                       "text_encoder.cls.predictions.bias", Same),
    row("itm.classifier.weight",                                          "itm_head.weight", Transposed),
    row("itm.classifier.bias",                                            "itm_head.bias", Same),
    row("temperature",                                                    "temp", Scalar),
    row("encoder.memory_layers.{}.key.weight",                            "text_encoder.bert.encoder.shared.{}.key.weight", Transposed),
    row("encoder.memory_layers.{}.key.bias",                              "text_encoder.bert.encoder.shared.{}.key.bias", Same),
    row("encoder.memory_layers.{}.value.weight",                          "text_encoder.bert.encoder.shared.{}.value.weight", Transposed),
    row("encoder.memory_layers.{}.value.bias",                            "text_encoder.bert.encoder.shared.{}.value.bias", Same),
    row("head.hidden.weight",                                             "cls_head.0.weight", Transposed),
    row("head.hidden.bias",                                               "cls_head.0.bias", Same),
    row("head.output.weight",                                             "cls_head.2.weight", Transposed),
    row("head.output.bias",                                               "cls_head.2.bias", Same),
    row("head.weight",                                                    "ta_head.weight", Transposed),
    row("head.bias",                                                      "ta_head.bias", Same),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::albef::config::small;
    use crate::weights_of;
    use burn::tensor::Device;

    #[test]
    fn every_weight_of_the_encoder_has_a_row_and_comes_back() {
        let encoder = small([2, 2]).init(&Device::flex());
        let ours: Weights = weights_of(&encoder).into_iter().map(|(name, w)| (format!("encoder.{name}"), w)).collect();
        let (theirs, unknown) = reference_names().to_reference(&ours);
        assert_eq!(unknown, Vec::<String>::new());
        assert_eq!(reference_names().from_reference(&theirs), (ours, vec![]));
        // And through the reference's own numbers: its layers 2 and 3 are our fusion layers 0 and 1.
        let numbered: Weights = theirs.iter().map(|(n, w)| (reference_number(n, 2), w.clone())).collect();
        assert!(numbered.contains_key("text_encoder.bert.encoder.layer.3.crossattention.self.query.weight"));
        assert_eq!(momentum_names(&numbered, 2), (theirs, Weights::new()));
    }

    #[test]
    fn no_name_of_theirs_occurs_twice() {
        let names: BTreeSet<_> = ROWS.iter().map(|row| row.theirs).collect();
        assert_eq!(names.len(), ROWS.len());
        assert!(reference_names().dropped.iter().all(|name| !names.contains(name)));
    }

    #[test]
    fn fine_tuned_names_and_momentum_names_are_told_apart() {
        let tensor = crate::HostTensor { shape: vec![1], values: vec![1.0] };
        let name = |text: &str| (text.to_string(), tensor.clone());
        let weights = Weights::from([name("text_encoder_m.encoder.layer.4.output.dense.bias"), name("temp")]);
        let (student, teacher) = momentum_names(&weights, 3);
        assert_eq!(student.keys().collect::<Vec<_>>(), ["temp"]);
        assert_eq!(teacher.keys().collect::<Vec<_>>(), ["text_encoder.bert.encoder.fusion.1.output.dense.bias"]);
    }
}
