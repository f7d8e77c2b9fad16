//! Public checkpoints in our encoders: hidden states as `transformers` and `timm` compute them.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Int, Tensor, TensorData};
use tuwen::encoder::albef::{Albef, AlbefConfig};
use tuwen::encoder::{
    Imported, VitConfig, Weights, import_bert, import_vit, load_part, load_weights, open_weights, shapes_of,
};
use tuwen::mlm::TiedMlmHead;
use tuwen::ops::Dropout;

use crate::fixture::device;
use crate::golden::{Golden, assert_near};

fn matrix(golden: &Golden, name: &str) -> Tensor<2, Int> {
    let found = golden.integers(name);
    let values: Vec<i32> = found.values.iter().map(|&value| value as i32).collect();
    Tensor::from_data(TensorData::new(values, [found.shape[0], found.shape[1]]), &device())
}

/// An ALBEF whose text layers are the first `layers` of a BERT, or why it can't be.
fn text_encoder(golden: &Golden, bert: &Imported, layers: usize) -> Albef {
    let shape = |name: &str| bert.weights[name].shape.clone();
    let mut config = AlbefConfig::base();
    (config.vision.image_size, config.vision.patch_size, config.vision.num_hidden_layers) = (16, 16, 1);
    let text = &mut config.text;
    (text.text_layers, text.fusion_layers) = (layers, 1);
    text.num_attention_heads = golden.size("num_attention_heads");
    text.layer_norm_eps = golden.meta["config"]["layer_norm_eps"].as_f64().unwrap();
    text.intermediate_size = shape("layers.0.feed_forward.intermediate.weight")[1];
    [text.vocab_size, text.hidden_size] = shape("text_embeddings.word.weight")[..].try_into().unwrap();
    text.max_position_embeddings = shape("text_embeddings.position.weight")[0];
    text.type_vocab_size = shape("text_embeddings.token_type.weight")[0];
    let of_layer = |name: &str| name.strip_prefix("layers.")?.split_once('.')?.0.parse::<usize>().ok();
    let place = |name: &str| name.replacen("layers.", "text_layers.", usize::from(name.starts_with("layers.")));
    let kept = bert
        .weights
        .iter()
        .filter(|(name, _)| !name.starts_with("mlm.") && of_layer(name).is_none_or(|number| number < layers));
    let weights: Weights = kept.map(|(name, tensor)| (place(name), tensor.clone())).collect();
    load_part(config.init(&device()), &weights, |name| {
        name.starts_with("text_") && !name.starts_with("text_projection")
    })
    .unwrap()
}

/// The rows of real tokens.
fn real(states: Vec<f32>, golden: &Golden) -> Vec<f32> {
    let mask = &golden.integers("input/mask").values;
    let width = states.len() / mask.len();
    states.chunks(width).zip(mask).filter(|(_, mask)| **mask == 1).flat_map(|(row, _)| row.to_vec()).collect()
}

/// The hidden states after each layer; returns the largest difference.
fn assert_hidden_states(golden: &Golden, bert: &Imported, absolute: Option<f32>) -> f32 {
    let mut most = 0.0_f32;
    for layers in 0..=golden.size("num_hidden_layers") {
        let encoder = text_encoder(golden, bert, layers);
        let mask = matrix(golden, "input/mask").equal_elem(1);
        let states = encoder.text_states(matrix(golden, "input/ids"), &mask, &Dropout::off());
        let name = format!("expect/hidden_states/{layers}");
        let found = real(states.into_data().iter::<f32>().collect(), golden);
        let expected = real(golden.floats(&name).values.clone(), golden);
        most = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(most, f32::max);
        match absolute {
            Some(bar) => assert!(most <= bar, "{name}: {most:e}, expected at most {bar:e}"),
            None => assert_near(&name, &found, &expected),
        }
    }
    most
}

#[test]
fn weights_of_a_bert_give_the_hidden_states_of_transformers() {
    let golden = Golden::open("weights_bert.safetensors");
    let theirs = golden.under("weights/");
    let bare: Weights = theirs
        .iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix("bert.")?.to_string(), tensor.clone())))
        .collect();
    let roberta = bare.iter().map(|(name, tensor)| (format!("roberta.{name}"), tensor.clone())).collect();
    for (weights, unused) in [(theirs, 5), (bare, 2), (roberta, 2)] {
        let bert = import_bert(&weights).unwrap();
        assert_eq!(bert.unused.len(), unused, "poolers and heads are named: {:?}", bert.unused);
        assert_hidden_states(&golden, &bert, None);
    }
}

#[test]
fn weights_of_a_bert_give_the_word_scores_of_transformers() {
    let golden = Golden::open("weights_bert.safetensors");
    let bert = import_bert(&golden.under("weights/")).unwrap();
    let layers = golden.size("num_hidden_layers");
    let encoder = text_encoder(&golden, &bert, layers);
    let text = &encoder.config().text;
    let head = TiedMlmHead::init(text.hidden_size, text.vocab_size, text.layer_norm_eps, &device());
    let head = load_weights(head, &weights_below(&bert, "mlm.", &["decoder.weight"])).unwrap();
    let ids = matrix(&golden, "input/ids");
    let mask = matrix(&golden, "input/mask").equal_elem(1);
    let states = encoder.text_states(ids.clone(), &mask, &Dropout::off());
    let rows = states.dims()[0] * states.dims()[1];
    let scores = head.logits(states.reshape([rows as i32, -1]), encoder.word_table());
    let found = real(scores.into_data().iter::<f32>().collect(), &golden);
    assert_near("mlm_logits", &found, &real(golden.floats("expect/mlm_logits").values.clone(), &golden));
}

