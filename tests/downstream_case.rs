//! The golden file of ALBEF's fine-tuned models: its configurations, weights and inputs, one task at a time.

use burn::tensor::{Device, Int, Tensor, TensorData};
use tuwen::encoder::albef::{AlbefConfig, FineTuned, FineTunedWeights, TextConfig, TextPooling};
use tuwen::encoder::{HostTensor, MomentumEncoder, VitConfig, Weights, load_weights, weights_of};
use tuwen::train::albef::downstream::Texts;

use crate::fixture::device;
use crate::golden::Golden;

pub(crate) struct Case {
    pub(crate) golden: Golden,
    pub(crate) device: Device,
    pub(crate) config: AlbefConfig,
    task: &'static str,
    kind: FineTuned,
    weights: Weights,
}

impl Case {
    /// `task` with the encoder's weights of `base` under its own.
    pub(crate) fn open(task: &'static str, base: &str, kind: FineTuned) -> Self {
        let golden = Golden::open("albef_downstream.safetensors");
        let mut weights = golden.under(&format!("{base}/weights/"));
        if task != base {
            weights.retain(|name, _| name.starts_with("visual_encoder") || name.starts_with("text_encoder"));
            weights.extend(golden.under(&format!("{task}/weights/")));
        }
        let sizes = &golden.meta["config"][task];
        let size = |key: &str| sizes[key].as_u64().unwrap_or_else(|| panic!("no `{key}` for {task}")) as usize;
        let rows = |name: &str| weights[&format!("text_encoder.embeddings.{name}_embeddings.weight")].shape[0];
        let config = AlbefConfig {
            vision: VitConfig {
                image_size: size("image"),
                patch_size: size("patch"),
                hidden_size: weights["visual_encoder.norm.weight"].shape[0],
                num_hidden_layers: size("vit_depth"),
                num_attention_heads: size("vit_heads"),
                intermediate_size: weights["visual_encoder.blocks.0.mlp.fc1.weight"].shape[0],
                layer_norm_eps: sizes["vit_ln_eps"].as_f64().unwrap(),
            },
            text: TextConfig {
                hidden_size: size("hidden_size"),
                text_layers: size("fusion_layer"),
                fusion_layers: (size("num_hidden_layers") - size("fusion_layer"))
                    / if kind == FineTuned::Paired { 2 } else { 1 },
                num_attention_heads: size("num_attention_heads"),
                intermediate_size: size("intermediate_size"),
                vocab_size: rows("word"),
                max_position_embeddings: rows("position"),
                type_vocab_size: rows("token_type"),
                layer_norm_eps: sizes["layer_norm_eps"].as_f64().unwrap(),
                hidden_dropout_prob: 0.0,
                attention_probs_dropout_prob: 0.0,
                frozen_word: Some(size("pad_token_id") as u32),
            },
            embedding_size: size("embed_dim"),
            text_pooling: TextPooling::Cls,
        };
        Self { golden, device: device().autodiff(), config, task, kind, weights }
    }

    /// Layers of the text decoder.
    pub(crate) fn decoder_layers(&self) -> usize {
        let number =
            |name: &String| name.strip_prefix("text_decoder.bert.encoder.layer.")?.split('.').next()?.parse().ok();
        self.weights.keys().filter_map(number).max().map_or(0, |last: usize| last + 1)
    }

    /// `fresh` with the file's weights, and its momentum encoder if the file has one.
    pub(crate) fn load<M: burn::module::Module>(&self, fresh: M) -> (M, Option<MomentumEncoder<M>>) {
        let imported = self.kind.from_reference(&self.weights, self.config.text.text_layers);
        let FineTunedWeights { student, mut teacher, unknown } = imported.completed_by(&weights_of(&fresh));
        assert_eq!(unknown, Vec::<String>::new());
        let model = load_weights(fresh, &student).unwrap();
        // A task that isn't distilled has no head of its momentum encoder, though the encoder's is in the file it starts from.
        let own = weights_of(&model);
        teacher.retain(|name, _| own.contains_key(name));
        let whole = teacher.len() == own.len();
        let twin =
            whole.then(|| MomentumEncoder::of(&model).replaced(|module| load_weights(module, &teacher)).unwrap());
        (model, twin)
    }