fn weights_below(imported: &Imported, prefix: &str, without: &[&str]) -> Weights {
    let named = imported.weights.iter().filter_map(|(n, w)| Some((n.strip_prefix(prefix)?.to_string(), w.clone())));
    named.filter(|(name, _)| !without.contains(&name.as_str())).collect()
}

/// The real checkpoint, with the states that `make_weights.py --minilm FOLDER` writes beside it.
#[test]
fn weights_of_the_real_minilm_give_the_hidden_states_of_transformers() {
    let Some(folder) = std::env::var_os("TUWEN_MINILM_DIR") else {
        println!("not run: TUWEN_MINILM_DIR names no folder with the model");
        return;
    };
    let folder = Path::new(&folder);
    let golden = Golden::open(&folder.join("states.safetensors").display().to_string());
    let saved = open_weights(&folder.join("model.safetensors")).unwrap();
    let bert = import_bert(&saved.weights).unwrap();
    let most = assert_hidden_states(&golden, &bert, Some(1e-4));
    println!("all-MiniLM-L6-v2: the largest difference of a hidden state is {most:e}");
}

fn vit(golden: &Golden, whose: &str) -> (VitConfig, Imported) {
    let imported = import_vit(&golden.under(&format!("{whose}/"))).unwrap();
    let config = VitConfig {
        image_size: golden.size("image"),
        patch_size: golden.size("patch"),
        hidden_size: golden.size("hidden_size"),
        num_hidden_layers: golden.size("num_hidden_layers"),
        num_attention_heads: golden.size("num_attention_heads"),
        intermediate_size: imported.weights["layers.0.feed_forward.intermediate.weight"].shape[1],
        layer_norm_eps: golden.meta["config"]["layer_norm_eps"][whose].as_f64().unwrap(),
    };
    (config, imported)
}

#[test]
fn weights_of_vision_transformers_give_the_states_of_timm_and_transformers() {
    let golden = Golden::open("weights_vit.safetensors");
    let image = golden.floats("input/image");
    let pixels = TensorData::new(image.values.clone(), <[usize; 4]>::try_from(image.shape.clone()).unwrap());
    for whose in ["timm", "hf"] {
        let (config, imported) = vit(&golden, whose);
        assert_eq!(imported.unused.len(), 2, "{:?}", imported.unused);
        let encoder = load_weights(config.init(&device()), &imported.weights).unwrap();
        let states = encoder.forward(Tensor::from_data(pixels.clone(), &device()));
        let found: Vec<f32> = states.into_data().iter::<f32>().collect();
        assert_near(whose, &found, &golden.floats(&format!("expect/{whose}")).values);
    }
}

#[test]
fn weights_of_another_resolution_are_resized_and_it_is_said() {
    let golden = Golden::open("weights_vit.safetensors");
    let (config, imported) = vit(&golden, "timm");
    let larger = VitConfig { image_size: 2 * config.image_size, ..config };
    let expected: BTreeMap<String, Vec<usize>> = shapes_of(&larger.init(&device()))
        .into_iter()
        .map(|(name, shape)| (format!("encoder.vision.{name}"), shape))
        .collect();
    let fitted = imported.under("encoder.vision.").fitted(&expected);
    assert_eq!(fitted.notes, ["encoder.vision.positions: the grid of 3×3 patches is resized to 6×6"]);
    assert!(fitted.weights.iter().all(|(name, tensor)| tensor.shape == expected[name]));
}

#[test]
fn weights_of_a_distilled_deit_are_refused_with_the_reason() {
    let golden = Golden::open("weights_vit.safetensors");
    let mut weights = golden.under("timm/");
    weights.insert("dist_token".to_string(), weights["cls_token"].clone());
    assert!(import_vit(&weights).unwrap_err().to_string().contains("distilled DeiT"));
}

#[test]
fn weights_with_strange_names_or_of_another_model_are_named() {
    let golden = Golden::open("weights_bert.safetensors");
    let mut weights = golden.under("weights/");
    assert_eq!(
        import_vit(&weights).unwrap_err().to_string(),
        "has names of a BERT of transformers, expected a vision transformer"
    );
    let stranger = weights["bert.pooler.dense.bias"].clone();
    weights.insert("bert.encoder.layer.0.adapter.weight".to_string(), stranger);
    let told = import_bert(&weights).unwrap_err().to_string();
    assert_eq!(told, "has 1 tensors that no BERT has, or that lack their counterparts: encoder.layer.0.adapter.weight");
    weights.remove("bert.encoder.layer.0.adapter.weight");
    weights.remove("bert.encoder.layer.1.attention.self.key.bias");
    let told = import_bert(&weights).unwrap_err().to_string();
    assert!(told.contains("encoder.layer.1.attention.self.query.bias"), "its other parts can't be joined: {told}");
}