    /// `fresh` with the file's weights, but for those whose names begin with `own`.
    pub(crate) fn load_over<M: burn::module::Module>(&self, fresh: M, own: &str) -> M {
        let mut student = self.kind.from_reference(&self.weights, self.config.text.text_layers).student;
        student.extend(weights_of(&fresh).into_iter().filter(|(name, _)| name.starts_with(own)));
        load_weights(fresh, &student).unwrap()
    }

    /// Our tensors under the file's names.
    pub(crate) fn their_names(&self, ours: &Weights) -> Weights {
        let (theirs, unknown) = self.kind.to_reference(ours, self.config.text.text_layers);
        assert_eq!(unknown, Vec::<String>::new());
        theirs
    }

    /// Every loss under `expect/`, with its α if it is distilled.
    pub(crate) fn losses(&self) -> Vec<(String, Option<f64>, Vec<f32>)> {
        let named = self.golden.under(&format!("{}/expect/", self.task)).into_iter().filter_map(|(name, loss)| {
            let name = name.strip_suffix("/loss")?.to_string();
            let alpha = name.strip_prefix("alpha").map(|alpha| alpha.parse().unwrap());
            Some((name, alpha, loss.values))
        });
        let found: Vec<_> = named.collect();
        assert!(!found.is_empty());
        found
    }

    pub(crate) fn momentum(&self) -> f64 {
        self.golden.meta["momentum"].as_f64().unwrap()
    }

    pub(crate) fn expected(&self, name: &str) -> &HostTensor {
        self.golden.floats(&format!("{}/expect/{name}", self.task))
    }

    pub(crate) fn gradients(&self, name: &str) -> Weights {
        self.golden.under(&format!("{}/grad/{name}", self.task))
    }

    pub(crate) fn numbers(&self, name: &str) -> &[i64] {
        &self.golden.integers(&format!("{}/input/{name}", self.task)).values
    }

    pub(crate) fn floats(&self, name: &str) -> &HostTensor {
        self.golden.floats(&format!("{}/input/{name}", self.task))
    }

    /// A list of whole numbers on the device.
    pub(crate) fn places(&self, values: &[i64]) -> Tensor<1, Int> {
        let values: Vec<i32> = values.iter().map(|&value| value as i32).collect();
        let count = values.len();
        Tensor::from_data(TensorData::new(values, [count]), &self.device.clone().inner())
    }

    pub(crate) fn pictures(&self) -> Tensor<4> {
        let HostTensor { shape, values } = self.floats("image");
        let shape = <[usize; 4]>::try_from(shape.clone()).unwrap();
        Tensor::from_data(TensorData::new(values.clone(), shape), &self.device.clone().inner())
    }

    /// The texts `{name}_ids` with `{name}_mask`.
    pub(crate) fn texts(&self, name: &str) -> Texts {
        let shape = self.golden.integers(&format!("{}/input/{name}_ids", self.task)).shape.clone();
        let matrix = |part: &str| self.places(self.numbers(&format!("{name}_{part}"))).reshape([shape[0], shape[1]]);
        Texts { input_ids: matrix("ids"), attention_mask: matrix("mask").equal_elem(1) }
    }

    /// The real ids of each of these texts.
    pub(crate) fn words(&self, name: &str) -> Vec<Vec<u32>> {
        let ids = self.golden.integers(&format!("{}/input/{name}_ids", self.task));
        let mask = self.numbers(&format!("{name}_mask"));
        let rows = ids.values.chunks(ids.shape[1]).zip(mask.chunks(ids.shape[1]));
        rows.map(|(ids, mask)| ids.iter().zip(mask).filter(|(_, real)| **real == 1).map(|(id, _)| *id as u32).collect())
            .collect()
    }
}
